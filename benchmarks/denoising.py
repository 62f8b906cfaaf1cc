"""How much of its quality a relation model keeps when a share of its labels is wrong, by loss.

    python benchmarks/denoising.py --data DIR --encoder FOLDER --work FOLDER

DIR holds `kbp37/` (github.com/zhangdongxu/kbp37). A fixed sample of 4,000 training sentences; of 0, 20 or 40% of them,
chosen by the seed, the label is replaced by another one, drawn evenly from all others and "no relation". The model is
`configs/markers.cfg` of which only the two upper layers learn, so that a training takes minutes. Scored on the test set
as in relation_transfer.py, with the threshold that is best on 600 sentences of the (clean) development set. On clean
labels packed markers are compared with inserted ones. --work keeps the trained pipelines.
"""

import argparse
from pathlib import Path
from random import Random
from typing import Dict, Iterator, List, Tuple

import spacy
from common import Row, add_gpu, arguments, finish, mean_and_spread, train_once, use_gpu, wanted
from relation_transfer import (
    MARKERS,
    MIXED,
    ONE_DIRECTION,
    PACKED,
    Sentences,
    best_of_sentences,
    best_threshold,
    first_sentences,
    read_once,
    score,
    training,
)
from spacy.tokens import Doc

from spacy_xlre.corpus.docbin import write_docs
from spacy_xlre.files import atomic_file
from spacy_xlre.labeling.second_opinion import score_pairs
from spacy_xlre.tokens import Relation, get_relations, set_relations

SAMPLE = 4000
LOSSES: Dict[str, Dict[str, object]] = {
    "cross-entropy": {},
    "generalised cross-entropy": {
        "components.xlre_relation.loss": {"@misc": "spacy_xlre.generalized_cross_entropy.v1", "q": 0.5}
    },
    "cross-entropy, inserted markers": {PACKED: False},
}
GOALS = {20: ">= 95", 40: ">= 88"}
# What is trained: a loss, and percent of labels flipped.
RUNS = (
    ("cross-entropy", 0),
    *((loss, share) for loss in ("generalised cross-entropy", "cross-entropy") for share in GOALS),
    ("cross-entropy, inserted markers", 0),
)
# Beside a trained pipeline: its figure.
KEPT = "macro-f1"
EPOCHS = 4
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


def train_model(args: argparse.Namespace, train: List[Doc], dev: List[Doc], loss: str, share: int, seed: int) -> Path:
    """Train on flipped labels unless that was done."""
    size = len(train)
    paths = {"train": args.work / f"kbp37-{size}-{share}-{seed}.spacy", "dev": args.work / "kbp37-dev-20.spacy"}
    if not all(path.exists() for path in paths.values()):
        write_docs(paths["train"], flip(train, share, seed))
        write_docs(paths["dev"], dev[:20])
    overrides = {
        "paths.train": str(paths["train"]),
        "paths.dev": str(paths["dev"]),
        "paths.encoder": str(args.encoder.resolve()),
        "system.seed": seed,
        f"{MARKERS}.frozen_layers": args.frozen_layers,
        "training.eval_frequency": 1_000_000,
        ONE_DIRECTION: True,
        **MIXED,
        **training(EPOCHS, 32, 0.0003, size),
        **LOSSES[loss],
    }
    name = f"{loss.replace(', ', '-').replace(' ', '-')}-{size}-{share}-{seed}"
    return train_once("markers.cfg", args.work / name, overrides, args.gpu_id)


def measure(args: argparse.Namespace) -> Iterator[Row]:
    """Yield for each loss the F1 on clean labels, and the share of it that is kept."""
    args.work.mkdir(parents=True, exist_ok=True)
    train, dev, test = (
        read_once(args.work, args.data / "kbp37" / f"{name}.txt", "en") for name in ("train", "dev", "test")
    )
    dev = first_sentences(dev, DEV)
    sample = Random(0).sample(train.docs, 200 if args.quick else SAMPLE)
    runs: Dict[Tuple[str, int], List[float]] = {}
    for seed in args.seeds:
        for loss, share in RUNS[: args.runs]:
            if wanted(args, f"{loss}, {share}%"):
                path = train_model(args, sample, dev.docs, loss, share, seed)
                runs.setdefault((loss, share), []).append(evaluate(path, dev, test))
    clean = runs.get(("cross-entropy", 0))
    for (loss, share), values in runs.items():
        yield Row(f"{loss}, {share}% flipped", "macro F1", *mean_and_spread(values))
        if share and clean:
            kept = [100 * value / best for value, best in zip(values, clean)]
            goal = "" if loss == "cross-entropy" else GOALS[share]
            yield Row(f"{loss}, {share}% flipped", "% of clean cross-entropy", *mean_and_spread(kept), goal=goal)


def evaluate(path: Path, dev: Sentences, test: Sentences) -> float:
    """Return macro F1 on the test set, computed once."""
    kept = path.parent / KEPT
    if kept.exists():
        return float(kept.read_text(encoding="utf-8"))
    nlp = spacy.load(path)
    threshold = best_threshold(dev.gold, best_of_sentences(dev.docs, score_pairs(nlp, dev.docs)))
    found = score(test.gold, best_of_sentences(test.docs, score_pairs(nlp, test.docs)), threshold)
    with atomic_file(kept) as temporary:
        temporary.write_text(f"{found}\n", encoding="utf-8")
    return found


if __name__ == "__main__":
    parser = arguments(__doc__)
    parser.add_argument("--encoder", type=Path, required=True, help="encoder folder")
    parser.add_argument("--work", type=Path, required=True, help="folder for the trained pipelines")
    parser.add_argument("--frozen-layers", type=int, default=10, help="lowest layers that do not learn (default: 10)")
    parser.add_argument("--runs", type=int, default=len(RUNS), help="how many of `RUNS`, from the first (default: all)")
    add_gpu(parser)
    parsed = parser.parse_args()
    use_gpu(parsed)
    finish("denoising", list(measure(parsed)), parsed)
