"""Relations learned from English sentences (KBP37), found in English and in languages never trained on (RELX).

    python benchmarks/relation_transfer.py --data DIR --encoder FOLDER --work FOLDER

DIR holds `kbp37/` (github.com/zhangdongxu/kbp37) and `relx/` (github.com/boun-tabi/RELX). --encoder is what `spacy xlre
encoder` writes. The figure is RELX's macro F1: F1 of each relation over both directions, a wrong direction being wrong,
averaged over the 18 relations. A sentence has one relation: of both directions the likelier one, if its score reaches
the threshold that is best on KBP37's development set. Sentences whose entities are empty in the data cannot be read;
their relations count as missed.

The model is `configs/markers.cfg`. --variants names the rows to train: see `VARIANTS` below. "ensemble" joins the main
variant's models of all seeds, "distilled" is one model that learns from that ensemble. --work keeps the trained
pipelines and their scores, so that a second run continues, and several runs can share the work: with --train-only, each
trains and scores one variant. On a GPU (--gpu-id) trainings take minutes, on two cores hours.
"""

import argparse
import json
from pathlib import Path
from typing import Dict, Iterator, List, NamedTuple, Set

import spacy
from common import SECONDS, Row, add_gpu, arguments, finish, mean_and_spread, train_once, use_gpu, wanted
from spacy.tokens import Doc

from spacy_xlre.cli.distill import distill
from spacy_xlre.corpus.docbin import write_docs
from spacy_xlre.corpus.relation_docs import without_relations
from spacy_xlre.corpus.semeval import LABEL, read_semeval
from spacy_xlre.files import Rejects, atomic_file
from spacy_xlre.pipeline.ensemble import make_ensemble
from spacy_xlre.scoring.relations import RelationItem, count_by, macro_f1, read_items
from spacy_xlre.tokens.blank import blank_multilingual

MARKERS = "components.xlre_relation.model.markers"
RATE = "training.optimizer.learn_rate.initial_rate"
# KBP37's training sentences by the batch size.
STEPS_OF_EPOCH = 494
SMOOTH = "spacy_xlre.cross_entropy.v1"


def epochs(number: int) -> Dict[str, object]:
    """Return the settings of a training of so many epochs: 6% of it warms up."""
    steps = number * STEPS_OF_EPOCH
    schedule = "training.optimizer.learn_rate"
    return {
        "training.max_epochs": number,
        f"{schedule}.total_steps": steps,
        f"{schedule}.warmup_steps": steps * 6 // 100,
    }


# What differs from configs/markers.cfg.
ALL_LAYERS = {f"{MARKERS}.frozen_layers": 0, **epochs(5)}
ONE_DIRECTION = {**ALL_LAYERS, "components.xlre_relation.one_direction": True}
INSERTED = {f"{MARKERS}.packed": False}
FASTER = {**ONE_DIRECTION, **INSERTED, RATE: 0.0002}
VARIANTS: Dict[str, Dict[str, object]] = {
    "packed markers": {},
    "packed, all layers": ALL_LAYERS,
    "inserted, all layers": {**ALL_LAYERS, **INSERTED},
    "packed, one direction": ONE_DIRECTION,
    "inserted, one direction": {**ONE_DIRECTION, **INSERTED},
    "inserted, rate 2e-4": FASTER,
    "packed, rate 2e-4": {**ONE_DIRECTION, RATE: 0.0002},
    "inserted, rate 4e-4": {**FASTER, RATE: 0.0004},
    "inserted, 8 epochs": {**FASTER, **epochs(8)},
    "inserted, adversarial": {**FASTER, "components.xlre_relation.adversarial": 0.5},
    "inserted, smoothing": {**FASTER, "components.xlre_relation.loss": {"@misc": SMOOTH, "label_smoothing": 0.1}},
    "inserted, averages": {**FASTER, "training.optimizer.use_averages": True},
}
MAIN = "inserted, rate 2e-4"
ENSEMBLE = "ensemble"
DISTILLED = "distilled"
PUBLISHED = {
    "kbp37": "mBERT 64.9, MTMB 66.5; plain markers with this encoder 66.8",
    "relx en": "mBERT 61.8, MTMB 63.6, mLUKE-large 69.3; plain markers with this encoder 62.6",
    "relx de": "mBERT 57.5, MTMB 59.9; plain markers with this encoder 60.4",
}
GOALS = {"relx en": ">= 69", "relx de": ">= 66"}
NOWHERE = (0, 0)


class Sentences(NamedTuple):
    """A test set: its sentences, and the gold items, those of sentences that could not be read among them."""

    docs: List[Doc]
    gold: Set[RelationItem]


def read(path: Path, lang: str) -> Sentences:
    """Read a file of sentences."""
    rejects = Rejects(None)
    docs = list(read_semeval(path, blank_multilingual(), lang, rejects))
    gold = {item for key, doc in enumerate(docs) for item in read_items(doc, key)}
    for _, line, _, name in rejects.rows:
        label = LABEL.fullmatch(name)
        if label:
            gold.add(RelationItem(f"line {line}", NOWHERE, label.group(1), NOWHERE))
    return Sentences(docs, gold)


