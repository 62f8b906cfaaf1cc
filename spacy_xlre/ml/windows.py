"""Windows for transformers that never overflow: cut at sentences, inside segments, by an upper bound of word pieces."""

import unicodedata
from typing import Callable, Iterable, Iterator, List, Set, Tuple

from spacy.pipeline import Sentencizer
from spacy.tokens import Doc, Span

from ..errors import Errors, fail
from ..tokens.bitext import get_segments, is_bitext

PieceWindows = Callable[[Iterable[Doc]], List[List[Span]]]

FORMS = ("NFKC", "NFKD", "bytes")
# <s> and </s>, or [CLS] and [SEP].
_SPECIAL_PIECES = 2
_PUNCTUATION = Sentencizer()


def create_piece_windows(max_pieces: int = 512, normalization: str = "NFKC") -> PieceWindows:
    """Make the span getter registered as `spacy_xlre.piece_windows.v1`.

    Windows cover each token once and hold as many whole sentences as fit; where a Doc has no sentence boundaries,
    spaCy's `Sentencizer` guesses them, without setting them on the Doc. Windows never cross the segments of a bitext. A
    sentence that does not fit is cut, after a space if possible. So nothing is silently truncated, also in text without
    spaces. (A single token that alone does not fit is cut by the transformer.)

    The bound of a token is its number of characters after normalisation, plus one. It holds as a piece covers at least
    one character of the normalised text, in which a space before a token is one more character.

    max_pieces (int): The transformer's limit, special pieces included.
    normalization (str): What the tokenizer does before it cuts: "NFKC" for XLM-R, T5 and other SentencePiece models,
        "NFKD" for BERT models that strip accents, "bytes" for byte-level models such as RoBERTa.
    RETURNS (Callable): From Docs to the windows of each.
    RAISES (XlreError): If a setting is out of range.
    """
    if max_pieces <= _SPECIAL_PIECES:
        raise fail(Errors.X320, max_pieces=max_pieces, least=_SPECIAL_PIECES + 1)
    if normalization not in FORMS:
        raise fail(Errors.X321, normalization=normalization, forms=", ".join(FORMS))
    budget = max_pieces - _SPECIAL_PIECES

    def get_piece_windows(docs: Iterable[Doc]) -> List[List[Span]]:
        return [_windows(doc, budget, normalization) for doc in docs]

    return get_piece_windows


def max_piece_counts(doc: Doc, normalization: str = "NFKC") -> List[int]:
    """Return for each token how many word pieces it can become at most, the space before it included."""
    if normalization == "bytes":
        return [len(token.text.encode("utf-8")) + 1 for token in doc]
    texts = (token.text for token in doc)
    return [len(text if text.isascii() else unicodedata.normalize(normalization, text)) + 1 for text in texts]  # type: ignore[arg-type]


def _windows(doc: Doc, budget: int, normalization: str) -> List[Span]:
    costs = max_piece_counts(doc, normalization)
    segment_starts = {segment.start for segment in get_segments(doc).values()} if is_bitext(doc) else set()
    windows: List[Span] = []
    start, cost = 0, 0
    for first, last in _units(doc, costs, segment_starts, budget):
        unit_cost = sum(costs[first:last])
        if first > start and (cost + unit_cost > budget or first in segment_starts):
            windows.append(doc[start:first])
            start, cost = first, 0
        cost += unit_cost
    if start < len(doc):
        windows.append(doc[start:])
    return windows


def _units(doc: Doc, costs: List[int], segment_starts: Set[int], budget: int) -> Iterator[Tuple[int, int]]:
    """Yield the token ranges that windows are made of: sentences, and parts of those that do not fit."""
    starts = {0, *segment_starts}
    if len(doc) > 1 and doc.has_annotation("SENT_START"):
        starts |= {token.i for token in doc if token.is_sent_start}
    else:
        (guesses,) = _PUNCTUATION.predict([doc])
        starts |= {index for index, is_start in enumerate(guesses) if is_start}
    ordered = sorted(starts)
    for first, last in zip(ordered, [*ordered[1:], len(doc)]):
        while sum(costs[first:last]) > budget and last > first + 1:
            end = _cut(doc, costs, first, budget)
            yield first, end
            first = end
        yield first, last


def _cut(doc: Doc, costs: List[int], start: int, budget: int) -> int:
    """Return where the longest window from `start` ends: after a space in its second half, else after any token."""
    end, cost = start + 1, costs[start]
    while cost + costs[end] <= budget:
        cost += costs[end]
        end += 1
    spaces = (index for index in range(end, (start + end) // 2, -1) if doc[index - 1].whitespace_)
    return next(spaces, end)
