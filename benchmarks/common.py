"""What every benchmark shares: its arguments, rows, printed table, and the file that keeps its figures.

A benchmark is a script in this folder that ends like this:

    if __name__ == "__main__":
        args = arguments(__doc__).parse_args()
        finish("word_alignment", measure(args), args)
"""

import argparse
import json
import os
import platform
import re
import shlex
import statistics
import sys
import time
from dataclasses import asdict, dataclass, replace
from datetime import date
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, Dict, List, Optional, Sequence, Tuple, Union

from spacy_xlre.files import atomic_file
from spacy_xlre.report.tables import Table, format_number, to_text

CHECKOUT = Path(__file__).resolve().parent.parent
RESULTS = CHECKOUT / "benchmarks" / "results"
PACKAGES = ("spacy", "thinc", "torch", "transformers", "spacy-transformers")
SECONDS = "seconds"
# How a run came about.
MEASURED = ("command", "date", "machine", "seeds")
GOAL = re.compile(r"^(<=|>=|<|>|=)\s*(-?\d+(?:\.\d+)?)$")


@dataclass(frozen=True)
class Row:
    """One figure of a benchmark.

    row (str): What was measured on what, for example "zh-en, trained"; unique together with `figure`.
    figure (str): The measure and its unit, for example "AER" or "pairs/s".
    value (float): The figure: a mean over seeds or a median over repetitions.
    spread (float): Standard deviation over the seeds or repetitions; None for a single run.
    goal (str): A comparison with a number, such as ">= 69"; empty for none.
    peer (str): Who else was measured or published, with the number, such as "SimAlign 14.2"; empty for none.
    run (int): Which of the earlier runs of its file measured it, from 1; None for the latest.
    """

    row: str
    figure: str
    value: float
    spread: Optional[float] = None
    goal: str = ""
    peer: str = ""
    run: Optional[int] = None

    def __post_init__(self) -> None:
        if self.goal and not GOAL.match(self.goal):
            raise ValueError(f"{self.row}: the goal {self.goal!r} is not a comparison such as '>= 69'")

    @property
    def reached(self) -> Optional[bool]:
        """Tell whether the value meets the goal; None if there is no goal."""
        match = GOAL.match(self.goal)
        if match is None:
            return None
        sign, bound = match.group(1), float(match.group(2))
        return (
            (sign == "<=" and self.value <= bound)
            or (sign == ">=" and self.value >= bound)
            or (sign == "<" and self.value < bound)
            or (sign == ">" and self.value > bound)
            or (sign == "=" and self.value == bound)
        )


def mean_and_spread(values: Sequence[float]) -> Tuple[float, Optional[float]]:
    """Return the mean and the sample standard deviation, which is None for a single value."""
    return statistics.fmean(values), statistics.stdev(values) if len(values) > 1 else None


def median_and_spread(values: Sequence[float]) -> Tuple[float, Optional[float]]:
    """Return the median and the sample standard deviation, which is None for a single value. Use it for timings."""
    return statistics.median(values), statistics.stdev(values) if len(values) > 1 else None


def arguments(
    description: Optional[str] = None, *, data: Optional[str] = None, needs_data: bool = True
) -> argparse.ArgumentParser:
    """Make the parser that all benchmarks share: --data, --only, --quick, --seeds, --add. Add your own as usual.

    description (str): The script's docstring.
    data (str): Default of --data, relative to the checkout. None makes a benchmark's --data required.
    needs_data (bool): Whether there is a --data at all.
    """
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    default = CHECKOUT / data if data is not None else None
    if needs_data:
        parser.add_argument("--data", type=Path, required=default is None, default=default, help="folder with the data")
    parser.add_argument("--only", metavar="ROW", help="measure only the rows whose name contains this text")
    parser.add_argument("--quick", action="store_true", help="a small sample, for a try; never kept as a result")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2], help="random seeds (default: 0 1 2)")
    parser.add_argument(
        "--add",
        action="store_true",
        help="keep the figures of earlier runs that this one does not measure; also with --only",
    )
    return parser


def add_gpu(parser: argparse.ArgumentParser) -> None:
    """Add --gpu-id, for benchmarks that can train on a GPU; see `use_gpu`."""
    parser.add_argument("--gpu-id", type=int, default=-1, help="GPU id, or -1 for the CPU (default: -1)")


def use_gpu(args: argparse.Namespace) -> None:
    """Compute on the GPU that --gpu-id names from now on, if it names one."""
    from spacy.cli._util import setup_gpu

    setup_gpu(args.gpu_id, silent=True)


def wanted(args: argparse.Namespace, row: str) -> bool:
    """Tell whether --only asks for a row."""
    return args.only is None or args.only in row


def machine() -> Dict[str, Any]:
    """Describe the machine and the software by what changes the figures: no host names, no paths."""
    described: Dict[str, Any] = {
        "cpu": _cpu_model(),
        "cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
        "memory_gb": _memory_gb(),
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
    }
    torch = sys.modules.get("torch")
    if torch is not None:
        described["threads"] = torch.get_num_threads()
        if torch.cuda.is_available():
            described["gpu"] = torch.cuda.get_device_name()
    for package in PACKAGES:
        try:
            described[package] = version(package)
        except PackageNotFoundError:
            described[package] = "not installed"
    return described


def command_line(name: str, argv: Optional[Sequence[str]] = None) -> str:
    """Return the command that repeats this run from the checkout, with absolute paths made relative to it."""
    words = []
    for word in sys.argv[1:] if argv is None else argv:
        option, equals, value = word.rpartition("=")
        if os.path.isabs(value):
            value = os.path.relpath(value, CHECKOUT)
        words.append(f"{option}{equals}{value}")
    return shlex.join(["python", f"benchmarks/{name}.py", *words])


