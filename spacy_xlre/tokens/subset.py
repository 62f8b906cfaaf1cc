"""A bitext without some of its segments."""

from typing import Collection, Dict, List, Optional, Union

import numpy
from spacy.tokens import Doc, Span, SpanGroup

from ..errors import Errors, fail
from .bitext import GROUP, get_segments
from .relations import (
    get_bitext_id,
    get_language,
    move_relations,
    set_bitext_id,
    set_language,
    set_relations,
)

# What a token keeps; a parse may cross sentences that are kept and is left out.
ATTRS: List[Union[int, str]] = [
    "LEMMA",
    "POS",
    "TAG",
    "MORPH",
    "SENT_START",
    "ENT_IOB",
    "ENT_TYPE",
    "ENT_KB_ID",
    "ENT_ID",
]


def keep_segments(doc: Doc, languages: Collection[str]) -> Doc:
    """Return a bitext with some of a bitext's segments: their text, tokens, entities, alignments and relations.

    doc (Doc): The bitext; it is not changed.
    languages (Collection[str]): The languages to keep, two or more.
    RETURNS (Doc): The bitext itself if all are kept, a new one otherwise, with the same id.
    RAISES (XlreError): If the Doc is not a bitext, has not all of the languages, or fewer than two are kept.
    """
    segments = get_segments(doc)
    for lang in languages:
        if lang not in segments:
            raise fail(Errors.X007, lang=lang, langs=", ".join(segments))
    if len(set(languages)) == len(segments):
        return doc
    if len(set(languages)) < 2:
        raise fail(Errors.X004, n=len(set(languages)))
    order = [lang for lang in segments if lang in languages]
    rows: List[int] = []
    for lang in order:
        # Every segment but the first has a separator before it.
        start = segments[lang].start - (1 if rows else 0)
        rows += range(start, segments[lang].end)
    moved = {row: place for place, row in enumerate(rows)}
    tokens = [doc[row] for row in rows]
    part = Doc(doc.vocab, words=[t.text for t in tokens], spaces=[bool(t.whitespace_) for t in tokens])
    part.from_array(ATTRS, doc.to_array(ATTRS)[numpy.array(rows)])

    def move(span: Span) -> Optional[Span]:
        start = moved.get(span.start)
        return None if start is None else Span(part, start, start + len(span), label=span.label, kb_id=span.kb_id)

    kept = [Span(part, moved[s.start], moved[s.end - 1] + 1, label=s.label) for s in (segments[lang] for lang in order)]
    _move_alignments(doc, part, list(segments), order, kept)
    relations, negatives, unknown = move_relations(doc, move)
    set_relations(part, relations, negatives=negatives, unknown=unknown)
    set_language(part, get_language(doc))
    set_bitext_id(part, get_bitext_id(doc))
    return part


def _move_alignments(doc: Doc, part: Doc, before: List[str], after: List[str], spans: List[Span]) -> None:
    """Take over the alignments of kept segments; they count characters from the segments' starts, which stay."""
    attrs: Dict[str, object] = dict(doc.spans[GROUP].attrs)
    alignments = []
    for source, target, *rest in attrs.get("alignments", []):  # type: ignore[attr-defined]
        if before[source] in after and before[target] in after:
            alignments.append([after.index(before[source]), after.index(before[target]), *rest])
    part.spans[GROUP] = SpanGroup(part, name=GROUP, attrs={**attrs, "alignments": alignments}, spans=spans)
