"""The texts of a corpus, in whatever files it comes: what a vocabulary must be able to say."""

import json
import re
from pathlib import Path
from typing import Any, Iterable, Iterator

from ..errors import Errors, fail
from ..files import PathLike, read_lines

# Where JSON lines keep their texts, whatever is in them by language or by sentence.
FIELDS = ("text", "texts", "sentences", "segments", "names")
# A mention in a marked corpus: [[surface|entity id]].
MARK = re.compile(r"\[\[([^\[\]|]*)\|[^\[\]]*\]\]")


def read_texts(paths: Iterable[PathLike]) -> Iterator[str]:
    """Read the texts of corpus files.

    paths (Iterable[str or Path]): Files: .jsonl with texts in one of `FIELDS`, others plain text, a text a line.
    YIELDS (str): Texts; marks of mentions are removed.
    RAISES (XlreError): If a file is missing, not UTF-8, or a line is not what it must be.
    """
    for path in map(Path, paths):
        for number, line in read_lines(path):
            if not line.strip():
                continue
            if path.suffix == ".jsonl":
                yield from _texts_of_record(line, path, number)
            else:
                yield line


def _texts_of_record(line: str, path: Path, number: int) -> Iterator[str]:
    fields = ", ".join(FIELDS)
    try:
        record = json.loads(line)
    except ValueError as error:
        raise fail(Errors.X214, path=path, line=number, reason=f"not JSON ({error})", fields=fields) from None
    if not isinstance(record, dict) or not any(name in record for name in FIELDS):
        raise fail(Errors.X214, path=path, line=number, reason="no text in it", fields=fields)
    for name in FIELDS:
        yield from (MARK.sub(r"\1", text) for text in _strings(record.get(name)))


def _strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, (list, dict)):
        for item in value.values() if isinstance(value, dict) else value:
            yield from _strings(item)
