"""Docs with other words in the place of some spans."""

from typing import List, Sequence, Tuple, Union

from spacy.tokens import Doc, Span

from .relations import get_bitext_id, get_language, move_relations, set_language, set_relations


def replace_spans(doc: Doc, replacements: Sequence[Tuple[Span, Doc]]) -> Doc:
    """Return a Doc in which some spans are replaced by other text.

    doc (Doc): A monolingual Doc; it is not changed.
    replacements (Sequence[Tuple[Span, Doc]]): Spans of it that do not overlap, and for each the tokens to put there.
    RETURNS (Doc): A new Doc with the sentences, entities, relations, language and bitext id of the old one. What else
        was annotated (tags, a parse) is left out. A span that shares tokens with a replaced one grows to hold it.
    """
    new_at = {span.start: (span.end, part) for span, part in replacements}
    words: List[str] = []
    spaces: List[bool] = []
    starts: List[Union[bool, int, None]] = []
    first: List[int] = []
    last: List[int] = []
    inside = False if doc.has_annotation("SENT_START") else None
    position = 0
    while position < len(doc):
        begin, before = position, len(words)
        position, part = new_at.get(begin, (begin + 1, doc[begin : begin + 1]))
        words += [token.text for token in part]
        spaces += [bool(token.whitespace_) for token in part]
        spaces[-1] = bool(doc[position - 1].whitespace_)
        starts += [doc[begin].is_sent_start, *[inside] * (len(words) - before - 1)]
        first += [before] * (position - begin)
        last += [len(words)] * (position - begin)
    new = Doc(doc.vocab, words=words, spaces=spaces, sent_starts=starts)

    def move(span: Span) -> Span:
        return Span(new, first[span.start], last[span.end - 1], label=span.label, kb_id=span.kb_id)

    new.set_ents([move(ent) for ent in doc.ents])
    relations, negatives, unknown = move_relations(doc, move)
    set_relations(new, relations, negatives=negatives, unknown=unknown)
    set_language(new, get_language(doc), bitext=get_bitext_id(doc))
    return new
