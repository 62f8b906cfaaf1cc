"""Write benchmarks/README.md from results/*.json and notes/*.md: `python benchmarks/make_readme.py [--check]`."""

import argparse
import json
import sys
from pathlib import Path
from typing import Any, Dict, List

from common import CHECKOUT, Row, results_table

from spacy_xlre.files import atomic_file
from spacy_xlre.report.tables import to_markdown

README = CHECKOUT / "benchmarks" / "README.md"
INTRODUCTION = """\
# Benchmarks

Each table is what one script of this folder measured, `python benchmarks/NAME.py --help`, kept in `results/NAME.json`
and explained in `notes/NAME.md`. A `±` is the standard deviation over the seeds or repetitions. This page is written by
`python benchmarks/make_readme.py`; a test checks that it is up to date."""


def render(results: Path, notes: Path) -> str:
    """Return the page's text: one section for each results/NAME.json that is not of a partial run, by name."""
    parts = [INTRODUCTION]
    for path in sorted(results.glob("*.json")):
        if not path.name.endswith(".partial.json"):
            content = json.loads(path.read_text(encoding="utf-8"))
            note = notes / f"{path.stem}.md"
            parts.append(section(content, note.read_text(encoding="utf-8").strip() if note.exists() else ""))
    return "\n\n".join(parts) + "\n"


def section(content: Dict[str, Any], note: str) -> str:
    """Return the section of one benchmark: its note, its table, and how, where and when it was measured."""
    table = to_markdown(results_table("", [Row(**row) for row in content["rows"]]))
    parts = [f"## {content['benchmark']}", note, table, f"{origin(content)}."]
    earlier = content.get("earlier", [])
    if earlier:
        runs = "\n".join(f"{number}. {origin(run)}" for number, run in enumerate(earlier, 1))
        parts.append(f"Rows with a number are of an earlier run:\n\n{runs}")
    return "\n\n".join(part for part in parts if part)


def origin(run: Dict[str, Any]) -> str:
    """Return how, when and where figures were measured."""
    seeds = f"; seeds {', '.join(map(str, run['seeds']))}" if run["seeds"] else ""
    return f"`{run['command']}` on {run['date']}{seeds}; {describe(run['machine'])}"


def describe(machine: Dict[str, Any]) -> str:
    """Return a machine on one line."""
    parts: List[str] = [f"{machine['cores']} cores of {machine['cpu']}"]
    if machine.get("memory_gb"):
        parts.append(f"{machine['memory_gb']:g} GB")
    if machine.get("gpu"):
        parts.append(machine["gpu"])
    parts.append(f"Python {machine['python']}")
    versions = (f"{name} {machine[name]}" for name in ("spacy", "torch", "transformers") if name in machine)
    return ", ".join([*parts, *versions])


def main() -> None:
    """Write the page, or with --check only compare it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; fail if the page is not up to date")
    check = parser.parse_args().check
    text = render(CHECKOUT / "benchmarks" / "results", CHECKOUT / "benchmarks" / "notes")
    if not check:
        with atomic_file(README) as temporary:
            temporary.write_text(text, encoding="utf-8")
    elif not README.exists() or README.read_text(encoding="utf-8") != text:
        sys.exit("benchmarks/README.md is not up to date: run python benchmarks/make_readme.py")


if __name__ == "__main__":
    main()