def write_results(
    name: str,
    rows: Sequence[Row],
    *,
    seeds: Sequence[int],
    command: Optional[str] = None,
    partial: bool = False,
    add: bool = False,
) -> Path:
    """Write a benchmark's figures to results/NAME.json, or those of half a run to NAME.partial.json, which git ignores.

    name (str): The benchmark's name, that of its script.
    rows (Sequence[Row]): The figures.
    seeds (Sequence[int]): The seeds that were used; empty if chance has no part.
    command (str): What was run; by default, this process's own arguments.
    partial (bool): Whether --quick, or --only without --add, left something out.
    add (bool): Whether to keep the rows of the file that are not among these, and under `earlier` how they came about.
    RETURNS (Path): The file written.
    """
    keys = [(row.row, row.figure) for row in rows]
    if len(set(keys)) != len(keys):
        raise ValueError(f"{name}: two rows have the same name and figure")
    path = RESULTS / (f"{name}.partial.json" if partial else f"{name}.json")
    found: List[Row] = list(rows)
    earlier: List[Dict[str, Any]] = []
    if add and path.exists():
        found, earlier = add_to(json.loads(path.read_text(encoding="utf-8")), rows)
    content = {
        "benchmark": name,
        "command": command or command_line(name),
        "date": date.today().isoformat(),
        "machine": machine(),
        "seeds": list(seeds),
        **({"partial": True} if partial else {}),
        **({"earlier": earlier} if earlier else {}),
        "rows": [asdict(row) for row in found],
    }
    with atomic_file(path) as temporary:
        temporary.write_text(json.dumps(content, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
    return path


def add_to(former: Dict[str, Any], rows: Sequence[Row]) -> Tuple[List[Row], List[Dict[str, Any]]]:
    """Return the figures of a file with new ones in or behind them, and the earlier runs of which some are left."""
    runs = [*former.get("earlier", []), {key: former[key] for key in MEASURED}]
    measured = {(row.row, row.figure): row for row in rows}
    kept = [replace(row, run=row.run or len(runs)) for row in (Row(**row) for row in former["rows"])]
    found = [measured.pop((row.row, row.figure), row) for row in kept] + list(measured.values())
    left = sorted({row.run for row in found if row.run})
    numbers = {run: number for number, run in enumerate(left, 1)}
    return [replace(row, run=numbers.get(row.run or 0)) for row in found], [runs[run - 1] for run in left]


def results_table(title: str, rows: Sequence[Row]) -> Table:
    """Lay rows out for print: value, spread, goal and whether it was reached, peer, and a row's earlier run."""
    lines = [
        [
            row.row,
            row.figure,
            format_number(row.value),
            "" if row.spread is None else format_number(row.spread),
            row.goal,
            {True: "yes", False: "no", None: ""}[row.reached],
            row.peer,
        ]
        for row in rows
    ]
    columns = ["row", "figure", "value", "±", "goal", "reached", "peer"]
    if any(row.run for row in rows):
        columns.append("run")
        lines = [[*line, str(row.run or "")] for line, row in zip(lines, rows)]
    return Table(title, columns, lines)


def print_table(rows: Sequence[Row], title: str = "") -> None:
    """Print rows as an aligned table."""
    print(to_text(results_table(title, rows)))


def finish(name: str, rows: Sequence[Row], args: argparse.Namespace, *, seeds: Optional[Sequence[int]] = None) -> None:
    """Print a benchmark's rows and write its file; end every script with it.

    name (str): The benchmark's name.
    rows (Sequence[Row]): The figures.
    args (Namespace): What `arguments` parsed.
    seeds (Sequence[int]): The seeds that were used, if not those asked for.
    """
    partial = bool(args.quick or (args.only and not args.add))
    print_table(rows, f"{name} (quick)" if args.quick else name)
    path = write_results(name, rows, seeds=args.seeds if seeds is None else seeds, partial=partial, add=args.add)
    print(f"\nwritten to {path.relative_to(CHECKOUT)}" + (" (partial: not kept as a result)" if partial else ""))


def train_once(config: Union[str, Path], folder: Path, overrides: Dict[str, Any], gpu_id: int = -1) -> Path:
    """Run `spacy train` unless that was done, and return the pipeline after its last step.

    config (Union[str, Path]): A file of `configs/`, or the path of another one.
    folder (Path): For the pipelines; it is there only when the training has ended. SECONDS in it says how long it took.
    overrides (Dict[str, Any]): Settings that differ from the file's.
    gpu_id (int): The GPU, or -1 for the CPU.
    """
    from spacy.cli.train import train

    if not folder.exists():
        unfinished = folder.with_name(f"{folder.name}.unfinished")
        start = time.perf_counter()
        train(CHECKOUT / "configs" / config, unfinished, use_gpu=gpu_id, overrides=overrides)
        (unfinished / SECONDS).write_text(f"{time.perf_counter() - start:.1f}\n", encoding="utf-8")
        unfinished.rename(folder)
    return folder / "model-last"


def _cpu_model() -> str:
    models: List[str] = []
    if Path("/proc/cpuinfo").exists():
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines()
        models = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return models[0] if models else platform.processor() or "unknown"


def _memory_gb() -> Optional[float]:
    try:
        return round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30, 1)
    except (AttributeError, ValueError, OSError):
        return None
