"""Memory of relation pipelines over a long stream: is the last tenth as small as the first?

    python benchmarks/memory.py --data DIR --encoder FOLDER

DIR holds `wikineural/` (github.com/Babelscape/wikineural), whose English sentences are streamed several times over
through `nlp.pipe`, with their entities. The figure is the most resident memory in a tenth of the stream, after a
first pass over 200 sentences. Models are initialised, not trained.
"""

import argparse
from itertools import cycle, islice
from pathlib import Path
from typing import Iterator, List

from common import Row, arguments, finish, wanted
from relation_pipelines import marker_pipeline, shared_pipeline, wikineural_docs
from spacy.language import Language
from spacy.tokens import Doc

TENTHS = 10


def resident_mb() -> float:
    """Return the resident memory of this process in megabytes."""
    for line in Path("/proc/self/status").read_text(encoding="ascii").splitlines():
        if line.startswith("VmRSS"):
            return int(line.split()[1]) / 1024
    raise OSError("/proc/self/status has no VmRSS: this benchmark runs on Linux only")


def peaks(nlp: Language, docs: List[Doc], count: int) -> List[float]:
    """Stream copies of Docs and return the most memory in each tenth."""
    for _ in nlp.pipe(doc.copy() for doc in docs[:200]):
        pass
    found = [0.0] * TENTHS
    stream = nlp.pipe((doc.copy() for doc in islice(cycle(docs), count)), batch_size=64)
    for index, _ in enumerate(stream):
        if index % 16 == 0:
            tenth = index * TENTHS // count
            found[tenth] = max(found[tenth], resident_mb())
    return found


def measure(args: argparse.Namespace) -> Iterator[Row]:
    """Yield the memory of the first and last tenth, and their ratio."""
    docs = wikineural_docs(args.data, "en")[: args.docs]
    count = 500 if args.quick else args.times * len(docs)
    for name, make in (("shared", shared_pipeline), ("packed markers", marker_pipeline)):
        if wanted(args, name):
            found = peaks(make(args.encoder), docs, count)
            yield Row(name, "MB, first tenth", found[0])
            yield Row(name, "MB, last tenth", found[-1])
            yield Row(name, "last tenth / first", found[-1] / found[0], goal="<= 1.05")


if __name__ == "__main__":
    parser = arguments(__doc__)
    parser.add_argument("--encoder", type=Path, required=True, help="encoder folder")
    parser.add_argument("--docs", type=int, default=11_000, help="sentences (default: all)")
    parser.add_argument("--times", type=int, default=5, help="how often they are streamed (default: 5)")
    parsed = parser.parse_args()
    finish("memory", list(measure(parsed)), parsed, seeds=[])
