"""Memory of relation pipelines over a long stream: is the last tenth as small as the first?

    python benchmarks/memory.py --data DIR --encoder FOLDER

DIR holds `wikineural/` (github.com/Babelscape/wikineural), whose English sentences are streamed several times over
through `nlp.pipe`, with their entities. The figure is the most resident memory in a tenth of the stream, after a
first pass over 200 sentences. Models are initialised, not trained. Anonymous memory is that without mapped files: the
encoder's weights are mapped, and a row of its word embeddings becomes resident when its piece first occurs.
--mmap-threshold sets glibc's MALLOC_MMAP_THRESHOLD_ for the run: freed tensors then go back to the system.
"""

import argparse
import os
import sys
from itertools import cycle, islice
from pathlib import Path
from typing import Dict, Iterator, List

from common import Row, arguments, finish, wanted
from relation_pipelines import marker_pipeline, shared_pipeline, wikineural_docs
from spacy.language import Language
from spacy.tokens import Doc

THRESHOLD = "MALLOC_MMAP_THRESHOLD_"
TENTHS = 10


# Fields of /proc/self/status, in kB.
KINDS = {"resident": "VmRSS", "anonymous": "RssAnon"}


def memory_mb() -> Dict[str, float]:
    """Return the memory of this process in megabytes: the kinds in `KINDS`."""
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    fields = dict(line.split(":", 1) for line in lines)
    if not set(KINDS.values()) <= fields.keys():
        raise OSError("/proc/self/status has no VmRSS: this benchmark runs on Linux only")
    return {kind: int(fields[name].split()[0]) / 1024 for kind, name in KINDS.items()}


def peaks(nlp: Language, docs: List[Doc], count: int) -> List[Dict[str, float]]:
    """Stream copies of Docs and return the most memory in each tenth."""
    for _ in nlp.pipe(doc.copy() for doc in docs[:200]):
        pass
    found = [dict.fromkeys(KINDS, 0.0) for _ in range(TENTHS)]
    stream = nlp.pipe((doc.copy() for doc in islice(cycle(docs), count)), batch_size=64)
    for index, _ in enumerate(stream):
        if index % 16 == 0:
            own = found[index * TENTHS // count]
            own.update({kind: max(own[kind], mb) for kind, mb in memory_mb().items()})
    return found


def measure(args: argparse.Namespace) -> Iterator[Row]:
    """Yield the memory of the first and last tenth, and their ratio."""
    docs = wikineural_docs(args.data, "en")[: args.docs]
    count = 500 if args.quick else args.times * len(docs)
    for name, make in (("shared", shared_pipeline), ("packed markers", marker_pipeline)):
        if wanted(args, name):
            found = peaks(make(args.encoder), docs, count)
            for kind in KINDS:
                row, goal = f"{name}, {kind}", "<= 1.05" if kind == "resident" else ""
                yield Row(row, "MB, first tenth", found[0][kind])
                yield Row(row, "MB, last tenth", found[-1][kind])
                yield Row(row, "last tenth / first", found[-1][kind] / found[0][kind], goal=goal)


if __name__ == "__main__":
    parser = arguments(__doc__)
    parser.add_argument("--encoder", type=Path, required=True, help="encoder folder")
    parser.add_argument("--docs", type=int, default=11_000, help="sentences (default: all)")
    parser.add_argument("--times", type=int, default=5, help="how often they are streamed (default: 5)")
    parser.add_argument("--mmap-threshold", type=int, help="bytes, such as 262144 (default: as glibc chooses)")
    parsed = parser.parse_args()
    if parsed.mmap_threshold and os.environ.get(THRESHOLD) != str(parsed.mmap_threshold):
        # The allocator reads it when a process starts.
        os.execve(sys.executable, [sys.executable, *sys.argv], {**os.environ, THRESHOLD: str(parsed.mmap_threshold)})
    finish("memory", list(measure(parsed)), parsed, seeds=[])
