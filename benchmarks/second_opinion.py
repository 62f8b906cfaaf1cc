"""The bounds of the second opinion on distant labels and the number of its models, chosen on development documents.

    python benchmarks/second_opinion.py --work DIR

For each number of folds, a model of all training texts but one fold's, as `spacy xlre review` trains them. All of them
score the development documents, which none has seen; their mean vote revises the documents' distant labels with each
least vote, and these are compared with gold. Beside it, for the record, the training documents, each read by the model
that has not seen it: nothing is chosen by those. Nothing is fetched: the data is in `assets/`. DIR is that of
distant.py, whose steps it shares.
"""

import argparse
from pathlib import Path
from typing import Dict, Iterator, List, Sequence

import spacy
from common import Row, arguments, finish, train_once, wanted
from distant import PIPELINE, prepare_labels, xlre
from spacy.language import Language
from spacy.tokens import Doc

from spacy_xlre.corpus.docbin import read_docs, write_docs
from spacy_xlre.labeling.quality import label_quality
from spacy_xlre.labeling.second_opinion import (
    OpinionSettings,
    Scores,
    mean_scores,
    revise,
    score_pairs,
    split_folds,
    vote,
)
from spacy_xlre.tokens.blank import blank_multilingual

LEAST_VOTES = (0.0, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3)
# Steps of an epoch of all texts; a part of them has its share of the steps.
STEPS = 400
# Numbers of folds, and epochs of their models: the last costs as much as the first.
KINDS = ((2, 4), (3, 4), (3, 2))


def read(path: Path) -> List[Doc]:
    """Read a file of Docs."""
    return list(read_docs(path, blank_multilingual().vocab))


def train_fold(
    paths: Dict[str, Path], texts: List[Doc], dev: List[Doc], folder: Path, share: float, epochs: int
) -> Language:
    """Train the relation component of `configs/pipeline.cfg` on some of the texts, unless that was done."""
    files = {name: folder.with_suffix(f".{name}.spacy") for name in ("train", "dev")}
    for name, docs in (("train", texts), ("dev", dev)):
        write_docs(files[name], docs)
    overrides = {
        **{f"paths.{name}": str(path) for name, path in files.items()},
        **{f"paths.{name}": str(paths[name]) for name in ("encoder", "properties", "kb")},
        "nlp.pipeline": PIPELINE,
        "training.eval_frequency": 1_000_000,
        "training.max_epochs": epochs,
        "training.optimizer.learn_rate.total_steps": round(STEPS * epochs * share),
    }
    return spacy.load(train_once("pipeline.cfg", folder, overrides))


def mean_of_models(scores: Sequence[Scores]) -> Scores:
    """Average what several models say of the pairs of one Doc."""
    return {key: mean_scores([own[key] for own in scores]) for key in scores[0]}


def rows(name: str, labels: Path, votes: Sequence[Scores], gold: Path) -> Iterator[Row]:
    """Yield F1 and traps of the labels that each least vote leaves."""
    for least in LEAST_VOTES:
        docs = read(labels)
        revise(docs, votes, OpinionSettings(min_relation=least))
        quality = label_quality(docs, read(gold))["all"]
        row = f"{name}, least vote {least:g}"
        yield Row(row, "label F1", 100 * quality.counts.f1)
        yield Row(row, "precision", 100 * quality.counts.precision)
        yield Row(row, "traps labelled %", 100 * quality.trap_rate)


def measure(args: argparse.Namespace) -> Iterator[Row]:
    """Yield the figures by folds and least vote."""
    work = args.work.resolve()
    work.mkdir(parents=True, exist_ok=True)
    paths = prepare_labels(args.data.resolve(), work)
    bitexts, aligned, dev_labels = (work / f"dev-{name}.spacy" for name in ("bitexts", "aligned", "labels"))
    xlre("corpus", args.data.resolve() / "dev.jsonl", "--output", bitexts, output=bitexts)
    xlre("align", bitexts, aligned, "--encoder", paths["encoder"], output=aligned)
    xlre("label", aligned, paths["kb"], "--output", dev_labels, output=dev_labels)
    docs, dev = read(paths["agreement"]), read(dev_labels)
    for folds, epochs in KINDS:
        name = f"{folds} folds, {epochs} epochs"
        if not wanted(args, name):
            continue
        parts = split_folds(docs, folds)
        on_dev: List[List[Scores]] = []
        on_train: Dict[int, Scores] = {}
        for number, part in enumerate(parts):
            held_out = set(part)
            texts = [doc for index, doc in enumerate(docs) if index not in held_out]
            folder = work / f"fold-{number}-of-{folds}-{epochs}"
            nlp = train_fold(paths, texts, [docs[index] for index in part[:8]], folder, 1 - 1 / folds, epochs)
            on_dev.append(score_pairs(nlp, dev))
            on_train.update(zip(part, score_pairs(nlp, [docs[index] for index in part])))
        yield from rows(
            f"{name}, development", dev_labels, vote(dev, [mean_of_models(own) for own in zip(*on_dev)]), paths["dev"]
        )
        own = vote(docs, [on_train[index] for index in range(len(docs))])
        yield from rows(f"{name}, training", paths["agreement"], own, paths["gold"])


if __name__ == "__main__":
    parser = arguments(__doc__, data="assets")
    parser.add_argument("--work", type=Path, required=True, help="folder of distant.py's steps")
    parsed = parser.parse_args()
    finish("second_opinion", list(measure(parsed)), parsed, seeds=[0])
