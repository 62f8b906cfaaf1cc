"""WebNLG's XML: entries of DBpedia triples, with the texts that say them and links between names of two languages.

Facts are the modified triples, `subject | property | object`. A name is what stands in the triple, without what is in
parentheses; its translation comes from `<link direction="en2ru">name | sameAs | translation</link>`. Objects in
quotes or numbers are entities as well: texts name them all the same.
"""

import re
from pathlib import Path
from typing import Any, Collection, Iterator, List, Sequence

from ...extras import need
from ..names import clean_name
from ..schema import Property
from .sink import ImportSink
from .streams import Line, Reject

SOURCE_LANGUAGE = "en"
_PARENTHESES = re.compile(r"\s*\([^()]*\)")
_LANGUAGE_TAG = re.compile(r'"@[a-z-]+$')


class WebNlgImporter:
    """Reads a folder of WebNLG files.

    languages (Collection[str]): The languages of names; empty for all.
    properties (Collection[str]): The properties of facts; empty for all.
    """

    suffixes: Sequence[str] = (".xml",)

    def __init__(self, languages: Collection[str] = (), properties: Collection[str] = ()) -> None:
        self._parse = need("defusedxml.ElementTree", extra="kb").iterparse
        self._forbidden = need("defusedxml.common", extra="kb").DefusedXmlException
        self.languages = frozenset(languages)
        self.properties = frozenset(properties)

    def records(self, paths: Sequence[Path], reject: Reject) -> Iterator[Line]:
        """Yield triples and links, each as a line of its own; the number is that of the entry."""
        read = 0
        for path in paths:
            number = 0
            try:
                for _, element in self._parse(str(path), forbid_dtd=True):
                    if element.tag == "entry":
                        number += 1
                        for text in _statements(element):
                            yield Line(path, number, text, read)
                        element.clear()
            except (SyntaxError, self._forbidden) as error:
                reject(path, number + 1, f"bad XML from this entry on: {error!r}", "")
            read += path.stat().st_size

    def take(self, record: Line, sink: ImportSink) -> None:
        """Read a triple, or a link between names."""
        kind, _, text = record.text.partition("\t")
        parts = [part.strip() for part in text.split(" | ")]
        if len(parts) != 3 or not all(parts):
            raise ValueError(f"not a {kind} of three parts")
        first, middle, last = parts
        if kind != "triple":
            source, target = kind.split("2")
            if middle == "sameAs":
                self._name(sink, entity_id(first), source, first)
                self._name(sink, entity_id(first), target, last)
        elif not self.properties or middle in self.properties:
            for value in (first, last):
                self._name(sink, entity_id(value), SOURCE_LANGUAGE, entity_id(value))
            sink.add_property(Property(middle, names={SOURCE_LANGUAGE: spelled(middle)}))
            sink.add_fact(entity_id(first), middle, entity_id(last))

    def _name(self, sink: ImportSink, entity: str, lang: str, name: str) -> None:
        name = clean_name(_PARENTHESES.sub("", name.replace("_", " "))) or clean_name(name)
        if name and (not self.languages or lang in self.languages):
            sink.add_name(entity, lang, name)


def _statements(entry: Any) -> List[str]:
    found = [f"triple\t{element.text}" for element in entry.iterfind("modifiedtripleset/mtriple") if element.text]
    for link in entry.iterfind("links/link"):
        if link.text and "2" in link.get("direction", ""):
            found.append(f"{link.get('direction')}\t{link.text}")
    return found


def entity_id(value: str) -> str:
    """Return what a triple's subject or object is called: without quotes, language tag and underscores."""
    return clean_name(_LANGUAGE_TAG.sub('"', value).strip('"').replace("_", " ")) or value


def spelled(property_: str) -> str:
    """Return a property's name as words: "birthPlace" is "birth place"."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", " ", property_).replace("_", " ").lower()
