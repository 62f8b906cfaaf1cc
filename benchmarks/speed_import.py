"""What importing the package adds to `import spacy`, and how large packaged pipelines are and how fast they load.

    python benchmarks/speed_import.py --pipeline packages/xx_relations-0.1.0/dist/xx_relations-0.1.0-py3-none-any.whl

Everything is timed inside fresh processes, so that nothing is warm but the disk cache.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path
from typing import Iterator, List

from common import Row, arguments, finish, median_and_spread, wanted

IMPORT = """
import time
start = time.perf_counter()
import spacy
middle = time.perf_counter()
import spacy_xlre
print(middle - start, time.perf_counter() - middle)
"""
LOAD = """
import sys, time
start = time.perf_counter()
import spacy
middle = time.perf_counter()
spacy.load(sys.argv[1])
print(middle - start, time.perf_counter() - middle)
"""


def main() -> None:
    """Measure, print and keep the figures."""
    parser = arguments(__doc__, needs_data=False)
    parser.add_argument("--pipeline", type=Path, nargs="*", default=[], help="wheels or folders of packaged pipelines")
    args = parser.parse_args()
    finish("speed_import", list(measure(args)), args, seeds=[])


def measure(args: argparse.Namespace) -> Iterator[Row]:
    """Yield the rows that are asked for."""
    repeats = 3 if args.quick else 15
    if wanted(args, "import"):
        spacy_seconds, extra = zip(*(in_fresh_process(IMPORT) for _ in range(repeats)))
        yield Row("import spacy", "seconds", *median_and_spread(spacy_seconds))
        yield Row("import spacy_xlre after it", "seconds", *median_and_spread(extra), goal="<= 0.1")
    for path in args.pipeline:
        name = path.name.split("-")[0]
        if wanted(args, name):
            yield from measure_pipeline(name, path, 3 if args.quick else 7)


def measure_pipeline(name: str, path: Path, repeats: int) -> Iterator[Row]:
    """Yield the size of a packaged pipeline and the time `spacy.load` takes, torch's import included."""
    with tempfile.TemporaryDirectory() as unpacked:
        if path.is_file():
            with zipfile.ZipFile(path) as wheel:
                wheel.extractall(unpacked)
        root = Path(unpacked) if path.is_file() else path
        files = [file for file in root.rglob("*") if file.is_file()]
        yield Row(f"{name}, unpacked", "MB", sum(file.stat().st_size for file in files) / 1e6, goal="<= 150")
        folder = min((file.parent for file in files if file.name == "config.cfg"), key=lambda found: len(found.parts))
        imports, loads = zip(*(in_fresh_process(LOAD, str(folder)) for _ in range(repeats)))
        yield Row(f"{name}, spacy.load", "seconds", *median_and_spread(loads), goal="<= 6")
        totals = [a + b for a, b in zip(imports, loads)]
        yield Row(f"{name}, import spacy and spacy.load", "seconds", *median_and_spread(totals))


def in_fresh_process(code: str, *argv: str) -> List[float]:
    """Run code in a new interpreter outside the checkout and return the numbers it prints."""
    with tempfile.TemporaryDirectory() as elsewhere:
        words = [os.path.abspath(word) for word in argv]
        command = [sys.executable, "-c", code, *words]
        printed = subprocess.run(command, cwd=elsewhere, check=True, stdout=subprocess.PIPE, text=True).stdout
    return [float(number) for number in printed.split()]


if __name__ == "__main__":
    main()
