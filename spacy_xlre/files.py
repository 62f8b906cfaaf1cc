"""Reading and writing files so that nothing is half-written and every problem names its file and line."""

import csv
import shutil
import tempfile
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Iterator, List, Optional, Tuple, Type, Union

from .errors import Errors, fail

PathLike = Union[str, Path]


@contextmanager
def atomic_file(path: PathLike) -> Iterator[Path]:
    """Yield a temporary path beside `path` and rename it to `path` if the block succeeds; remove it otherwise.

    path (str or Path): The final file. Its folder is made if needed.
    YIELDS (Path): Where to write. It has the same suffix as the final file.
    RAISES (XlreError): If `path` is a folder, or its folder cannot be made.
    """
    path = Path(path)
    check_place(path)
    temporary = Path(tempfile.mkdtemp(prefix=f".{path.name}.", dir=path.parent))
    try:
        yield temporary / path.name
        (temporary / path.name).replace(path)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def check_place(path: Path) -> None:
    """Make the folder of a file that will be written.

    RAISES (XlreError): If the path is a folder itself, or its folder cannot be made.
    """
    if path.is_dir():
        raise fail(Errors.X520, path=path, reason="a folder")
    make_folder(path.parent)


def make_folder(path: Path) -> None:
    """Make a folder unless it is there.

    RAISES (XlreError): If it cannot be made.
    """
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise fail(Errors.X520, path=path, reason=error.strerror) from None


@contextmanager
def atomic_folder(path: PathLike, *, marker: str) -> Iterator[Path]:
    """Yield an empty temporary folder and put it in place of `path` if the block succeeds; remove it otherwise.

    path (str or Path): The final folder. An existing one is replaced only if it is empty or holds `marker`.
    marker (str): The file name by which a folder of this kind is recognised, for example "config.json".
    YIELDS (Path): The folder to fill.
    RAISES (XlreError): If `path` exists and is something else.
    """
    path = Path(path)
    if path.exists() and (not path.is_dir() or (any(path.iterdir()) and not (path / marker).exists())):
        raise fail(Errors.X009, path=path)
    make_folder(path.parent)
    temporary = Path(tempfile.mkdtemp(prefix=f".{path.name}.", dir=path.parent))
    try:
        built = temporary / "new"
        built.mkdir()
        yield built
        if path.exists():
            path.rename(temporary / "old")
        built.rename(path)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def read_lines(path: PathLike) -> Iterator[Tuple[int, str]]:
    r"""Yield (line number from 1, line without its end) of a UTF-8 file. Lines end at \n or \r\n only.

    RAISES (XlreError): If the file is missing or a line is not valid UTF-8.
    """
    path = Path(path)
    if not path.is_file():
        raise fail(Errors.X002, path=path)
    with path.open("rb") as file_:
        for number, raw in enumerate(file_, start=1):
            try:
                line = raw.decode("utf-8-sig" if number == 1 else "utf-8")
            except UnicodeDecodeError as error:
                raise fail(Errors.X001, path=path, line=number, reason=error.reason) from None
            yield number, line.rstrip("\n").rstrip("\r")


class Rejects:
    """Collects rejected input with its place and reason, and writes it as one TSV file when the block ends.

    path (str or Path): The file to write, with the columns file, line, reason, content. None counts without writing. A
        file of an earlier run is replaced, also by one that holds no row.
    """

    def __init__(self, path: Optional[PathLike]) -> None:
        self.path = path
        self.rows: List[Tuple[str, str, str, str]] = []

    def add(self, source: PathLike, line: Optional[int], reason: str, content: str = "") -> None:
        """Note one rejected item.

        source (str or Path): The file it stands in.
        line (int): The line, from 1, or None if lines do not apply.
        reason (str): Why it was rejected, for a person.
        content (str): The item itself.
        """
        self.rows.append((str(source), "" if line is None else str(line), reason, content))

    @property
    def count(self) -> int:
        """The number of rejected items."""
        return len(self.rows)

    @property
    def where(self) -> str:
        """Where they can be read, as the end of a sentence; empty if there are none."""
        return f", see {self.path}" if self.rows and self.path is not None else ""

    def __enter__(self) -> "Rejects":
        return self

    def __exit__(
        self, kind: Optional[Type[BaseException]], error: Optional[BaseException], trace: Optional[TracebackType]
    ) -> None:
        if kind is None and self.path is not None:
            with atomic_file(self.path) as temporary, temporary.open("w", encoding="utf-8", newline="") as file_:
                writer = csv.writer(file_, dialect="excel-tab", lineterminator="\n")
                writer.writerow(("file", "line", "reason", "content"))
                writer.writerows(self.rows)
