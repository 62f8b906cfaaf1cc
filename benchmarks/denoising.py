"""How much of its quality a relation model keeps when a share of its labels is wrong, by the way it is trained.

    python benchmarks/denoising.py --data DIR --encoder FOLDER --work FOLDER

DIR holds `kbp37/` (github.com/zhangdongxu/kbp37). A fixed sample of 4,000 training sentences; of 0, 20 or 40% of them,
chosen by the seed, the label is replaced by another one, drawn evenly from all others and "no relation". The model is
`configs/markers.cfg`, its six lower layers frozen, with one reading of two entities and one direction. Scored on
the test set as in relation_transfer.py, with the threshold that is best on 600 sentences of the (clean) development
set, whose own F1 is beside: settings are chosen by that. --work keeps the trained pipelines.

*Reviewed*: cross-entropy on what `spacy xlre review --by-probability` leaves of the labels. Each of --folds parts is
read by a model of the others; a label that it finds less likely than chance, of 37 outcomes, teaches nothing.

*Self-distilled*: cross-entropy, trained anew on labels mixed with what the plain model of the same labels thinks of
them (`spacy xlre distill`, --share of it). *Reviewed, self-distilled*: the same after a review, with the model of what
it left; labels that were given up are what that model thinks (`--teach-unknown`).
"""

import argparse
import json
import os
from pathlib import Path
from random import Random
from typing import Dict, Iterator, List, Tuple

import spacy
from common import CHECKOUT, Row, add_gpu, arguments, finish, mean_and_spread, train_once, use_gpu, wanted
from relation_transfer import (
    ALL_LAYERS,
    ENTITY_PIECES,
    MARKERS,
    ONE_READING,
    QUICK,
    Sentences,
    best_of_sentences,
    best_threshold,
    first_sentences,
    read_once,
    score,
    training,
)
from spacy.tokens import Doc

from spacy_xlre.cli.distill import distill
from spacy_xlre.cli.review import review
from spacy_xlre.corpus.docbin import write_docs
from spacy_xlre.files import atomic_file
from spacy_xlre.labeling.second_opinion import OpinionSettings, score_pairs
from spacy_xlre.tokens import Relation, get_relations, set_relations

Figures = Dict[str, float]

SAMPLE = 4000
LOSS = "components.xlre_relation.loss"
PLAIN = "cross-entropy"
LOSSES: Dict[str, Dict[str, object]] = {
    PLAIN: {},
    "generalised cross-entropy": {LOSS: {"@misc": "spacy_xlre.generalized_cross_entropy.v1", "q": 0.5}},
    "corrected cross-entropy": {LOSS: {"@misc": "spacy_xlre.corrected_cross_entropy.v1", "noise": 0.3}},
}
REVIEWED = "cross-entropy, reviewed"
DISTILLED = "cross-entropy, self-distilled"
TAUGHT = "cross-entropy, reviewed, self-distilled"
# Whose opinion is mixed into the labels.
TEACHERS = {DISTILLED: PLAIN, TAUGHT: REVIEWED}
# The ways to train: a loss, and what is done with the labels before.
WAYS = (*LOSSES, REVIEWED, DISTILLED, TAUGHT)
# Those that are measured without wrong labels, too.
ON_CLEAN = (PLAIN, "corrected cross-entropy")
GOALS = {20: ">= 95", 40: ">= 88"}
# Beside a trained pipeline: its figures.
KEPT = "macro-f1.json"
EPOCHS, RATE = 6, 0.0002
# Eighteen relations in both directions, and none.
OUTCOMES = 37
# Development sentences that choose the threshold.
DEV = 600


