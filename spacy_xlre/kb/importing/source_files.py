"""Our own source files, so that several knowledge bases become one: see `kb.sources` for what they hold.

Names, types and facts of the same ids come together; counts of names add up. Of a property that several describe, the
first description stays.
"""

import json
from pathlib import Path
from typing import Any, Dict, Iterator, Sequence, Union

from ..names import clean_name
from ..schema import Property
from ..sources import ENTITY_COLUMNS, ENTITY_TABLE
from .sink import FACTS, ImportSink
from .streams import Line, Reject, read_stream

_NAMES = "\t".join(ENTITY_COLUMNS)
_HEADERS = ("subject\tproperty\tobject", _NAMES, f"{_NAMES}\tcount")


class SourceFilesImporter:
    """Reads entities.jsonl or entities.tsv, facts.tsv and properties.jsonl of several folders."""

    suffixes: Sequence[str] = ("entities.jsonl", ENTITY_TABLE, "facts.tsv", "properties.jsonl")

    def records(self, paths: Sequence[Path], reject: Reject) -> Iterator[Line]:
        """Yield all lines but empty ones and headers."""
        yield from (line for line in read_stream(paths, reject) if line.text.strip() not in ("", *_HEADERS))

    def take(self, record: Line, sink: ImportSink) -> None:
        """Read an entity, a fact or a property, by the name of its file."""
        if record.path.name.endswith(FACTS):
            cells = [cell.strip() for cell in record.text.split("\t")]
            if len(cells) != 3 or not all(cells):
                raise ValueError("not a subject, a property and an object, separated by tabs")
            sink.add_fact(*cells)
            return
        if record.path.name.endswith(ENTITY_TABLE):
            _take_name(record.text, sink)
            return
        try:
            data = json.loads(record.text)
            if record.path.name.endswith("entities.jsonl"):
                _take_entity(data, sink)
            else:
                _take_property(data, sink)
        except (ValueError, LookupError, TypeError, AttributeError, RecursionError) as error:
            raise ValueError(f"not laid out as a source file of a knowledge base: {error!r}") from None


def _take_name(text: str, sink: ImportSink) -> None:
    id, types, lang, name, *count = (cell.strip() for cell in text.split("\t"))
    if not (id and lang and clean_name(name)) or len(count) > 1:
        raise ValueError("not an id, types, a language, a name and perhaps a count, separated by tabs")
    for type_ in filter(None, types.split(",")):
        sink.add_type(id, type_.strip())
    sink.add_name(id, lang, clean_name(name), count=float(count[0]) if count and count[0] else None)


def _take_entity(data: Dict[str, Any], sink: ImportSink) -> None:
    types: Union[str, Sequence[str]] = data.get("types", data.get("type", ()))
    for type_ in [types] if isinstance(types, str) else types:
        sink.add_type(data["id"], type_)
    for lang, names in data.get("names", {}).items():
        for place, value in enumerate([names] if isinstance(names, str) else names):
            name, count = value if isinstance(value, list) else (value, None)
            sink.add_name(data["id"], lang, clean_name(name), usual=place == 0, count=count)


def _take_property(data: Dict[str, Any], sink: ImportSink) -> None:
    described = Property(
        data["id"],
        names=dict(data.get("names", {})),
        head_types=tuple(data.get("head_types", ())),
        tail_types=tuple(data.get("tail_types", ())),
        symmetric=bool(data.get("symmetric")),
        inverse=data.get("inverse") or None,
    )
    sink.add_property(described, functional=data.get("functional"))
