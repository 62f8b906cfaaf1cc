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

HEADING = re.compile(r"^=+ (\S+) =+$")
SKIPPED = re.compile(r"Skipping '(\S+)'")
COLOUR = re.compile(r"\x1b\[[0-9;]*m")


def main() -> None:
    """Measure, print and keep the figures."""
    parser = arguments(__doc__, needs_data=False)
    parser.add_argument("--workflow", default="all", help="the workflow or step of project.yml to run")
    parser.add_argument("--keep", type=Path, help="a new folder for the copy, to measure what the job made afterwards")
    args = parser.parse_args()
    if args.keep is not None and args.keep.exists():
        parser.error(f"{args.keep} exists: the job must begin with nothing")
    args.only = args.only or (args.workflow if args.workflow != "all" else None)
    finish("main_job", list(measure(args)), args, seeds=[])


def measure(args: argparse.Namespace) -> Iterator[Row]:
    """Yield the figures of a first and a second run."""
    workflow = "kb" if args.quick else args.workflow
    with tempfile.TemporaryDirectory(prefix="main-job-") as folder:
        copy = args.keep or Path(folder) / "checkout"
        copy_checkout(copy)
        first = run_project(copy, workflow)
        second = run_project(copy, workflow)
    repeated = [step for step, _ in step_seconds(second)]
    if repeated:
        raise SystemExit(f"The second run repeated {', '.join(repeated)}; it should have had nothing to do.")
    yield Row("first run", "minutes", first.seconds / 60, goal="<= 15")
    yield Row("first run", "peak memory, GB", first.peak_bytes / 1e9, goal="<= 6")
    yield Row("second run, nothing to do", "seconds", second.seconds)
    for step, seconds in step_seconds(first):
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


def step_seconds(measured: Measured) -> List[Tuple[str, float]]:
    """Return each step that ran, in order, with the time until the next one began; skipped steps are left out."""
    lines = [(seconds, COLOUR.sub("", line).strip()) for seconds, line in measured.lines]
    starts = [(match.group(1), seconds) for seconds, line in lines for match in [HEADING.match(line)] if match]
    skipped = {match.group(1) for _, line in lines for match in [SKIPPED.search(line)] if match}
    ends = [start for _, start in starts[1:]] + [measured.seconds]
    return [(step, end - start) for (step, start), end in zip(starts, ends) if step not in skipped]


if __name__ == "__main__":
    main()
