"""Reading a knowledge base's source files. What cannot be used is handed to `reject` with its line and the reason.

Entities, JSON lines (any suffix but .tsv), the usual name first, a name optionally with a count of how often it means
this entity:

    {"id": "Q90", "type": "LOC", "names": {"en": ["Paris", "City of Light"], "de": [["Paris", 1200]]}}

`type` may be a list, or `types` be given. Entities, tab-separated (.tsv), one name a line, with this header; lines of
one id need not stand together, `types` are joined by commas, `count` may be left out or empty:

    id	types	lang	name	count

Facts, tab-separated, the header optional:

    subject	property	object

Properties, JSON lines; all but the id is optional:

    {"id": "P19", "names": {"en": "place of birth"}, "head_types": ["PER"], "tail_types": ["LOC"],
     "symmetric": false, "functional": true, "inverse": null}

A property without "functional" is judged by the facts (see `build.build_kb`).
"""

import json
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Callable, Dict, Iterator, List, Optional, Tuple, Union

from ..errors import Errors, XlreError, fail
from ..files import read_lines
from ..tokens.languages import check_language
from .names import clean_name
from .schema import Fact, Property

Reject = Callable[[Path, int, str, str], None]
ENTITY_COLUMNS = ["id", "types", "lang", "name"]
ENTITY_TABLE = "entities.tsv"


@dataclass(frozen=True)
class NameRow:
    """One name of an entity, from one line of a file; `count` says how often the name means it, where that is known."""

    line: int
    lang: str
    name: str
    count: Optional[float] = None


@dataclass(frozen=True)
class EntityRow:
    """What one line says of an entity. The lines of a TSV file add up; in JSON lines an id may come once only."""

    line: int
    id: str
    types: Tuple[str, ...]
    names: Tuple[NameRow, ...]


def read_entities(path: Union[str, Path], reject: Reject) -> Iterator[EntityRow]:
    """Yield what each line of an entities file says.

    path (str or Path): JSON lines, or tab-separated if it ends in .tsv; the formats are in the module's docstring.
    reject (Callable): Called with file, line, reason and content for a line or name that cannot be used.
    RAISES (XlreError): If the file is missing, has no UTF-8, or a TSV file lacks its header.
    """
    path = Path(path)
    return _read_entity_table(path, reject) if path.suffix == ".tsv" else _read_entity_objects(path, reject)


def _read_entity_objects(path: Path, reject: Reject) -> Iterator[EntityRow]:
    for line, text, data in _read_objects(path, reject):
        types, names = data.get("types", data.get("type", [])), data.get("names", {})
        types = [types] if isinstance(types, str) else types
        if not _is_strings(types) or not isinstance(names, dict):
            reject(path, line, "type must be a word or a list of words, names an object", text)
            continue
        rows: List[NameRow] = []
        for lang, values in names.items():
            if not _is_language(lang):
                reject(path, line, f"unknown language code '{lang}'", text)
                continue
            for value in values if isinstance(values, list) else [values]:
                row = _name_row(line, lang, value)
                if isinstance(row, str):
                    reject(path, line, row, json.dumps(value, ensure_ascii=False))
                else:
                    rows.append(row)
        yield EntityRow(line, data["id"], tuple(types), tuple(rows))


def _read_entity_table(path: Path, reject: Reject) -> Iterator[EntityRow]:
    columns = 0
    for line, text in read_lines(path):
        cells = text.split("\t")
        if line == 1:
            if cells[:4] != ENTITY_COLUMNS or cells[4:] not in ([], ["count"]):
                raise fail(Errors.X104, path=path, header=" ".join([*ENTITY_COLUMNS, "count"]))
            columns = len(cells)
            continue
        if not text.strip():
            continue
        if not 4 <= len(cells) <= columns:
            reject(path, line, f"{len(cells)} columns instead of {columns}", text)
            continue
        id, types, lang, name = (cell.strip() for cell in cells[:4])
        if not id:
            reject(path, line, "no id", text)
            continue
        count = cells[4].strip() if len(cells) > 4 else ""
        row: Union[NameRow, str, None] = None
        if not _is_language(lang):
            row = f"unknown language code '{lang}'"
        else:
            row = _name_row(line, lang, [name, _number(count)] if count else name)
        if isinstance(row, str):
            reject(path, line, row, text)
        known = tuple(word.strip() for word in types.split(",") if word.strip())
        yield EntityRow(line, id, known, () if isinstance(row, str) else (row,))