def flip(docs: List[Doc], share: int, seed: int) -> List[Doc]:
    """Return copies of Docs, that many percent of them with a wrong label."""
    random = Random(seed)
    outcomes = sorted({outcome(doc) for doc in docs})
    chosen = set(random.sample(range(len(docs)), len(docs) * share // 100))
    flipped = []
    for index, doc in enumerate(docs):
        copied = doc.copy()
        if index in chosen:
            label, forward = random.choice([found for found in outcomes if found != outcome(doc)])
            head, tail = copied.ents if forward else reversed(copied.ents)
            set_relations(copied, [Relation(head, label, tail)] if label else [])
        flipped.append(copied)
    return flipped


def outcome(doc: Doc) -> Tuple[str, bool]:
    """Return a sentence's label and whether the head comes first; an empty label for no relation."""
    for relation in get_relations(doc):
        return relation.label, relation.head.start < relation.tail.start
    return "", True


def settings_of(args: argparse.Namespace, seed: int, sentences: int, rate: float) -> Dict[str, object]:
    """Return what differs from the config for all ways to train."""
    return {
        "paths.encoder": str(args.encoder.resolve()),
        "system.seed": seed,
        "training.eval_frequency": 1_000_000,
        **ALL_LAYERS,
        **ENTITY_PIECES,
        **ONE_READING,
        f"{MARKERS}.frozen_layers": args.frozen_layers,
        **training(args.epochs, 32, rate, sentences),
    }


def train_model(args: argparse.Namespace, train: List[Doc], dev: List[Doc], way: str, share: int, seed: int) -> Path:
    """Train on flipped labels unless that was done."""
    size = len(train)
    paths = {"train": args.work / f"kbp37-{size}-{share}-{seed}.spacy", "dev": args.work / "kbp37-dev-20.spacy"}
    if not all(path.exists() for path in paths.values()):
        write_docs(paths["train"], flip(train, share, seed))
        write_docs(paths["dev"], dev[:20])
    how = ""
    if way == REVIEWED:
        paths["train"] = review_labels(args, paths["train"], size, seed)
        how = f"-{args.folds}-folds"
    if way in TEACHERS:
        teacher = train_model(args, train, dev, TEACHERS[way], share, seed)
        labels = review_labels(args, paths["train"], size, seed) if way == TAUGHT else paths["train"]
        paths["train"] = distill_labels(args, teacher, labels)
        how = f"-{args.share:g}"
    overrides = {
        **{f"paths.{name}": str(path) for name, path in paths.items()},
        **settings_of(args, seed, size, args.rate),
        **LOSSES.get(way, {}),
    }
    name = f"{way.replace(',', '').replace(' ', '-')}{how}-{size}-{share}-{args.frozen_layers}-{args.epochs}"
    name += f"-{args.rate:g}-{seed}"
    return train_once("markers.cfg", args.work / name, overrides, args.gpu_id)


def review_labels(args: argparse.Namespace, labels: Path, size: int, seed: int) -> Path:
    """Give those labels up that models of the other sentences do not read, unless that was done."""
    reviewed = labels.with_name(f"{labels.stem}-reviewed-{args.folds}-{args.review_rate:g}.spacy")
    if not reviewed.exists():
        part = size * (args.folds - 1) // args.folds
        settings = {**settings_of(args, seed, part, args.review_rate), "gpu-id": args.gpu_id}
        overrides = [
            f"--{name}={value if isinstance(value, str) else json.dumps(value)}" for name, value in settings.items()
        ]
        chance = OpinionSettings(min_relation=1 / OUTCOMES)
        jobs = 1 if args.gpu_id >= 0 else os.cpu_count() or 1
        how = {"folds": args.folds, "jobs": jobs, "by_probability": True}
        review(labels, CHECKOUT / "configs" / "markers.cfg", reviewed, overrides, chance, **how)
    return reviewed


def distill_labels(args: argparse.Namespace, teacher: Path, labels: Path) -> Path:
    """Mix labels with what a model of them thinks, unless that was done."""
    distilled = labels.with_name(f"{labels.stem}-distilled-{args.share:g}-{args.rate:g}.spacy")
    if not distilled.exists():
        distill(teacher, labels, distilled, share=args.share, teach_unknown=True, gpu_id=args.gpu_id)
    return distilled


def measure(args: argparse.Namespace) -> Iterator[Row]:
    """Yield for each way the F1 on clean labels, and the share of it that is kept."""
    args.work.mkdir(parents=True, exist_ok=True)
    train, dev, test = (
        read_once(args.work, args.data / "kbp37" / f"{name}.txt", "en") for name in ("train", "dev", "test")
    )
    dev = first_sentences(dev, QUICK if args.quick else DEV)
    test = first_sentences(test, QUICK) if args.quick else test
    sample = Random(0).sample(train.docs, 200 if args.quick else SAMPLE)
    runs: Dict[Tuple[str, int], List[Figures]] = {}
    for seed in args.seeds:
        for share in (0, *args.shares):
            # What is kept is a share of what plain cross-entropy learns of clean labels.
            for way in args.ways if share else [own for own in ON_CLEAN if own in (PLAIN, *args.ways)]:
                if wanted(args, f"{way}, {share}%"):
                    path = train_model(args, sample, dev.docs, way, share, seed)
                    runs.setdefault((way, share), []).append(evaluate(path, dev, test))
    clean = runs.get((PLAIN, 0))
    for (way, share), values in runs.items():
        row = f"{way}, {share}% flipped"
        for name in ("dev", "test"):
            yield Row(f"{row}, {name}", "macro F1", *mean_and_spread([own[name] for own in values]))
        if share and clean:
            kept = [100 * own["test"] / best["test"] for own, best in zip(values, clean)]
            goal = GOALS[share] if way != PLAIN else ""
            yield Row(row, "% of clean cross-entropy", *mean_and_spread(kept), goal=goal)


def evaluate(path: Path, dev: Sentences, test: Sentences) -> Figures:
    """Return macro F1 on both sets, computed once."""
    kept = path.parent / KEPT
    if not kept.exists():
        nlp = spacy.load(path)
        best = {
            name: best_of_sentences(own.docs, score_pairs(nlp, own.docs, batch_size=64))
            for name, own in (("dev", dev), ("test", test))
        }
        threshold = best_threshold(dev.gold, best["dev"])
        found = {name: score(own.gold, best[name], threshold) for name, own in (("dev", dev), ("test", test))}
        with atomic_file(kept) as temporary:
            temporary.write_text(json.dumps(found), encoding="utf-8")
    figures: Figures = json.loads(kept.read_text(encoding="utf-8"))
    return figures


if __name__ == "__main__":
    parser = arguments(__doc__)
    parser.add_argument("--encoder", type=Path, required=True, help="encoder folder")
    parser.add_argument("--work", type=Path, required=True, help="folder for the trained pipelines")
    # Commands of earlier results say --losses.
    parser.add_argument("--ways", "--losses", nargs="+", default=list(WAYS), choices=list(WAYS))
    parser.add_argument(
        "--shares", type=int, nargs="+", default=list(GOALS), choices=list(GOALS), help="percent of wrong labels"
    )
    parser.add_argument("--folds", type=int, default=3, help="parts of the sentences for a review (default: 3)")
    parser.add_argument("--share", type=float, default=0.7, help="how much a self-distilled label is the model's")
    parser.add_argument("--frozen-layers", type=int, default=6, help="lowest layers that do not learn (default: 6)")
    parser.add_argument("--epochs", type=int, default=EPOCHS, help=f"epochs of each training (default: {EPOCHS})")
    parser.add_argument("--rate", type=float, default=RATE, help=f"learning rate (default: {RATE:g})")
    parser.add_argument("--review-rate", type=float, default=0.0001, help="that of the models that review: 0.0001")
    add_gpu(parser)
    parsed = parser.parse_args()
    use_gpu(parsed)
    finish("denoising", list(measure(parsed)), parsed)
