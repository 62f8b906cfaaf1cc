"""Tables for people: rows rendered as Markdown or aligned text, and reports of tables and data written together.

Cells may be text, numbers, booleans or None. Columns of numbers are aligned right.
"""

import json
import math
import unicodedata
from dataclasses import dataclass, field
from numbers import Integral, Real
from pathlib import Path
from typing import Any, List, Mapping, Sequence, Tuple, Union

from ..errors import Errors, fail
from ..files import PathLike, atomic_file

Cell = Union[str, int, float, bool, None]
NOTHING = "–"


@dataclass(frozen=True)
class Table:
    """A titled grid.

    title (str): Stands above the table; may be empty.
    columns (Sequence[str]): The header, at least one.
    rows (Sequence[Sequence[Cell]]): One cell a column.
    note (str): A line below the table; may be empty.
    RAISES (XlreError): If a row has more or fewer cells than there are columns.
    """

    title: str
    columns: Sequence[str]
    rows: Sequence[Sequence[Cell]] = field(default_factory=list)
    note: str = ""

    def __post_init__(self) -> None:
        for number, row in enumerate(self.rows, start=1):
            if len(row) != len(self.columns):
                raise fail(Errors.X750, title=self.title, row=number, cells=len(row), columns=len(self.columns))


def format_number(value: Union[int, float]) -> str:
    """Return a number for print: integers whole, others with four significant digits or four decimals.

    value (int or float): For example 12, 0.91666, 25.4, 1234567.8. NumPy's numbers are fine too.
    RETURNS (str): For example "12", "0.9167", "25.40", "1234568". Not-a-number becomes a dash.
    """
    if isinstance(value, Integral):
        return str(value)
    number = float(value)
    if math.isnan(number):
        return NOTHING
    if 0 < abs(number) < 0.001:
        return f"{number:.1e}"
    whole = len(str(int(abs(number)))) if abs(number) >= 1 else 0
    return f"{number:.{max(4 - whole, 0)}f}"


def to_markdown(table: Table) -> str:
    """Render a table as Markdown: the title as a heading, then a pipe table, then the note.

    table (Table): The table. Bars and line ends inside cells are escaped.
    RETURNS (str): The text, without a line end at its end.
    """
    cells, right = _as_text(table)
    lines = [f"### {table.title}", ""] if table.title else []
    lines.append(_pipes(_escape(column) for column in table.columns))
    lines.append(_pipes("---:" if is_right else "---" for is_right in right))
    lines += [_pipes(_escape(cell) for cell in row) for row in cells]
    if table.note:
        lines += ["", table.note]
    return "\n".join(lines)


def to_text(table: Table) -> str:
    """Render a table with aligned columns for a terminal. Wide characters (Chinese, Japanese …) count as two columns.

    table (Table): The table.
    RETURNS (str): The text, without a line end at its end.
    """
    cells, right = _as_text(table)
    grid = [list(table.columns), *cells]
    widths = [max(_width(row[column]) for row in grid) for column in range(len(table.columns))]
    lines = [table.title, ""] if table.title else []
    for number, row in enumerate(grid):
        lines.append("  ".join(map(_pad, row, widths, right)).rstrip())
        if number == 0:
            lines.append("  ".join("-" * width for width in widths))
    if table.note:
        lines += ["", table.note]
    return "\n".join(lines)


def write_report(
    path_stem: PathLike, tables: Sequence[Table], data: Mapping[str, Any], *, title: str = ""
) -> Tuple[Path, Path]:
    """Write the same report for people and for programs: STEM.md and STEM.json, each atomically.

    path_stem (str or Path): The two files' path without suffix. A dot in the name is kept.
    tables (Sequence[Table]): What the Markdown file shows, in this order.
    data (Mapping[str, Any]): What the JSON file holds; anything JSON can hold, with not-a-number written as null.
    title (str): Heading of the Markdown file; may be empty.
    RETURNS (Tuple[Path, Path]): The Markdown file and the JSON file.
    """
    stem = Path(path_stem)
    markdown, json_ = (stem.with_name(stem.name + suffix) for suffix in (".md", ".json"))
    parts = ([f"# {title}"] if title else []) + [to_markdown(table) for table in tables]
    text = json.dumps(_without_nan(data), ensure_ascii=False, indent=2, allow_nan=False)
    for path, content in ((markdown, "\n\n".join(parts)), (json_, text)):
        with atomic_file(path) as temporary:
            temporary.write_text(content + "\n", encoding="utf-8")
    return markdown, json_


def _as_text(table: Table) -> Tuple[List[List[str]], List[bool]]:
    right = [
        any(_is_number(row[column]) for row in table.rows)
        and all(row[column] is None or _is_number(row[column]) for row in table.rows)
        for column in range(len(table.columns))
    ]
    return [[_cell(cell) for cell in row] for row in table.rows], right


def _is_number(cell: Cell) -> bool:
    return isinstance(cell, Real) and not isinstance(cell, bool)


def _cell(cell: Cell) -> str:
    if cell is None:
        return NOTHING
    if isinstance(cell, bool):
        return "yes" if cell else "no"
    return cell if isinstance(cell, str) else format_number(cell)


def _pipes(cells: Any) -> str:
    return f"| {' | '.join(cells)} |"


def _escape(cell: str) -> str:
    return cell.replace("|", "\\|").replace("\n", " ")


def _width(text: str) -> int:
    return sum(
        0 if unicodedata.combining(char) else 2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in text
    )


def _pad(text: str, width: int, right: bool) -> str:
    space = " " * (width - _width(text))
    return space + text if right else text + space


def _without_nan(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(key): _without_nan(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_without_nan(item) for item in value]
    if isinstance(value, Real) and not isinstance(value, (bool, Integral)):
        return float(value) if math.isfinite(value) else None
    return int(value) if isinstance(value, Integral) and not isinstance(value, bool) else value
