"""Reading a span group whose Doc may have been retokenized since.

spaCy's retokenizer leaves the token indices in `doc.spans` as they were, so that they name other tokens, or none. Their
character offsets still hold, so reading a group through this module puts it right. Until then spaCy may refuse to copy
or store the Doc.
"""

import struct
from typing import List

import srsly
from spacy.tokens import Doc, Span, SpanGroup

# How `SpanGroup.to_bytes` packs a span: id, kb_id, label, start, end, start_char, end_char.
_PACKED = struct.Struct(">QQQllll")


def read_spans(doc: Doc, name: str) -> List[Span]:
    """Return the spans of a group in their order, an empty list if there is no such group.

    If the Doc was retokenized since, the spans are found again by their characters, and the group is put right. A span
    that begins or ends inside a merged token grows to cover it.
    """
    group = doc.spans.get(name)
    if group is None:
        return []
    try:
        spans = list(group)
        if all(_is_current(doc, span) for span in spans):
            return spans
    except IndexError:
        pass  # a span that ends behind the last token
    spans = []
    for packed in srsly.msgpack_loads(group.to_bytes())["spans"]:
        span_id, kb_id, label, _, _, start, end = _PACKED.unpack(packed)
        span = doc.char_span(start, end, label=label, kb_id=kb_id, span_id=span_id, alignment_mode="expand")
        spans.append(span)
    doc.spans[name] = SpanGroup(doc, name=group.name, attrs=group.attrs, spans=spans)
    return spans


def _is_current(doc: Doc, span: Span) -> bool:
    if span.start == span.end:
        return True
    last = doc[span.end - 1]
    return doc[span.start].idx == span.start_char and last.idx + len(last) == span.end_char
