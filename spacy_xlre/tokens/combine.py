"""Joining Docs without losing relations or alignments, which `Doc.from_docs` drops."""

from typing import List, Sequence, Tuple

from spacy.tokens import Doc, Span, SpanGroup

from ..errors import Errors, fail
from .bitext import GROUP as BITEXT_GROUP
from .relations import GROUP as RELATIONS_GROUP
from .relations import (
    PairNegative,
    Relation,
    get_bitext_id,
    get_language,
    move_relations,
    set_bitext_id,
    set_language,
    set_relations,
)
from .spans import read_spans


def concat(docs: Sequence[Doc]) -> Doc:
    """Join Docs into one that keeps entities, relations and all that `Doc.from_docs` keeps.

    docs (Sequence[Doc]): At least one Doc, all of one vocabulary. A space is put between two Docs.
    RETURNS (Doc): The joined Doc. It has the language and the bitext id of its parts where they agree. A single bitext
        keeps its segments and alignments; several bitexts do not make one bitext, so their segments are left out.
    RAISES (XlreError): If there are no Docs.
    """
    if not docs:
        raise fail(Errors.X014)
    for doc in docs:
        for name in (RELATIONS_GROUP, BITEXT_GROUP):
            read_spans(doc, name)
    joined = Doc.from_docs(list(docs), ensure_whitespace=True)
    relations: List[Relation] = []
    negatives: List[PairNegative] = []
    unknown: List[Tuple[Span, Span]] = []
    offset = 0
    for doc in docs:

        def moved(span: Span, offset: int = offset) -> Span:
            return Span(joined, span.start + offset, span.end + offset, label=span.label, kb_id=span.kb_id)

        own = move_relations(doc, moved)
        relations += own[0]
        negatives += own[1]
        unknown += own[2]
        offset += len(doc)
    set_relations(joined, relations, negatives=negatives, unknown=unknown)
    languages, bitexts = {get_language(doc) for doc in docs}, {get_bitext_id(doc) for doc in docs}
    if len(languages) == 1:
        set_language(joined, languages.pop())
    if len(bitexts) == 1 and "" not in bitexts:
        set_bitext_id(joined, bitexts.pop())
    if len(docs) == 1 and BITEXT_GROUP in docs[0].spans:
        group = docs[0].spans[BITEXT_GROUP]
        spans = [moved(span, 0) for span in read_spans(docs[0], BITEXT_GROUP)]
        joined.spans[BITEXT_GROUP] = SpanGroup(joined, name=BITEXT_GROUP, attrs=dict(group.attrs), spans=spans)
    elif BITEXT_GROUP in joined.spans:
        del joined.spans[BITEXT_GROUP]
    return joined