def train_model(args: argparse.Namespace, variant: str, seed: int) -> Path:
    """Train a variant, or join the models of an ensemble, unless that was done."""
    suffix = "-quick" if args.quick else ""
    if variant == ENSEMBLE:
        return join_models(args, args.work / f"ensemble-of-{'-'.join(map(str, args.seeds))}{suffix}")
    paths = {}
    for split in ("train", "dev"):
        paths[split] = args.work / f"kbp37-{split}{suffix}.spacy"
        if not paths[split].exists():
            docs = read(args.data / "kbp37" / f"{split}.txt", "en").docs
            write_docs(paths[split], docs[:300] if args.quick else docs)
    if variant == DISTILLED:
        teacher, labels = train_model(args, ENSEMBLE, seed), paths["train"]
        paths["train"] = args.work / f"kbp37-distilled{suffix}.spacy"
        if not paths["train"].exists():
            distill(teacher, labels, paths["train"], share=args.share, gpu_id=args.gpu_id)
    overrides = {
        "paths.train": str(paths["train"]),
        "paths.dev": str(paths["dev"]),
        "paths.encoder": str(args.encoder.resolve()),
        "system.seed": seed,
        "training.eval_frequency": 1_000_000,
        **VARIANTS[MAIN if variant == DISTILLED else variant],
        **({"training.max_epochs": 1} if args.quick else {}),
    }
    name = f"{variant.replace(', ', '-').replace(' ', '-')}-{seed}{suffix}"
    return train_once("markers.cfg", args.work / name, overrides, args.gpu_id)


def join_models(args: argparse.Namespace, folder: Path) -> Path:
    """Join the main variant's models of all seeds."""
    if not folder.exists():
        models = [train_model(args, MAIN, seed) for seed in args.seeds]
        combined = make_ensemble([spacy.load(model) for model in models])
        unfinished = folder.with_name(f"{folder.name}.unfinished")
        unfinished.mkdir(exist_ok=True)
        combined.to_disk(unfinished / "model-last")
        unfinished.rename(folder)
    return folder / "model-last"


def best_of_sentences(path: Path, docs: List[Doc], name: str) -> Dict[RelationItem, float]:
    """Return the likeliest relation of each sentence, whatever its score.

    path (Path): The pipeline. Beside its folder a file keeps the scores, by the name of the test set.
    """
    kept = path.parent / f"{name.replace(' ', '-')}.scores.json"
    if not kept.exists():
        nlp = spacy.load(path)
        nlp.get_pipe("xlre_relation").cfg["threshold"] = 0.0  # type: ignore[attr-defined]
        rows = []
        for key, doc in enumerate(nlp.pipe(without_relations(doc) for doc in docs)):
            items = read_items(doc, key)
            if items:
                best = max(items, key=lambda item: items[item])
                rows.append((*best, items[best]))
        with atomic_file(kept) as temporary:
            temporary.write_text(json.dumps(rows), encoding="utf-8")
    return {
        RelationItem(doc, (head[0], head[1]), label, (tail[0], tail[1])): value
        for doc, head, label, tail, value in json.loads(kept.read_text(encoding="utf-8"))
    }


def score(gold: Set[RelationItem], scored: Dict[RelationItem, float], threshold: float) -> float:
    """Return RELX's macro F1 in percent."""
    predicted = {item for item, value in scored.items() if value >= threshold}
    return 100 * (macro_f1(count_by(gold, predicted, lambda item: item.label)) or 0.0)


def best_threshold(gold: Set[RelationItem], scored: Dict[RelationItem, float]) -> float:
    """Return the threshold with the best macro F1."""
    return max((step / 40 for step in range(41)), key=lambda threshold: score(gold, scored, threshold))


def measure(args: argparse.Namespace) -> Iterator[Row]:
    """Yield one row a variant and test set."""
    args.work.mkdir(parents=True, exist_ok=True)
    dev = read(args.data / "kbp37" / "dev.txt", "en")
    tests = {"kbp37": read(args.data / "kbp37" / "test.txt", "en")}
    for path in sorted((args.data / "relx").glob("RELX_*.txt"), key=lambda path: ("en" not in path.stem, path.stem)):
        lang = path.stem.partition("_")[2]
        tests[f"relx {lang}"] = read(path, lang)
    for variant in args.variants:
        if not any(wanted(args, f"{variant}, {name}") for name in tests):
            continue
        runs: Dict[str, List[float]] = {}
        minutes: List[float] = []
        for seed in args.seeds[:1] if variant == ENSEMBLE else args.seeds:
            path = train_model(args, variant, seed)
            scored = best_of_sentences(path, dev.docs, "kbp37 dev")
            threshold = best_threshold(dev.gold, scored)
            runs.setdefault("kbp37 dev", []).append(score(dev.gold, scored, threshold))
            for name, sentences in tests.items():
                scored = best_of_sentences(path, sentences.docs, name)
                runs.setdefault(name, []).append(score(sentences.gold, scored, threshold))
            if variant != ENSEMBLE:
                minutes.append(float((path.parent / SECONDS).read_text(encoding="utf-8")) / 60)
        for name, values in runs.items():
            main = variant == MAIN
            row = f"{variant}, {name}"
            peer = PUBLISHED.get(name, "") if main else ""
            yield Row(row, "macro F1", *mean_and_spread(values), goal=GOALS.get(name, "") if main else "", peer=peer)
        if minutes:
            yield Row(f"{variant}, training", "minutes", *mean_and_spread(minutes))


if __name__ == "__main__":
    parser = arguments(__doc__)
    parser.add_argument("--encoder", type=Path, required=True, help="encoder folder")
    parser.add_argument("--work", type=Path, required=True, help="folder for the trained pipelines")
    parser.add_argument("--variants", nargs="+", default=[MAIN], choices=[*VARIANTS, ENSEMBLE, DISTILLED])
    parser.add_argument("--share", type=float, default=0.7, help="how much the teacher decides (default: 0.7)")
    parser.add_argument("--train-only", action="store_true", help="train and score; write no table")
    add_gpu(parser)
    parsed = parser.parse_args()
    use_gpu(parsed)
    found = list(measure(parsed))
    if not parsed.train_only:
        finish("relation_transfer", found, parsed)
