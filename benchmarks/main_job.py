"""The main job from a fresh copy of the checkout: wall time, peak memory, and a second run that has nothing to do.

    python benchmarks/main_job.py

Runs `python -m spacy project run all` with this interpreter in a temporary copy of the files that git knows or would
add, so nothing that an earlier run made is there. --quick runs only the step `kb`.
"""

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Iterator, List, Tuple

from common import CHECKOUT, Row, arguments, finish
from processes import Measured, run_measured

DIVIDER = re.compile(r"^=+ (\S+) =+$")
COLOUR = re.compile(r"\x1b\[[0-9;]*m")


def main() -> None:
    """Measure, print and keep the figures."""
    parser = arguments(__doc__, needs_data=False)
    parser.add_argument("--workflow", default="all", help="the workflow or step of project.yml to run")
    args = parser.parse_args()
    args.only = args.only or (args.workflow if args.workflow != "all" else None)
    finish("main_job", list(measure(args)), args, seeds=[])


def measure(args: argparse.Namespace) -> Iterator[Row]:
    """Yield the figures of a first and a second run."""
    workflow = "kb" if args.quick else args.workflow
    with tempfile.TemporaryDirectory(prefix="main-job-") as folder:
        copy = Path(folder) / "checkout"
        copy_checkout(copy)
        first = run_project(copy, workflow)
        second = run_project(copy, workflow)
    steps = list(step_seconds(first))
    skipped = sum("Skipping" in line for _, line in second.lines)
    if skipped < len(steps) or any(True for _ in step_seconds(second)):
        raise SystemExit(f"The second run skipped {skipped} of {len(steps)} steps; each should have had nothing to do.")
    yield Row("first run", "minutes", first.seconds / 60, goal="<= 15")
    yield Row("first run", "peak memory, GB", first.peak_bytes / 1e9, goal="<= 6")
    yield Row("second run, nothing to do", "seconds", second.seconds)
    for step, seconds in steps:
        yield Row(f"step {step}", "minutes", seconds / 60)


def copy_checkout(destination: Path) -> None:
    """Copy what git tracks or would add, as it stands in the working tree."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    names = subprocess.run(command, cwd=CHECKOUT, check=True, stdout=subprocess.PIPE).stdout.split(b"\0")
    for name in filter(None, map(os.fsdecode, names)):
        if (CHECKOUT / name).is_file():
            (destination / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(CHECKOUT / name, destination / name)


def run_project(checkout: Path, workflow: str) -> Measured:
    """Run a workflow of the project; stop the benchmark if it fails."""
    measured = run_measured([sys.executable, "-m", "spacy", "project", "run", workflow], cwd=checkout)
    if measured.code != 0:
        raise SystemExit(f"The project's '{workflow}' ended with exit code {measured.code}.")
    return measured


def step_seconds(measured: Measured) -> Iterator[Tuple[str, float]]:
    """Yield each step that ran, with the time until the next one began."""
    starts: List[Tuple[str, float]] = []
    for seconds, line in measured.lines:
        match = DIVIDER.match(COLOUR.sub("", line).strip())
        if match:
            starts.append((match.group(1), seconds))
    ends = [start for _, start in starts[1:]] + [measured.seconds]
    for (step, start), end in zip(starts, ends):
        yield step, end - start


if __name__ == "__main__":
    main()
