"""RDF: N-Triples and Turtle, such as Wikidata's "truthy" dump or DBpedia's files, read by pyoxigraph's parser.

Ids are the last parts of IRIs. Names are `rdfs:label`, `skos:prefLabel` (usual ones), `skos:altLabel`,
`schema:alternateName` and `foaf:name`, with their language tags. `rdf:type` and P31 give classes, `rdfs:subClassOf`
and P279 classes of classes. Every other triple between two IRIs is a fact; its property is described by what the file
says of it: its names, and `rdfs:domain` and `rdfs:range` as its types.
"""

from pathlib import Path
from typing import Any, Collection, Iterator, List, Optional, Sequence
from urllib.parse import unquote

from ...errors import Errors, fail
from ...extras import need
from ..names import clean_name
from ..schema import Property
from .sink import ImportSink
from .streams import Line, Reject, read_stream

USUAL_NAMES = frozenset({"label", "prefLabel"})
OTHER_NAMES = frozenset({"altLabel", "alternateName", "name"})
CLASSES = frozenset({"type", "P31"})
SUBCLASSES = frozenset({"subClassOf", "P279"})
SIDES = {"domain": "head_types", "range": "tail_types"}
# Links that describe classes, and are no facts.
SCHEMA = frozenset({"type", "subClassOf"})
TYPES = {"Person": "PER", "Organisation": "ORG", "Place": "LOC", "Q5": "PER", "Q43229": "ORG", "Q2221906": "LOC"}


class RdfImporter:
    """Reads N-Triples line by line, so that bad lines can be left out, and Turtle as a whole.

    languages (Collection[str]): The languages of names; empty for all.
    properties (Collection[str]): The properties of facts; empty for all.
    default_language (str): The language of names without a tag; without one they are left out.
    """

    suffixes: Sequence[str] = (".nt", ".ttl", ".nt.gz", ".ttl.gz", ".nt.bz2", ".ttl.bz2")

    def __init__(
        self, languages: Collection[str] = (), properties: Collection[str] = (), default_language: str = ""
    ) -> None:
        self._rdf = need("pyoxigraph", extra="rdf")
        self.languages = frozenset(languages)
        self.properties = frozenset(properties)
        self.default_language = default_language

    def records(self, paths: Sequence[Path], reject: Reject) -> Iterator[Line]:
        """Yield lines of N-Triples, and the triples of Turtle as such lines."""
        for path in paths:
            if ".ttl" in path.suffixes:
                yield from self._turtle(path, reject)
            else:
                lines = (line for line in read_stream([path], reject))
                yield from (line for line in lines if line.text.strip() and not line.text.lstrip().startswith("#"))

    def _turtle(self, path: Path, reject: Reject) -> Iterator[Line]:
        reader = _Reader(line.text + "\n" for line in read_stream([path], reject))
        try:
            for number, triple in enumerate(self._rdf.parse(reader, self._rdf.RdfFormat.TURTLE), start=1):
                yield Line(path, number, f"{triple.subject} {triple.predicate} {triple.object} .", 0)
        except SyntaxError as error:
            raise fail(Errors.X113, path=path, line=error.lineno or 1, reason=error.msg) from None

    def take(self, record: Line, sink: ImportSink) -> None:
        """Read one triple."""
        try:
            (triple,) = self._rdf.parse(record.text, self._rdf.RdfFormat.N_TRIPLES)
        except SyntaxError as error:
            raise ValueError(f"not a triple: {error.msg}") from None
        if not isinstance(triple.subject, self._rdf.NamedNode):
            return
        subject, predicate = _last(triple.subject.value), _last(triple.predicate.value)
        if isinstance(triple.object, self._rdf.Literal):
            self._take_name(sink, subject, predicate, triple.object)
        elif isinstance(triple.object, self._rdf.NamedNode):
            self._take_link(sink, subject, predicate, _last(triple.object.value))

    def _take_name(self, sink: ImportSink, subject: str, predicate: str, literal: Any) -> None:
        lang, name = literal.language or self.default_language, clean_name(literal.value)
        if predicate in USUAL_NAMES | OTHER_NAMES and lang and name and (not self.languages or lang in self.languages):
            sink.add_name(subject, lang, name, usual=predicate in USUAL_NAMES)

    def _take_link(self, sink: ImportSink, subject: str, predicate: str, object_: str) -> None:
        if predicate in CLASSES:
            sink.add_class(subject, object_)
        if predicate in SUBCLASSES:
            sink.add_subclass(subject, object_)
        if predicate in SIDES:
            sink.add_property_class(subject, SIDES[predicate], object_)
        elif predicate not in SCHEMA and (not self.properties or predicate in self.properties):
            sink.add_property(Property(predicate))
            sink.add_fact(subject, predicate, object_)


class _Reader:
    """A text as pyoxigraph reads it: a file of bytes."""

    def __init__(self, lines: Iterator[str]) -> None:
        self._lines = lines
        self._rest = b""

    def read(self, size: Optional[int] = None) -> bytes:
        """Return up to `size` bytes."""
        parts: List[bytes] = [self._rest]
        length = len(self._rest)
        for line in self._lines:
            parts.append(line.encode("utf-8"))
            length += len(parts[-1])
            if size is not None and 0 <= size <= length:
                break
        content = b"".join(parts)
        end = len(content) if size is None or size < 0 else size
        self._rest = content[end:]
        return content[:end]


def _last(iri: str) -> str:
    """Return what an IRI names: its fragment, or the last part of its path."""
    return unquote(iri.rstrip("/").rpartition("#")[2].rpartition("/")[2]).replace("_", " ").strip() or iri