def _name_row(line: int, lang: str, value: Any) -> Union[NameRow, str]:
    """Make a row of a name or a [name, count], or return what is wrong with it."""
    name, count = value if isinstance(value, list) and len(value) == 2 else (value, None)
    if not isinstance(name, str):
        return "a name must be text, or text and a count"
    name = clean_name(name)
    if not name:
        return "empty name"
    if count is not None and (isinstance(count, bool) or not isinstance(count, (int, float)) or not 0 < count < 1e18):
        return "a name's count must be a positive number"
    return NameRow(line, lang, name, None if count is None else float(count))


def read_properties(path: Union[str, Path], reject: Reject) -> Iterator[Tuple[int, Property, bool]]:
    """Yield (line, property, whether the file says if it is functional) of a properties file in JSON lines.

    RAISES (XlreError): If the file is missing or has no UTF-8.
    """
    path = Path(path)
    for line, text, data in _read_objects(path, reject):
        names = data.get("names", {})
        types = {side: data.get(side, []) for side in ("head_types", "tail_types")}
        flags = {flag: data.get(flag) for flag in ("symmetric", "functional")}
        inverse = data.get("inverse") or None
        if not isinstance(names, dict) or not _is_strings(list(names.values())):
            reject(path, line, "names must be an object of texts", text)
        elif not all(_is_strings(value) for value in types.values()):
            reject(path, line, "head_types and tail_types must be lists of words", text)
        elif not all(value is None or isinstance(value, bool) for value in flags.values()):
            reject(path, line, "symmetric and functional must be true or false", text)
        elif inverse is not None and not isinstance(inverse, str):
            reject(path, line, "inverse must be a property's id", text)
        else:
            kept = {}
            for lang, name in names.items():
                if not _is_language(lang):
                    reject(path, line, f"unknown language code '{lang}'", text)
                elif not clean_name(name):
                    reject(path, line, "empty name", text)
                else:
                    kept[lang] = clean_name(name)
            prop = Property(
                data["id"],
                names=kept,
                head_types=tuple(types["head_types"]),
                tail_types=tuple(types["tail_types"]),
                symmetric=bool(flags["symmetric"]),
                functional=bool(flags["functional"]),
                inverse=inverse,
            )
            yield line, prop, flags["functional"] is not None


def read_facts(path: Union[str, Path], reject: Reject) -> Iterator[Tuple[int, str, Fact]]:
    """Yield (line, its text, fact) of a facts file.

    RAISES (XlreError): If the file is missing or has no UTF-8.
    """
    path = Path(path)
    for line, text in read_lines(path):
        cells = [cell.strip() for cell in text.split("\t")]
        if not text.strip() or (line == 1 and cells == ["subject", "property", "object"]):
            continue
        if len(cells) != 3:
            reject(path, line, f"{len(cells)} columns instead of 3", text)
        else:
            yield line, text, Fact(*cells)


def _read_objects(path: Path, reject: Reject) -> Iterator[Tuple[int, str, Dict[str, Any]]]:
    for line, text in read_lines(path):
        if not text.strip():
            continue
        try:
            data = json.loads(text)
        except (ValueError, RecursionError) as error:
            reject(path, line, f"bad JSON: {error}", text)
            continue
        if not isinstance(data, dict) or not isinstance(data.get("id"), str) or not data["id"].strip():
            reject(path, line, "not a JSON object with an id", text)
        elif "\\ud" in text.lower() and _has_surrogate(data):
            reject(path, line, "an escape of half a surrogate pair", text)
        else:
            yield line, text, {**data, "id": data["id"].strip()}


def _has_surrogate(data: Dict[str, Any]) -> bool:
    return any("\ud800" <= character <= "\udfff" for character in json.dumps(data, ensure_ascii=False))


def _is_strings(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(item, str) for item in value)


@lru_cache(maxsize=1024)
def _is_language(code: str) -> bool:
    try:
        check_language(code)
    except XlreError:
        return False
    return True


def _number(text: str) -> Any:
    try:
        return float(text)
    except ValueError:
        return text
