"""Projection: geometry over links, with worked examples and properties."""

from spacy.language import Language
from spacy.tokens import Doc

from spacy_xlre.tokens import Link, PairAlignment, get_segments, make_bitext, set_alignment


def bitext(source: str, target: str, links: str) -> Doc:
    """A bitext of two segments with links written as `0-0 1-2:0.5`."""
    doc = make_bitext(Language(), {"en": source, "de": target})
    segments = list(get_segments(doc).values())
    parsed = []
    for link in links.split():
        pair, _, prob = link.partition(":")
        i, j = pair.split("-")
        parsed.append(Link(int(i), int(j), float(prob or 1.0)))
    set_alignment(
        doc, [PairAlignment(segments[0], segments[1], [], sorted(parsed, key=lambda li: (li.source, li.target)))]
    )
    return doc


def project(doc: Doc, start: int, end: int, lang: str = "en", to: str = "de"):
    return doc._.alignment.project(get_segments(doc)[lang][start:end], to=to)
