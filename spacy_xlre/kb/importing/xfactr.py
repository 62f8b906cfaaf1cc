"""The layout of X-FACTR: `facts/P19.jsonl`, with an object a line, and `aliases/en.txt`, with `QID<TAB>name<TAB>…`.

A fact's line holds `predicate_id`, `sub_uri`, `obj_uri`, and the English `sub_label` and `obj_label`, which count as
the usual English names.
"""

import json
from pathlib import Path
from typing import Collection, Iterator, Sequence

from ..names import clean_name
from ..schema import Property
from .sink import ImportSink
from .streams import Line, Reject, read_stream

LABEL_LANGUAGE = "en"


class XFactrImporter:
    """Reads a folder in this layout.

    languages (Collection[str]): The languages of names; empty for all.
    properties (Collection[str]): The properties of facts; empty for all.
    """

    suffixes: Sequence[str] = (".jsonl", ".txt")

    def __init__(self, languages: Collection[str] = (), properties: Collection[str] = ()) -> None:
        self.languages = frozenset(languages)
        self.properties = frozenset(properties)

    def records(self, paths: Sequence[Path], reject: Reject) -> Iterator[Line]:
        """Yield lines of facts of the chosen properties, and of names of the chosen languages."""
        chosen = [
            path
            for path in paths
            if not (names := self.languages if path.suffix == ".txt" else self.properties) or path.stem in names
        ]
        yield from (line for line in read_stream(chosen, reject) if line.text.strip())

    def take(self, record: Line, sink: ImportSink) -> None:
        """Read a fact or the names of an entity."""
        if record.path.suffix == ".txt":
            entity, *names = record.text.split("\t")
            if not entity.strip() or not names:
                raise ValueError("not an id and its names, separated by tabs")
            for name in filter(None, map(clean_name, names)):
                sink.add_name(entity.strip(), record.path.stem, name)
            return
        try:
            fact = json.loads(record.text)
            subject, property_, object_ = (str(fact[key]) for key in ("sub_uri", "predicate_id", "obj_uri"))
        except (ValueError, KeyError, TypeError, RecursionError) as error:
            raise ValueError(f"not a fact: {error!r}") from None
        sink.add_property(Property(property_))
        sink.add_fact(subject, property_, object_)
        if not self.languages or LABEL_LANGUAGE in self.languages:
            for entity, key in ((subject, "sub_label"), (object_, "obj_label")):
                name = clean_name(str(fact.get(key) or ""))
                if name:
                    sink.add_name(entity, LABEL_LANGUAGE, name, usual=True)
