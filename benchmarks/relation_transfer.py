"""Relations learned from English sentences (KBP37), found in English and in languages never trained on (RELX).

    python benchmarks/relation_transfer.py --data DIR --encoder FOLDER --work FOLDER

DIR holds `kbp37/` (github.com/zhangdongxu/kbp37) and `relx/` (github.com/boun-tabi/RELX). --encoder is what `spacy xlre
encoder` writes. The figure is RELX's macro F1: F1 of each relation over both directions, a wrong direction being wrong,
averaged over the 18 relations. A sentence has one relation: of both directions the likelier one, if its score reaches
the threshold that is best on KBP37's development set. Sentences whose entities are empty in the data cannot be read;
their relations count as missed.

The model is `configs/markers.cfg` with all layers learning, in bfloat16 where the processor is faster with it.
--variants names the rows to train: see `VARIANTS` and `ENSEMBLES` below. Variants that go on with parallel text learn,
beside a third of KBP37, the sentences of the embedded corpus in five languages, of which they are told no label but
what the model before reads there, averaged over the languages. Where an ensemble of all --seeds teaches, they are told
what that reads, of KBP37 as well, and the first seed's model goes on. Pre-trained ones begin with the weights of a
model of the embedded corpus's distant labels: --labels is `labels-reviewed.spacy` of distant.py. --work keeps the
trained pipelines and their scores, so that a second run continues, and several runs can share the work: with
--train-only, each trains and scores one variant. On a GPU (--gpu-id) trainings take minutes.
"""

import argparse
import json
import math
from pathlib import Path
from random import Random
from typing import Dict, Iterable, Iterator, List, NamedTuple, Sequence, Set

import spacy
from common import SECONDS, Row, add_gpu, arguments, finish, mean_and_spread, train_once, use_gpu, wanted
from parallel_sentences import teach_parallel_sentences, write_parallel_sentences
from spacy.tokens import Doc

from spacy_xlre.cli.distill import distill
from spacy_xlre.corpus.docbin import read_docs, write_docs
from spacy_xlre.corpus.semeval import ENTITY, LABEL, read_semeval
from spacy_xlre.files import Rejects, atomic_file
from spacy_xlre.labeling.second_opinion import Scores, score_pairs
from spacy_xlre.pipeline.ensemble import make_ensemble
from spacy_xlre.scoring.relations import RelationItem, count_by, macro_f1, read_items
from spacy_xlre.tokens import get_relations
from spacy_xlre.tokens.blank import blank_multilingual

MARKERS = "components.xlre_relation.model.markers"
TRAINING_SENTENCES = 15_807
PARALLEL_SENTENCES = 9_606
DISTANT_SENTENCES = 4_528
# Sentences of a test set in a quick run.
QUICK = 60


def training(epochs: int, batch_size: int, rate: float, sentences: int = TRAINING_SENTENCES) -> Dict[str, object]:
    """Return the settings of a training: 6% of it warms up, then the rate falls to 0."""
    steps = epochs * math.ceil(sentences / batch_size)
    schedule = "training.optimizer.learn_rate"
    return {
        "training.max_epochs": epochs,
        "training.batcher.size": batch_size,
        f"{schedule}.initial_rate": rate,
        f"{schedule}.total_steps": steps,
        f"{schedule}.warmup_steps": steps * 6 // 100,
    }


class Variant(NamedTuple):
    """How a row is trained.

    settings (Dict[str, object]): What differs from configs/markers.cfg, and from the variant before.
    step (int): Train on every sentence (1), every third one (3), and so on.
    before (str): The variant to go on with, on parallel sentences that it labelled itself; empty to begin anew.
    teacher (str): The ensemble, of all seeds, that labels these sentences instead, and mixes its opinion into the
        labels of KBP37; empty for none.
    pretrained (bool): Whether to begin with the weights of a model of distant labels.
    """

    settings: Dict[str, object]
    step: int = 1
    before: str = ""
    teacher: str = ""
    pretrained: bool = False


# Packed markers as signs of their own, or as copies of their entities' pieces.
SIGNS: Dict[str, object] = {f"{MARKERS}.entity_pieces": False}
ENTITY_PIECES: Dict[str, object] = {f"{MARKERS}.entity_pieces": True}
# All layers learn.
ALL_LAYERS = {
    **SIGNS,
    f"{MARKERS}.frozen_layers": 0,
    f"{MARKERS}.mixed_precision": "auto",
    "components.xlre_relation.one_direction": True,
}


def smoothed(share: float) -> Dict[str, object]:
    """Return the setting of a label smoothing."""
    return {"components.xlre_relation.loss": {"@misc": "spacy_xlre.cross_entropy.v1", "label_smoothing": share}}


