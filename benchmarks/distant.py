"""Distant labels, and models trained on them, on the embedded corpus.

    python benchmarks/distant.py --work DIR [--pipeline training/model-best]

The same model is trained on labels of the training documents from (a) monolingual matching, (b) agreement between the
languages with weights, before and after a second opinion (`spacy xlre review`), and (c) gold,
with three seeds each, and tested with gold entities on the test documents. The labels are compared with gold, too.
Nothing is fetched: the data is in `assets/`. DIR keeps the encoder, the alignments and the trained models, so that a
second run continues. `--pipeline` adds the main job's pipeline end to end.
"""

import argparse
import subprocess
import sys
from itertools import permutations
from pathlib import Path
from typing import Dict, List, Sequence, Set

import spacy
from common import CHECKOUT, Row, arguments, finish, mean_and_spread, train_once, wanted
from spacy.tokens import Doc

from spacy_xlre.corpus.docbin import read_docs
from spacy_xlre.kb.store import KnowledgeBase
from spacy_xlre.labeling.pairs import doc_key
from spacy_xlre.labeling.quality import LabelQuality, label_quality
from spacy_xlre.report.evaluation import POOLED, Evaluation, evaluate_pipeline
from spacy_xlre.scoring.bootstrap import paired_bootstrap
from spacy_xlre.scoring.relations import RelationItem, count, read_items
from spacy_xlre.tokens.blank import blank_multilingual

PIPELINE = ["transformer", "sentencizer", "xlre_relation"]
EPOCHS = 4
# As `spacy xlre review` does it by default; two thirds of the text have two thirds of the steps.
REVIEW_FOLDS, REVIEW_STEPS = 3, 1067
LANGUAGES = ("de", "en", "es", "fr", "zh")
METHODS = {
    "monolingual": "(a) monolingual",
    "agreement": "(b) agreement",
    "reviewed": "(b) agreement, reviewed",
    "gold": "(c) gold",
}


def xlre(*words: object, output: Path) -> Path:
    """Run a `spacy xlre` command unless its output is there."""
    if not output.exists():
        subprocess.run([sys.executable, "-m", "spacy", "xlre", *map(str, words)], check=True, cwd=CHECKOUT)
    return output


def prepare_labels(data: Path, work: Path) -> Dict[str, Path]:
    """Run the steps of the main job up to the labels, by each method, without a second opinion."""
    encoder, kb, aligned = work / "encoder", work / "kb", work / "aligned.spacy"
    train_text, properties = data / "train.jsonl", data / "properties.jsonl"
    languages = ",".join(LANGUAGES)
    xlre("encoder", encoder, "--languages", languages, "--corpus", train_text, output=encoder)
    xlre("kb", "build", data / "entities.jsonl", data / "facts.tsv", properties, kb, output=kb)
    bitexts = work / "bitexts.spacy"
    xlre("corpus", train_text, "--output", bitexts, output=bitexts)
    xlre("align", bitexts, aligned, "--encoder", encoder, output=aligned)
    paths = {"encoder": encoder, "kb": kb, "properties": properties, "aligned": aligned}
    for method in ("monolingual", "agreement"):
        path = work / f"labels-{method}.spacy"
        paths[method] = xlre("label", aligned, kb, "--output", path, "--method", method, output=path)
    for split in ("train", "dev", "test"):
        path = work / f"gold-{split}.spacy"
        xlre("gold", data / f"{split}.jsonl", "--output", path, "--properties", properties, output=path)
        paths["gold" if split == "train" else split] = path
    return paths


def prepare(data: Path, work: Path) -> Dict[str, Path]:
    """Run the steps of the main job up to the labels, by each method."""
    paths = prepare_labels(data, work)
    reviewed = work / "labels-reviewed.spacy"
    settings: Dict[str, object] = {
        f"paths.{name}": path for name, path in paths.items() if name in ("encoder", "kb", "properties")
    }
    settings["training.optimizer.learn_rate.total_steps"] = REVIEW_STEPS
    words: List[object] = [word for name, value in settings.items() for word in (f"--{name}", value)]
    paths["votes"] = work / "votes.jsonl"
    words += [
        "--folds",
        REVIEW_FOLDS,
        "--pipeline",
        ",".join(PIPELINE),
        "--output",
        reviewed,
        "--votes",
        paths["votes"],
    ]
    paths["reviewed"] = xlre("review", paths["agreement"], "configs/pipeline.cfg", *words, output=reviewed)
    return paths


def train_model(paths: Dict[str, Path], method: str, seed: int, work: Path, epochs: int = EPOCHS) -> Path:
    """Train the relation component of `configs/pipeline.cfg` alone, for a fixed number of epochs."""
    overrides = {
        "paths.train": str(paths[method]),
        "paths.dev": str(paths["dev"]),
        "paths.encoder": str(paths["encoder"]),
        "paths.properties": str(paths["properties"]),
        "paths.kb": str(paths["kb"]),
        "nlp.pipeline": PIPELINE,
        "system.seed": seed,
        "training.max_epochs": epochs,
        "training.eval_frequency": 1_000_000,
    }
    return train_once("pipeline.cfg", work / f"model-{method}-{seed}", overrides)


