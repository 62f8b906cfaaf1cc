"""Wikidata's JSON dump: one entity a line, in an array that nobody could read at once.

Names are labels and aliases in the chosen languages; facts are statements of the chosen properties whose value is an
entity, without deprecated ones. P31 (instance of) and P279 (subclass of) give classes. Properties are read as well:
their labels, and of their constraints (P2302) whether they are symmetric, inverse to another or have a single value,
and which classes their subjects and values may have.
"""

import json
from pathlib import Path
from typing import Any, Collection, Dict, Iterator, List, Optional, Sequence

from ..names import clean_name
from ..schema import Property
from .sink import ImportSink
from .streams import Line, Reject, read_stream

INSTANCE_OF, SUBCLASS_OF, CONSTRAINT = "P31", "P279", "P2302"
SYMMETRIC, INVERSE, SINGLE_VALUE = "Q21510862", "Q21510855", "Q19474404"
SUBJECT_TYPE, VALUE_TYPE = "Q21503250", "Q21510865"
# Qualifiers of constraints: class, and property.
CLASS, PROPERTY = "P2308", "P2306"
TYPES = {"Q5": "PER", "Q43229": "ORG", "Q2221906": "LOC", "Q17334923": "LOC"}


class WikidataImporter:
    """Reads dumps such as latest-all.json.bz2.

    languages (Collection[str]): The languages of names; empty for all.
    properties (Collection[str]): The properties of facts; empty for all.
    """

    suffixes: Sequence[str] = (".json", ".json.gz", ".json.bz2")

    def __init__(self, languages: Collection[str] = (), properties: Collection[str] = ()) -> None:
        self.languages = frozenset(languages)
        self.properties = frozenset(properties)

    def records(self, paths: Sequence[Path], reject: Reject) -> Iterator[Line]:
        """Yield the lines that hold an entity."""
        for line in read_stream(paths, reject):
            text = line.text.strip().removesuffix(",")
            if text and text not in ("[", "]"):
                yield line._replace(text=text)

    def take(self, record: Line, sink: ImportSink) -> None:
        """Read an item or a property; lexemes and other entities state nothing here."""
        try:
            entity = json.loads(record.text)
        except (ValueError, RecursionError) as error:
            raise ValueError(f"bad JSON: {error}") from None
        if not isinstance(entity, dict) or not isinstance(entity.get("id"), str):
            raise ValueError("not an entity with an id")
        try:
            if entity.get("type") == "property":
                self._take_property(entity, sink)
            elif entity.get("type") == "item":
                self._take_item(entity, sink)
        except (AttributeError, LookupError, TypeError) as error:
            raise ValueError(f"not laid out as an entity of Wikidata: {error!r}") from None

    def _take_item(self, entity: Dict[str, Any], sink: ImportSink) -> None:
        for lang, names in self._names(entity).items():
            for place, name in enumerate(names):
                sink.add_name(entity["id"], lang, name, usual=place == 0)
        for property_, statements in (entity.get("claims") or {}).items():
            values = _values(statements)
            if property_ == INSTANCE_OF:
                for value in values:
                    sink.add_class(entity["id"], value)
            if property_ == SUBCLASS_OF:
                for value in values:
                    sink.add_subclass(entity["id"], value)
            if not self.properties or property_ in self.properties:
                for value in values:
                    sink.add_fact(entity["id"], property_, value)

    def _take_property(self, entity: Dict[str, Any], sink: ImportSink) -> None:
        if self.properties and entity["id"] not in self.properties:
            return
        constraints = {}
        for statement in (entity.get("claims") or {}).get(CONSTRAINT, ()):
            for kind in _values([statement]):
                constraints[kind] = statement.get("qualifiers") or {}
        inverse = _qualifiers(constraints.get(INVERSE), PROPERTY)
        described = Property(
            entity["id"],
            names={lang: names[0] for lang, names in self._names(entity).items()},
            head_types=tuple(_qualifiers(constraints.get(SUBJECT_TYPE), CLASS)),
            tail_types=tuple(_qualifiers(constraints.get(VALUE_TYPE), CLASS)),
            symmetric=SYMMETRIC in constraints,
            inverse=inverse[0] if inverse else None,
        )
        sink.add_property(described, functional=True if SINGLE_VALUE in constraints else None)

    def _names(self, entity: Dict[str, Any]) -> Dict[str, List[str]]:
        """Return the names by language, the label first."""
        found: Dict[str, List[str]] = {}
        labels, aliases = (entity.get(key) or {} for key in ("labels", "aliases"))
        for lang in {**dict.fromkeys(labels), **dict.fromkeys(aliases)}:
            if not self.languages or lang in self.languages:
                texts = [labels[lang]["value"]] if lang in labels else []
                texts += [alias["value"] for alias in aliases.get(lang, ())]
                names = [name for name in map(clean_name, texts) if name]
                if names:
                    found[lang] = list(dict.fromkeys(names))
        return found


def _values(statements: Sequence[Dict[str, Any]]) -> List[str]:
    """Return the entities that statements have as their value."""
    kept = (statement["mainsnak"] for statement in statements if statement.get("rank") != "deprecated")
    return [value for value in map(_entity_of, kept) if value is not None]


def _qualifiers(qualifiers: Optional[Dict[str, Any]], property_: str) -> List[str]:
    snaks = (qualifiers or {}).get(property_, ())
    return [value for value in map(_entity_of, snaks) if value is not None]


def _entity_of(snak: Dict[str, Any]) -> Optional[str]:
    value = snak.get("datavalue") or {}
    if snak.get("snaktype") != "value" or value.get("type") != "wikibase-entityid":
        return None
    found = value["value"]
    if "id" in found:
        return str(found["id"])
    letter = {"item": "Q", "property": "P"}.get(found.get("entity-type"))
    return f"{letter}{found['numeric-id']}" if letter else None
