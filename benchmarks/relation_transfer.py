"""Relations learned from English sentences (KBP37), found in English and in languages never trained on (RELX).

    python benchmarks/relation_transfer.py --data DIR --encoder FOLDER --work FOLDER

DIR holds `kbp37/` (github.com/zhangdongxu/kbp37) and `relx/` (github.com/boun-tabi/RELX). --encoder is what `spacy xlre
encoder` writes. The figure is RELX's macro F1: F1 of each relation over both directions, a wrong direction being wrong,
averaged over the 18 relations. A sentence has one relation: of both directions the likelier one, if its score reaches
the threshold that is best on KBP37's development set. Sentences whose entities are empty in the data cannot be read;
their relations count as missed.

The model is `configs/markers.cfg`. --variants names the rows to train: see `VARIANTS` below. --work keeps the trained
pipelines, so that a second run continues.
"""

import argparse
from pathlib import Path
from typing import Dict, Iterator, List, NamedTuple, Set

import spacy
from common import Row, arguments, finish, mean_and_spread, train_once, wanted
from spacy.tokens import Doc

from spacy_xlre.corpus.docbin import write_docs
from spacy_xlre.corpus.relation_docs import without_relations
from spacy_xlre.corpus.semeval import LABEL, read_semeval
from spacy_xlre.files import Rejects
from spacy_xlre.scoring.relations import RelationItem, count_by, macro_f1, read_items
from spacy_xlre.tokens.blank import blank_multilingual

MARKERS = "components.xlre_relation.model.markers"
# What differs from configs/markers.cfg.
VARIANTS: Dict[str, Dict[str, object]] = {
    "packed markers": {},
    "inserted markers": {f"{MARKERS}.packed": False},
}
MAIN = "packed markers"
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
    """Train a variant unless that was done."""
    paths = {}
    for split in ("train", "dev"):
        docs = read(args.data / "kbp37" / f"{split}.txt", "en").docs
        paths[split] = args.work / f"kbp37-{split}{'-quick' if args.quick else ''}.spacy"
        write_docs(paths[split], docs[:300] if args.quick else docs)
    overrides = {
        "paths.train": str(paths["train"]),
        "paths.dev": str(paths["dev"]),
        "paths.encoder": str(args.encoder.resolve()),
        "system.seed": seed,
        "training.eval_frequency": 1_000_000,
        **VARIANTS[variant],
        **({"training.max_epochs": 1} if args.quick else {}),
    }
    name = f"{variant.replace(' ', '-')}-{seed}{'-quick' if args.quick else ''}"
    return train_once("markers.cfg", args.work / name, overrides)


def best_of_sentences(path: Path, docs: List[Doc]) -> Dict[RelationItem, float]:
    """Return the likeliest relation of each sentence, whatever its score."""
    nlp = spacy.load(path)
    nlp.get_pipe("xlre_relation").cfg["threshold"] = 0.0  # type: ignore[attr-defined]
    found: Dict[RelationItem, float] = {}
    for key, doc in enumerate(nlp.pipe(without_relations(doc) for doc in docs)):
        items = read_items(doc, key)
        if items:
            best = max(items, key=lambda item: items[item])
            found[best] = items[best]
    return found


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
        for seed in args.seeds:
            path = train_model(args, variant, seed)
            scored = best_of_sentences(path, dev.docs)
            threshold = best_threshold(dev.gold, scored)
            runs.setdefault("kbp37 dev", []).append(score(dev.gold, scored, threshold))
            for name, sentences in tests.items():
                scored = best_of_sentences(path, sentences.docs)
                runs.setdefault(name, []).append(score(sentences.gold, scored, threshold))
        for name, values in runs.items():
            main = variant == MAIN
            row = f"{variant}, {name}"
            peer = PUBLISHED.get(name, "") if main else ""
            yield Row(row, "macro F1", *mean_and_spread(values), goal=GOALS.get(name, "") if main else "", peer=peer)


if __name__ == "__main__":
    parser = arguments(__doc__)
    parser.add_argument("--encoder", type=Path, required=True, help="encoder folder")
    parser.add_argument("--work", type=Path, required=True, help="folder for the trained pipelines")
    parser.add_argument("--variants", nargs="+", default=[MAIN], choices=list(VARIANTS), help="what to train")
    parsed = parser.parse_args()
    finish("relation_transfer", list(measure(parsed)), parsed)
