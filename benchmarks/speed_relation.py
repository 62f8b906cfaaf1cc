"""Speed of `xlre_relation`: the shared encoder beside the bare one, packed markers beside a marker pass a pair.

    python benchmarks/speed_relation.py --data DIR --encoder FOLDER

DIR holds `crossre/` (github.com/mainlp/CrossRE) and `wikineural/` (github.com/Babelscape/wikineural). Entities come
with the data. The bare encoder is a plain loop of transformers: the texts in the same order and batches of 64,
tokenised and padded; the same encoder and threads. Models are initialised, not trained: that changes no time.
Candidates take turns in one process, and the ratio of each turn counts. "At about 10 pairs" are CrossRE's sentences
with four entities: 12 ordered pairs, of which those count that the candidate getter takes.
"""

import argparse
import time
from pathlib import Path
from typing import Callable, Dict, Iterator, List

from common import Row, arguments, finish, median_and_spread, wanted
from relation_pipelines import crossre_docs, marker_pipeline, shared_pipeline, wikineural_docs
from spacy.language import Language
from spacy.tokens import Doc

BATCH = 64


def seconds(function: Callable[[List[Doc]], object], docs: List[Doc]) -> float:
    """Return the time of one run, over fresh copies of the Docs."""
    copies = [doc.copy() for doc in docs]
    start = time.perf_counter()
    function(copies)
    return time.perf_counter() - start


def bare(encoder: Path) -> Callable[[List[Doc]], None]:
    """Return a plain loop over texts."""
    import torch
    from transformers import AutoModel, AutoTokenizer

    tokenizer, model = AutoTokenizer.from_pretrained(encoder), AutoModel.from_pretrained(encoder).eval()

    def run(docs: List[Doc]) -> None:
        with torch.inference_mode():
            for start in range(0, len(docs), BATCH):
                texts = [doc.text for doc in docs[start : start + BATCH]]
                model(**tokenizer(texts, padding=True, truncation=True, return_tensors="pt"))

    return run


def through(nlp: Language) -> Callable[[List[Doc]], None]:
    """Return a run through a pipeline."""

    def run(docs: List[Doc]) -> None:
        for _ in nlp.pipe(docs, batch_size=BATCH):
            pass

    return run


def take_turns(runs: Dict[str, Callable[[List[Doc]], None]], docs: List[Doc], repeats: int) -> Dict[str, List[float]]:
    """Time all candidates, one after the other, several times."""
    for run in runs.values():
        seconds(run, docs[:BATCH])
    times: Dict[str, List[float]] = {name: [] for name in runs}
    for _ in range(repeats):
        for name, run in runs.items():
            times[name].append(seconds(run, docs))
    return times


def measure(args: argparse.Namespace) -> Iterator[Row]:
    """Yield docs/s and ratios."""
    import torch

    torch.set_num_threads(args.threads)
    repeats = 2 if args.quick else args.repeats
    crossre, wikineural = crossre_docs(args.data), wikineural_docs(args.data, "en")
    four = [doc for doc in crossre if len(doc.ents) == 4]
    texts = {"crossre en": crossre[: args.docs], "wikineural en": wikineural[: args.docs]}
    if args.quick:
        texts, four = {name: docs[:BATCH] for name, docs in texts.items()}, four[:16]
    shared, packed = shared_pipeline(args.encoder), marker_pipeline(args.encoder)
    for name, docs in texts.items():
        if wanted(args, name):
            runs = {"bare encoder": bare(args.encoder), "shared": through(shared), "packed markers": through(packed)}
            times = take_turns(runs, docs, repeats)
            for run, found in times.items():
                yield Row(f"{name}, {run}", "docs/s", *median_and_spread([len(docs) / t for t in found]))
                if run != "bare encoder":
                    ratios = [own / base for own, base in zip(found, times["bare encoder"])]
                    goal = "<= 1.15" if run == "shared" else ""
                    yield Row(
                        f"{name}, {run}", "time, ratio to the bare encoder", *median_and_spread(ratios), goal=goal
                    )
    if wanted(args, "four entities"):
        four = four[: args.docs // 4]
        inserted = marker_pipeline(args.encoder, packed=False)
        times = take_turns({"packed": through(packed), "a pass a pair": through(inserted)}, four, repeats)
        for run, found in times.items():
            yield Row(f"four entities, {run}", "docs/s", *median_and_spread([len(four) / t for t in found]))
        ratios = [slow / fast for fast, slow in zip(times["packed"], times["a pass a pair"])]
        yield Row("four entities, packed", "speed, ratio to a pass a pair", *median_and_spread(ratios), goal=">= 3")


if __name__ == "__main__":
    parser = arguments(__doc__)
    parser.add_argument("--encoder", type=Path, required=True, help="encoder folder")
    parser.add_argument("--docs", type=int, default=512, help="sentences of each set (default: 512)")
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--threads", type=int, default=2, help="torch threads (default: 2)")
    parsed = parser.parse_args()
    finish("speed_relation", list(measure(parsed)), parsed, seeds=[])