INSERTED: Dict[str, object] = {f"{MARKERS}.packed": False}
ONE_READING: Dict[str, object] = {"components.xlre_relation.model.one_reading": True}
FIVE_EPOCHS = {**ALL_LAYERS, **ONE_READING, **training(5, 32, 0.0001)}
INSERTED_READING = {**FIVE_EPOCHS, **INSERTED}
THIRD = {**ALL_LAYERS, **training(3, 32, 0.0001, TRAINING_SENTENCES // 3)}
THIRD_INSERTED = {**THIRD, **ONE_READING, **INSERTED}
SIX_FROZEN = {**ALL_LAYERS, **ONE_READING, f"{MARKERS}.frozen_layers": 6}
THIRD_FROZEN = {**SIX_FROZEN, **training(3, 32, 0.0002, TRAINING_SENTENCES // 3)}
PRETRAINING = {**ALL_LAYERS, **ONE_READING, **INSERTED, **training(3, 32, 0.00005, DISTANT_SENTENCES)}
MAIN = "packed markers"
INSERTED_ONCE = "inserted, one reading"
ENTITIES_FROZEN = "packed, entity pieces, six layers frozen"
SMOOTHED_FROZEN = f"{ENTITIES_FROZEN}, smoothed"
ENSEMBLE_SMOOTHED = "ensemble, smoothed"
VARIANTS = {
    MAIN: Variant({**ALL_LAYERS, **training(4, 64, 0.0002)}),
    INSERTED_ONCE: Variant(INSERTED_READING),
    "inserted, one reading, pre-trained": Variant(INSERTED_READING, pretrained=True),
    "packed, one reading": Variant(FIVE_EPOCHS),
    ENTITIES_FROZEN: Variant({**SIX_FROZEN, **ENTITY_PIECES, **training(5, 32, 0.0002)}),
    # Three epochs, as five are too many.
    SMOOTHED_FROZEN: Variant({**SIX_FROZEN, **ENTITY_PIECES, **smoothed(0.1), **training(3, 32, 0.0002)}),
    "third, packed": Variant(THIRD, step=3),
    "third, packed, one reading": Variant({**THIRD, **ONE_READING}, step=3),
    "third, packed, entity pieces, one reading": Variant({**THIRD, **ONE_READING, **ENTITY_PIECES}, step=3),
    "third, packed, six layers frozen": Variant(THIRD_FROZEN, step=3),
    f"third, {ENTITIES_FROZEN}": Variant({**THIRD_FROZEN, **ENTITY_PIECES}, step=3),
    "third, inserted, one reading": Variant(THIRD_INSERTED, step=3),
    "third, inserted, six layers frozen": Variant({**THIRD_FROZEN, **INSERTED}, step=3),
    "third, inserted, one reading, pre-trained": Variant(THIRD_INSERTED, step=3, pretrained=True),
    "six layers frozen": Variant({**SIGNS, **training(4, 32, 0.0001)}),
    **{
        f"{name}, then parallel text": Variant(
            training(1, 32, 0.00005, TRAINING_SENTENCES // 3 + PARALLEL_SENTENCES), step=3, before=name
        )
        for name in (MAIN, INSERTED_ONCE, ENTITIES_FROZEN)
    },
    # All layers learn now. The teacher's opinions are smooth by themselves.
    f"{SMOOTHED_FROZEN}, then taught by their ensemble": Variant(
        {
            f"{MARKERS}.frozen_layers": 0,
            **smoothed(0.0),
            **training(1, 32, 0.00005, TRAINING_SENTENCES + PARALLEL_SENTENCES),
        },
        before=SMOOTHED_FROZEN,
        teacher=ENSEMBLE_SMOOTHED,
    ),
}
# Of the models of these variants, all seeds: what `spacy xlre ensemble` would answer.
ENSEMBLES = {
    "ensemble, packed": (MAIN,),
    "ensemble, both": (MAIN, INSERTED_ONCE),
    ENSEMBLE_SMOOTHED: (SMOOTHED_FROZEN,),
    "ensemble, six layers frozen": (
        ENTITIES_FROZEN,
        SMOOTHED_FROZEN,
        f"third, {ENTITIES_FROZEN}",
        "third, inserted, six layers frozen",
    ),
}
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


def read_once(work: Path, path: Path, lang: str) -> Sentences:
    """Read a file of sentences, or what an earlier run made of it."""
    docs, missed = work / f"{path.parent.name}-{path.stem}.spacy", work / f"{path.parent.name}-{path.stem}.missed.json"
    if not missed.exists():
        sentences = read(path, lang)
        write_docs(docs, sentences.docs)
        lost = [(item.doc, item.label) for item in sentences.gold if item.head == NOWHERE]
        with atomic_file(missed) as temporary:
            temporary.write_text(json.dumps(lost), encoding="utf-8")
    found = list(read_docs(docs, blank_multilingual().vocab))
    gold = {item for key, doc in enumerate(found) for item in read_items(doc, key)}
    lost = json.loads(missed.read_text(encoding="utf-8"))
    return Sentences(found, gold | {RelationItem(line, NOWHERE, label, NOWHERE) for line, label in lost})


def first_sentences(sentences: Sentences, number: int) -> Sentences:
    """Return the first sentences of a set; those that could not be read are left out."""
    return Sentences(sentences.docs[:number], {item for item in sentences.gold if item.doc in range(number)})


def train_model(args: argparse.Namespace, variant: str, seed: int) -> Path:
    """Train a variant unless that was done."""
    suffix = "-quick" if args.quick else ""
    settings, step, before, teacher, pretrained = VARIANTS[variant]
    parts = {"train": f"train-train{suffix}" + (f"-every-{step}" if step > 1 else ""), "dev": f"train-dev{suffix}"}
    paths = {split: args.work / f"{part}.spacy" for split, part in parts.items()}
    for split, path in paths.items():
        if not path.exists():
            docs = read_once(args.work, args.data / "kbp37" / f"{split}.txt", "en").docs
            # The last model is taken, so that little need be evaluated on the way.
            write_docs(path, docs[:20] if split == "dev" else docs[:300:step] if args.quick else docs[::step])
    name = f"{variant.replace(', ', '-').replace(' ', '-')}-{seed}{suffix}"
    if pretrained:
        paths["pretrained"] = pretrain(args, paths["dev"], seed)
    if before:
        paths["pretrained"] = train_model(args, before, seed)
        settings = {**VARIANTS[before].settings, **settings}
        teachers = [train_model(args, own, one) for own in ENSEMBLES[teacher] for one in args.seeds] if teacher else []
        paths["train"] = teach(args, teachers or [paths["pretrained"]], paths["train"], args.work / f"{name}.spacy")
    overrides = {
        **{f"paths.{split}": str(path) for split, path in paths.items()},
        "paths.encoder": str(args.encoder.resolve()),
        "system.seed": seed,
        "training.eval_frequency": 1_000_000,
        **settings,
        **({"training.max_epochs": 1} if args.quick else {}),
    }
    return train_once("markers.cfg", args.work / name, overrides, args.gpu_id)


def pretrain(args: argparse.Namespace, dev: Path, seed: int) -> Path:
    """Train on the embedded corpus's distant labels, every two entities of a sentence a text of their own.

    Of pairs without a relation only as many are taken as there are with one: of them all, nothing else is learned.
    """
    suffix = "-quick" if args.quick else ""
    sentences = args.work / f"distant{suffix}.spacy"
    if not sentences.exists():
        limit = QUICK if args.quick else None
        everything = sentences.with_suffix(".all.spacy")
        write_parallel_sentences(args.labels, everything, ENTITY, keep_labels=True, limit=limit)
        docs = list(read_docs(everything, blank_multilingual().vocab))
        related = [doc for doc in docs if get_relations(doc)]
        others = [doc for doc in docs if not get_relations(doc)]
        write_docs(sentences, related + Random(0).sample(others, min(len(related), len(others))))
    overrides = {
        "paths.train": str(sentences),
        "paths.dev": str(dev),
        "paths.encoder": str(args.encoder.resolve()),
        "system.seed": seed,
        "training.eval_frequency": 1_000_000,
        **PRETRAINING,
    }
    return train_once("markers.cfg", args.work / f"distant-labels-{seed}{suffix}", overrides, args.gpu_id)


def teach(args: argparse.Namespace, teachers: Sequence[Path], labels: Path, output: Path) -> Path:
    """Add to labels what a pipeline, or an ensemble, reads in parallel text, averaged over the languages.

    An ensemble mixes its opinion into the labels themselves as well. Nothing is done again if the output is there.
    """
    if not output.exists():
        taught, teacher = output.with_suffix(".taught.spacy"), teachers[0]
        if len(teachers) > 1:
            teacher, mixed = output.with_suffix(".teacher"), output.with_suffix(".mixed.spacy")
            make_ensemble([spacy.load(path) for path in teachers]).to_disk(teacher)
            distill(teacher, labels, mixed, share=0.5, gpu_id=args.gpu_id)
            labels = mixed
        limit = QUICK if args.quick else None
        teach_parallel_sentences(teacher, args.work, taught, limit=limit, gpu_id=args.gpu_id)
        vocab = blank_multilingual().vocab
        write_docs(output, [*read_docs(labels, vocab), *read_docs(taught, vocab)])
    return output


def scores_of(args: argparse.Namespace, variant: str, seed: int, name: str, docs: List[Doc]) -> List[Scores]:
    """Return the scores of a test set's pairs, by a model or, of all seeds, an ensemble. A file keeps a model's."""
    if variant in ENSEMBLES:
        members = [scores_of(args, own, one, name, docs) for own in ENSEMBLES[variant] for one in args.seeds]
        return [averaged(scores) for scores in zip(*members)]
    path = train_model(args, variant, seed)
    kept = path.parent / f"{name.replace(' ', '-')}.scores.json"
    if not kept.exists():
        found = score_pairs(spacy.load(path), docs, batch_size=64)
        rounded = [
            [(key, {label: round(s, 5) for label, s in own.items()}) for key, own in scores.items()] for scores in found
        ]
        with atomic_file(kept) as temporary:
            temporary.write_text(json.dumps(rounded), encoding="utf-8")
    return [{tuple(key): own for key, own in scores} for scores in json.loads(kept.read_text(encoding="utf-8"))]


def averaged(scores: Sequence[Scores]) -> Scores:
    """Average logits, of a label against NA, as `spacy_xlre.Ensemble.v1` does."""

    def mean(values: Iterable[float]) -> float:
        kept = [min(max(value, 1e-5), 1 - 1e-5) for value in values]
        return 1 / (1 + math.exp(-sum(math.log(value / (1 - value)) for value in kept) / len(kept)))

    return {
        key: {label: mean(own[key][label] for own in scores) for label in labels} for key, labels in scores[0].items()
    }


def best_of_sentences(docs: List[Doc], scores: List[Scores]) -> Dict[RelationItem, float]:
    """Return the likeliest relation of each sentence, whatever its score."""
    found: Dict[RelationItem, float] = {}
    for number, (doc, own) in enumerate(zip(docs, scores)):
        rows = [(score, label, key) for key, labels in own.items() for label, score in labels.items()]
        if rows:
            value, label, key = max(rows)
            head, tail = doc[key[0] : key[1]], doc[key[2] : key[3]]
            places = (head.start_char, head.end_char), (tail.start_char, tail.end_char)
            found[RelationItem(number, places[0], label, places[1])] = value
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
    files = {"kbp37 dev": ("kbp37/dev.txt", "en"), "kbp37": ("kbp37/test.txt", "en")}
    for path in sorted((args.data / "relx").glob("RELX_*.txt"), key=lambda path: ("en" not in path.stem, path.stem)):
        lang = path.stem.partition("_")[2]
        files[f"relx {lang}"] = (f"relx/{path.name}", lang)
    sets = {name: read_once(args.work, args.data / path, lang) for name, (path, lang) in files.items()}
    if args.quick:
        sets = {name: first_sentences(sentences, QUICK) for name, sentences in sets.items()}
    for variant in args.variants:
        if not any(wanted(args, f"{variant}, {name}") for name in sets):
            continue
        runs: Dict[str, List[float]] = {name: [] for name in sets}
        # An ensemble has all seeds, and teaches the first one's model.
        alone = variant in ENSEMBLES or VARIANTS[variant].teacher
        seeds = args.seeds[:1] if alone else args.seeds
        for seed in seeds:
            threshold = 0.0
            for name, sentences in sets.items():
                scores = scores_of(args, variant, seed, name, sentences.docs)
                best = best_of_sentences(sentences.docs, scores)
                if name == "kbp37 dev":
                    threshold = best_threshold(sentences.gold, best)
                runs[name].append(score(sentences.gold, best, threshold))
        for name, values in runs.items():
            main = variant == MAIN
            row = f"{variant}, {name}"
            peer = PUBLISHED.get(name, "") if main else ""
            yield Row(row, "macro F1", *mean_and_spread(values), goal=GOALS.get(name, "") if main else "", peer=peer)
        if variant not in ENSEMBLES:
            times = [(train_model(args, variant, seed).parent / SECONDS).read_text(encoding="utf-8") for seed in seeds]
            yield Row(f"{variant}, training", "minutes", *mean_and_spread([float(time) / 60 for time in times]))


if __name__ == "__main__":
    parser = arguments(__doc__)
    parser.add_argument("--encoder", type=Path, required=True, help="encoder folder")
    parser.add_argument("--work", type=Path, required=True, help="folder for the trained pipelines")
    parser.add_argument("--variants", nargs="+", default=[MAIN], choices=[*VARIANTS, *ENSEMBLES])
    parser.add_argument("--labels", type=Path, help="distant labels, for pre-trained variants")
    parser.add_argument("--train-only", action="store_true", help="train and score; write no table")
    add_gpu(parser)
    parsed = parser.parse_args()
    if parsed.labels is None and any("pre-trained" in name for name in parsed.variants):
        parser.error("pre-trained variants need --labels, which distant.py makes")
    use_gpu(parsed)
    found = list(measure(parsed))
    if not parsed.train_only:
        finish("relation_transfer", found, parsed)
