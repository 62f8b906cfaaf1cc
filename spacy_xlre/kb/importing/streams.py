"""Reading files of any size line by line, plain or packed, with what is damaged set aside."""

import bz2
import gzip
import zlib
from pathlib import Path
from typing import IO, Callable, Iterator, List, NamedTuple, Sequence

from ...errors import Errors, fail

Reject = Callable[[Path, int, str, str], None]
_DAMAGED = (EOFError, OSError, zlib.error)


class Line(NamedTuple):
    """A line of a file: where it stands, its text, and how many bytes of all files were read up to it."""

    path: Path
    number: int
    text: str
    bytes_read: int


def list_files(sources: Sequence[Path], suffixes: Sequence[str]) -> List[Path]:
    """Return files, and for folders the files in them that have a suffix, sorted by name.

    RAISES (XlreError): If one does not exist, or a folder holds no such file.
    """
    found: List[Path] = []
    for source in sources:
        if not source.exists():
            raise fail(Errors.X002, path=source)
        if source.is_dir():
            inside = sorted(path for path in source.rglob("*") if path.name.endswith(tuple(suffixes)))
            if not inside:
                raise fail(Errors.X109, path=source, suffixes=", ".join(suffixes))
            found += inside
        else:
            found.append(source)
    return found


def read_stream(paths: Sequence[Path], reject: Reject) -> Iterator[Line]:
    """Yield the lines of several files, in UTF-8, also of those that end in .gz or .bz2.

    paths (Sequence[Path]): The files.
    reject (Callable): Called with file, line, reason and content for a line that is not UTF-8, and for a packed file
        that is cut off or damaged, which ends there.
    """
    before = 0
    for path in paths:
        with path.open("rb") as raw:
            number = 0
            lines = iter(_open(path, raw))
            while True:
                try:
                    content = next(lines)
                except StopIteration:
                    break
                except _DAMAGED as error:
                    reject(path, number + 1, f"damaged from here on: {error}", "")
                    break
                number += 1
                try:
                    text = content.decode("utf-8-sig" if number == 1 else "utf-8").rstrip("\r\n")
                except UnicodeDecodeError as error:
                    reject(path, number, f"not UTF-8: {error.reason}", "")
                    continue
                yield Line(path, number, text, before + raw.tell())
        before += path.stat().st_size


def _open(path: Path, raw: IO[bytes]) -> IO[bytes]:
    if path.suffix == ".gz":
        return gzip.GzipFile(fileobj=raw)  # type: ignore[return-value]
    if path.suffix == ".bz2":
        return bz2.BZ2File(raw)
    return raw
