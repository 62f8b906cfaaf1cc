"""The marked corpus format: parallel documents whose sentences carry their mentions as `[[surface|entity-id]]`.

One JSON object a line:

    {"id": "…", "domain": "…",
     "entities": {"ENTITY-ID": {"type": "PER", …}, …},
     "sentences": {"en": ["[[Ada|ada-id]] was born in [[London|london-id]].", …], "de": […], …},
     "beads": [{"en": [0], "de": [0, 1], …, "expressed": [["ada-id", "P19", "london-id"], …], "cooccur": […]}, …]}

A bead lists the sentences of each language that say the same; an empty list means that the language leaves it out.
`expressed` lists what the bead states, `cooccur` facts that are true of two entities mentioned there but not stated.
"""

import json
import re
from dataclasses import dataclass
from typing import Any, Dict, Iterator, List, Sequence, Tuple

from ..errors import Errors, fail
from ..files import PathLike, read_lines

MARK = re.compile(r"\[\[([^\[\]|]+)\|([^\[\]|]+)\]\]")

Triple = Tuple[str, str, str]


@dataclass(frozen=True)
class MarkedMention:
    """A mention by its character range in the text without marks, and its entity id."""

    start: int
    end: int
    entity: str


@dataclass(frozen=True)
class MarkedSentence:
    """A sentence without its marks, and the mentions that they marked."""

    text: str
    mentions: List[MarkedMention]


@dataclass(frozen=True)
class MarkedBead:
    """Aligned sentences by language, and the triples (head, property, tail) that they state (`expressed`) or do not
    state although they are true of two entities mentioned (`cooccur`)."""

    sentences: Dict[str, List[int]]
    expressed: List[Triple]
    cooccur: List[Triple]


@dataclass(frozen=True)
class MarkedDocument:
    """One document in all its languages, with entity types by id."""

    id: str
    domain: str
    types: Dict[str, str]
    sentences: Dict[str, List[MarkedSentence]]
    beads: List[MarkedBead]


def read_marked(path: PathLike) -> Iterator[MarkedDocument]:
    """Yield the documents of a marked corpus file.

    RAISES (XlreError): For a line that is not JSON, lacks a field, holds a broken mark, or names an entity or a
        sentence that the document has not; the message says which line.
    """
    for number, line in read_lines(path):
        if not line.strip():
            continue
        try:
            yield _document(json.loads(line))
        except (json.JSONDecodeError, KeyError, TypeError, AttributeError, IndexError, ValueError) as error:
            reason = f"no field {error}" if isinstance(error, KeyError) else str(error)
            raise fail(Errors.X501, path=path, line=number, reason=reason) from None


def parse_marks(marked: str) -> MarkedSentence:
    """Split a sentence with `[[surface|id]]` marks into its plain text and its mentions.

    RAISES (ValueError): If a bracket pair is left over.
    """
    text, mentions, last = [], [], 0
    length = 0
    for match in MARK.finditer(marked):
        before = marked[last : match.start()]
        surface, entity = match.groups()
        start = length + len(before)
        mentions.append(MarkedMention(start, start + len(surface), entity))
        text += [before, surface]
        length = start + len(surface)
        last = match.end()
    plain = "".join(text) + marked[last:]
    if "[[" in plain or "]]" in plain:
        raise ValueError(f"broken mark in {marked!r}")
    return MarkedSentence(plain, mentions)


def separator(lang: str) -> str:
    """What stands between two sentences of a language: nothing where the script has no spaces, else one space."""
    return "" if lang.split("-")[0] in {"zh", "ja", "th", "lo", "km", "my"} else " "


def plain_text(sentences: Sequence[MarkedSentence], lang: str) -> str:
    """Return the text of a document in one language, without marks."""
    return separator(lang).join(sentence.text for sentence in sentences)


def _document(record: Dict[str, Any]) -> MarkedDocument:
    types = {entity: data["type"] for entity, data in record["entities"].items()}
    sentences = {lang: [parse_marks(sentence) for sentence in group] for lang, group in record["sentences"].items()}
    unknown = {m.entity for group in sentences.values() for s in group for m in s.mentions} - set(types)
    if unknown:
        raise ValueError(f"mentions of entities that the document does not list: {', '.join(sorted(unknown))}")
    beads = []
    for bead in record["beads"]:
        indices = {lang: list(bead[lang]) for lang in sentences if lang in bead}
        for lang, group in indices.items():
            if any(not 0 <= index < len(sentences[lang]) for index in group):
                raise ValueError(f"a bead names a sentence that '{lang}' has not: {group}")
        beads.append(MarkedBead(indices, _triples(bead["expressed"]), _triples(bead.get("cooccur", []))))
    return MarkedDocument(record["id"], record.get("domain", ""), types, sentences, beads)


def _triples(rows: Sequence[Sequence[str]]) -> List[Triple]:
    return [(head, label, tail) for head, label, tail in rows]
