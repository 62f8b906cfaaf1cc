"""What each way of training a relation component is worth, and what it costs: losses, adversarial training, and so on.

    python benchmarks/objectives.py --work DIR

The relation component of `configs/pipeline.cfg`, trained on the embedded corpus's distant labels by agreement, as they
are before the second opinion, without the config's label smoothing, and with one line changed a row. F1 with gold
entities on the development and the test documents, all languages together, with the threshold that is best for the
model on the development documents, as losses differ in how sure they make a model; gains are on the development
documents, over the plain loss with the same batches. What learns from translations or bags needs batches that hold
them: those rows have a base of their own. The ensemble joins the plain models of all seeds; the others are trained with
the first seeds only (--repeats). Nothing is fetched: the data is in `assets/`. DIR is that of distant.py, whose steps
and models with label smoothing it shares.
"""

import argparse
from pathlib import Path
from typing import Any, Dict, Iterator, List, Tuple

import spacy
from common import SECONDS, Row, arguments, finish, mean_and_spread, train_once, wanted
from distant import PIPELINE, prepare_labels
from distant import train_model as train_agreement
from spacy.tokens import Doc

from spacy_xlre.corpus.docbin import read_docs
from spacy_xlre.pipeline.ensemble import make_ensemble
from spacy_xlre.report.evaluation import evaluate_pipeline
from spacy_xlre.scoring.relations import count
from spacy_xlre.tokens.blank import blank_multilingual

COMPONENT = "components.xlre_relation"
PLAIN, PLAIN_BAGS = "plain", "plain, batches of bags"
SMOOTHED = "label smoothing"
NO_SMOOTHING = {f"{COMPONENT}.loss": {"@misc": "spacy_xlre.cross_entropy.v1", "label_smoothing": 0.0}}
# Five Docs a batch, the languages of a text, in place of one or two: a quarter of the steps, and twice the rate.
SCHEDULE = "training.optimizer.learn_rate"
BAG_BATCHES: Dict[str, Any] = {
    "training.batcher": {"@batchers": "spacy_xlre.batch_by_bag.v1", "size": 5},
    f"{SCHEDULE}.total_steps": 360,
    f"{SCHEDULE}.warmup_steps": 12,
    f"{SCHEDULE}.initial_rate": 0.0006,
}
# What differs from the config without label smoothing, and the row that it is compared with.
OBJECTIVES: Dict[str, Tuple[Dict[str, Any], str]] = {
    PLAIN: ({}, ""),
    SMOOTHED: ({}, PLAIN),
    "generalised cross-entropy": (
        {f"{COMPONENT}.loss": {"@misc": "spacy_xlre.generalized_cross_entropy.v1", "q": 0.5}},
        PLAIN,
    ),
    "corrected cross-entropy": (
        {f"{COMPONENT}.loss": {"@misc": "spacy_xlre.corrected_cross_entropy.v1", "noise": 0.25}},
        PLAIN,
    ),
    "one direction": ({f"{COMPONENT}.one_direction": True}, PLAIN),
    "adversarial": ({f"{COMPONENT}.adversarial": 0.5}, PLAIN),
    "averages": ({"training.optimizer.use_averages": True}, PLAIN),
    PLAIN_BAGS: (BAG_BATCHES, ""),
    "bags": ({**BAG_BATCHES, f"{COMPONENT}.loss": {"@misc": "spacy_xlre.bag_cross_entropy.v1"}}, PLAIN_BAGS),
    "consistency": ({**BAG_BATCHES, f"{COMPONENT}.consistency": 0.5}, PLAIN_BAGS),
}
ENSEMBLE = "ensemble"
SPLITS = ("dev", "test")


def train_model(paths: Dict[str, Path], name: str, seed: int, work: Path) -> Path:
    """Train with an objective unless that was done. The model with label smoothing is that of distant.py."""
    if name == SMOOTHED:
        return train_agreement(paths, "agreement", seed, work)
    overrides = {
        "paths.train": str(paths["agreement"]),
        **{f"paths.{key}": str(paths[key]) for key in ("dev", "encoder", "properties", "kb")},
        "nlp.pipeline": PIPELINE,
        "system.seed": seed,
        "training.eval_frequency": 1_000_000,
        **NO_SMOOTHING,
        **OBJECTIVES[name][0],
    }
    folder = f"objective-{name.replace(', ', '-').replace(' ', '-')}-{seed}"
    return train_once("pipeline.cfg", work / folder, overrides)


def evaluate(nlp: Any, docs: Dict[str, List[Doc]]) -> Dict[str, float]:
    """Return F1 with gold entities on each set of documents, in percent, by the development documents' threshold."""
    found = {split: evaluate_pipeline(nlp, own, gold_entities=True) for split, own in docs.items()}

    def f1(split: str, threshold: float) -> float:
        predicted = {item for item, score in found[split].scores.items() if score >= threshold}
        return 100 * count(found[split].gold, predicted).f1

    threshold = max((step / 40 for step in range(1, 40)), key=lambda value: f1("dev", value))
    return {split: f1(split, threshold) for split in docs}


def measure(args: argparse.Namespace) -> Iterator[Row]:
    """Yield F1 and cost by objective."""
    work = args.work.resolve()
    work.mkdir(parents=True, exist_ok=True)
    paths = prepare_labels(args.data.resolve(), work)
    docs = {split: list(read_docs(paths[split], blank_multilingual().vocab)) for split in SPLITS}
    runs: Dict[str, List[Dict[str, float]]] = {}
    minutes: Dict[str, List[float]] = {}
    for name in args.objectives:
        if wanted(args, name):
            for seed in args.seeds if name == PLAIN else args.seeds[: args.repeats]:
                path = train_model(paths, name, seed, work)
                runs.setdefault(name, []).append(evaluate(spacy.load(path), docs))
                seconds = (path.parent / SECONDS).read_text(encoding="utf-8")
                minutes.setdefault(name, []).append(float(seconds) / 60)
    if len(args.seeds) > 1 and wanted(args, ENSEMBLE):
        members = [spacy.load(train_model(paths, PLAIN, seed, work)) for seed in args.seeds]
        runs[ENSEMBLE] = [evaluate(make_ensemble(members), docs)]
    for name, found in runs.items():
        for split in SPLITS:
            yield Row(f"{name}, {split}", "F1", *mean_and_spread([own[split] for own in found]))
        base = PLAIN if name == ENSEMBLE else OBJECTIVES[name][1]
        if base in runs:
            # Of the same seeds; an ensemble has them all.
            compared = runs[base] if name == ENSEMBLE else runs[base][: len(found)]
            gains = mean_and_spread([own["dev"] for own in found])[0]
            gains -= mean_and_spread([own["dev"] for own in compared])[0]
            yield Row(f"{name}, over {base}", "F1 points, dev", gains)
        if name in minutes:
            yield Row(f"{name}, training", "minutes", *mean_and_spread(minutes[name]))


if __name__ == "__main__":
    parser = arguments(__doc__, data="assets")
    parser.add_argument("--work", type=Path, required=True, help="folder of distant.py's steps")
    parser.add_argument("--objectives", nargs="+", default=list(OBJECTIVES), choices=list(OBJECTIVES))
    parser.add_argument("--repeats", type=int, default=1, help="seeds of all but the plain model (default: 1)")
    parsed = parser.parse_args()
    finish("objectives", list(measure(parsed)), parsed)