def look_up(gold: Sequence[Doc], kb: KnowledgeBase) -> Set[RelationItem]:
    """Predict every fact between the gold entities of a sentence: what the knowledge base knows without reading."""
    found = set()
    for doc in gold:
        for sentence in doc.sents:
            for head, tail in permutations(sentence.ents, 2):
                for fact in kb.facts_between(head.kb_id_, tail.kb_id_):
                    symmetric = kb.properties[fact.property].symmetric
                    if (head.kb_id_ == fact.subject and not symmetric) or (symmetric and head.start < tail.start):
                        chars = [(span.start_char, span.end_char) for span in (head, tail)]
                        found.add(RelationItem(doc_key(doc), chars[0], fact.property, chars[1]))
    return found


def label_rows(method: str, quality: Dict[str, LabelQuality]) -> List[Row]:
    """Precision, recall and F1 of labels, and the traps among them."""
    rows = []
    for lang in (*LANGUAGES, POOLED):
        counts, name = quality[lang].counts, f"labels {METHODS[method]}, {lang}"
        rows += [
            Row(name, "precision", 100 * counts.precision),
            Row(name, "recall", 100 * counts.recall),
            Row(name, "F1", 100 * counts.f1),
            Row(name, "traps labelled %", 100 * quality[lang].trap_rate),
        ]
    return rows


def model_rows(method: str, runs: Sequence[Evaluation]) -> List[Row]:
    """F1 of trained models by language, and the traps that they predict."""
    rows = []
    for lang in (*LANGUAGES, POOLED):
        value, spread = mean_and_spread([100 * run.counts()[lang].f1 for run in runs])
        rows.append(Row(f"trained {METHODS[method]}, {lang}", "F1, gold entities", value, spread))
    for figure in ("precision", "recall"):
        value, spread = mean_and_spread([100 * getattr(run.counts()[POOLED], figure) for run in runs])
        rows.append(Row(f"trained {METHODS[method]}, {POOLED}", figure, value, spread))
    value, spread = mean_and_spread([100 * (run.trap_rate() or 0.0) for run in runs])
    rows.append(Row(f"trained {METHODS[method]}, {POOLED}", "traps predicted %", value, spread))
    return rows


def comparison_rows(runs: Dict[str, List[Evaluation]]) -> List[Row]:
    """Compare (b) with (a), by a paired bootstrap over documents, and with (c); the goals are for reviewed labels."""
    gold = runs["gold"][0].gold
    predicted = {method: [run.predicted for run in found] for method, found in runs.items()}
    f1 = {method: mean_and_spread([r.counts()[POOLED].f1 for r in found])[0] for method, found in runs.items()}
    rows = []
    for method in ("agreement", "reviewed"):
        compared = paired_bootstrap(gold, predicted[method], predicted["monolingual"], group=lambda key: key[0])  # type: ignore[index]
        name, main = METHODS[method], method == "reviewed"
        rows += [
            Row(f"{name}, above (a), pooled", "F1 points", 100 * (f1[method] - f1["monolingual"]), goal="> 0"),
            Row(f"{name}, above (a), pooled", "p, by document", compared.p_value, goal="< 0.05" if main else ""),
            Row(f"{name}, as a share of (c), pooled", "%", 100 * f1[method] / f1["gold"], goal=">= 90" if main else ""),
        ]
    return rows


def measure(args: argparse.Namespace) -> List[Row]:
    args.work.mkdir(parents=True, exist_ok=True)
    paths = prepare(args.data.resolve(), args.work.resolve())
    vocab = blank_multilingual().vocab
    test = list(read_docs(paths["test"], vocab))
    rows: List[Row] = []
    for method in ("monolingual", "agreement", "reviewed"):
        if wanted(args, f"labels {METHODS[method]}"):
            gold = read_docs(paths["gold"], vocab)
            rows += label_rows(method, label_quality(read_docs(paths[method], vocab), gold))
    runs: Dict[str, List[Evaluation]] = {}
    for seed in args.seeds[:1] if args.quick else args.seeds:
        for method in METHODS:
            if wanted(args, f"trained {METHODS[method]}"):
                model = train_model(paths, method, seed, args.work.resolve(), 1 if args.quick else args.epochs)
                runs.setdefault(method, []).append(evaluate_pipeline(spacy.load(model), test, gold_entities=True))
    for method, found in runs.items():
        rows += model_rows(method, found)
    if len(runs) == len(METHODS):
        rows += comparison_rows(runs)
    truth = {item for doc in test for item in read_items(doc, doc_key(doc))}
    looked_up = count(truth, look_up(test, KnowledgeBase.open(paths["kb"])))
    rows.append(Row("bare look-up, all", "F1, gold entities", 100 * looked_up.f1))
    if args.pipeline is not None:
        own = evaluate_pipeline(spacy.load(args.pipeline), test, gold_entities=False)
        for lang in (*LANGUAGES, POOLED):
            rows.append(Row(f"main job, {lang}", "F1, end to end", 100 * own.counts()[lang].f1))
            rows.append(Row(f"main job, {lang}", "entity F1", 100 * own.entity_counts()[lang].f1))
    return rows


if __name__ == "__main__":
    parser = arguments(__doc__, data="assets")
    parser.add_argument("--work", type=Path, required=True, help="folder for what the steps and trainings write")
    parser.add_argument("--pipeline", type=Path, help="the main job's trained pipeline")
    parser.add_argument("--epochs", type=int, default=EPOCHS, help=f"epochs of each training (default: {EPOCHS})")
    arguments_ = parser.parse_args()
    finish("distant", measure(arguments_), arguments_)
