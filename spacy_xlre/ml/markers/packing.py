"""Rows of word pieces with markers around the entities of candidate pairs: packed beside the text, or inserted into it.

Packed markers (levitated markers of Zhong and Chen 2021, "A Frustratingly Easy Approach for Entity and Relation
Extraction", and Ye et al. 2022, "Packed Levitated Marker for Entity and Relation Extraction"): the text is read once.
Behind it stand four markers a pair. They borrow the positions of the first and last pieces of its two entities, attend
to the text and to one another; the text does not attend to them, so a pair's vectors do not depend on which others are
in its row. Inserted markers stand in the text, which attends to them: one row a pair.
"""

from dataclasses import dataclass
from typing import Iterator, List, NamedTuple, Sequence, Tuple

import numpy as np
from spacy.tokens import Doc

from ..pieces import tokens_of_pieces
from ..relations.pairs import DocPairs, IntArray

# Around the head and around the tail.
N_MARKERS = 4


class MarkedRow(NamedTuple):
    """A row for the encoder.

    ids, positions (IntArray): Word pieces and their position ids, shape (n_pieces,).
    groups (IntArray): 0 for what everything attends to; packed markers have the number of their pair, from 1.
    roles (IntArray): 0 to 3 for markers at the start and end of the head, and of the tail; -1 for other pieces.
    pairs (IntArray): The row's pairs by their number in the batch, shape (n_pairs,).
    columns (IntArray): Where their markers stand in the row, shape (n_pairs, N_MARKERS).
    """

    ids: IntArray
    positions: IntArray
    groups: IntArray
    roles: IntArray
    pairs: IntArray
    columns: IntArray


class TextPieces(NamedTuple):
    """The word pieces of a text, and the range of tokens that each overlaps, non-decreasing, shape (n_pieces,) each."""

    ids: IntArray
    first: IntArray
    last: IntArray


@dataclass(frozen=True)
class Layout:
    """What rows look like.

    before, after (Sequence[int]): The special pieces around a text.
    markers (Sequence[int]): The pieces that mark starts and ends of head and tail, N_MARKERS of them.
    max_positions (int): The most positions of the encoder: text, special pieces, and inserted markers.
    row_pieces (int): The most pieces of a row of packed markers, as far as one pair fits; the rest goes to more rows.
    first_position (int): The position id of a row's first piece.
    packed (bool): Whether markers are packed beside the text or inserted.
    entity_pieces (bool): Whether packed markers are copies of their entities' first and last pieces, not of `markers`.
    """

    before: Sequence[int]
    after: Sequence[int]
    markers: Sequence[int]
    max_positions: int
    row_pieces: int
    first_position: int
    packed: bool
    entity_pieces: bool = False

    @property
    def max_text(self) -> int:
        """The most pieces of a text in a row."""
        inserted = 0 if self.packed else N_MARKERS
        return max(1, self.max_positions - len(self.before) - len(self.after) - inserted)


def mark_pairs(backend: object, layout: Layout, docs: Sequence[Doc], doc_pairs: Sequence[DocPairs]) -> List[MarkedRow]:
    """Make the rows of a batch. Each pair is in one of them, and nothing of its entities' ends is cut off.

    A pair sees its context as the candidate getter chose it. If that has more pieces than fit, the pair gets those that
    stand nearest to the ends of its entities, in their order, in a row of its own.

    backend (Tokenizer): The encoder's tokenizer.
    layout (Layout): What rows look like.
    docs (Sequence[Doc]): The Docs.
    doc_pairs (Sequence[DocPairs]): Their candidates.
    RETURNS (List[MarkedRow]): Pairs are numbered through all Docs.
    """
    contexts: List[Tuple[Doc, DocPairs, int, int, IntArray]] = []
    offset = 0
    for doc, pairs in zip(docs, doc_pairs):
        for start, end in np.unique(pairs.context, axis=0).tolist():
            rows = np.flatnonzero((pairs.context == (start, end)).all(axis=1))
            contexts.append((doc, pairs, start, offset, rows))
        offset += len(pairs)
    texts = cut_texts(backend, [doc[start : int(pairs.context[rows[0], 1])] for doc, pairs, start, _, rows in contexts])
    found: List[MarkedRow] = []
    for (_, pairs, start, offset, rows), text in zip(contexts, texts):
        heads = piece_ranges(text, pairs.spans[pairs.heads[rows]] - start)
        tails = piece_ranges(text, pairs.spans[pairs.tails[rows]] - start)
        found += rows_of_text(layout, text, heads, tails, rows + offset)
    return found


def cut_texts(backend: object, spans: Sequence[object]) -> List[TextPieces]:
    """Cut the texts of spans into word pieces, and say which of the span's tokens each overlaps."""
    texts = [str(span) for span in spans]
    backend.no_truncation()  # type: ignore[attr-defined]
    backend.no_padding()  # type: ignore[attr-defined]
    cut = []
    for span, text, encoding in zip(spans, texts, backend.encode_batch(texts, add_special_tokens=False)):  # type: ignore[attr-defined]
        begin = span.start_char  # type: ignore[attr-defined]
        tokens = [(token.idx - begin, token.idx - begin + len(token)) for token in span]  # type: ignore[attr-defined]
        ranges = np.array(encoding.offsets, dtype="int64").reshape(-1, 2)
        first, last = tokens_of_pieces(ranges, text, tokens)
        # A piece on no token stands between its neighbours.
        empty = last <= first
        last = np.maximum.accumulate(last) if len(last) else last
        cut.append(TextPieces(np.array(encoding.ids, dtype="int64"), np.where(empty, last, first), last))
    return cut


def piece_ranges(text: TextPieces, spans: IntArray) -> IntArray:
    """Return the ranges of pieces that cover token spans; a span without pieces gets the piece where it would be.

    spans (IntArray): Half-open token ranges, shape (n_spans, 2).
    RETURNS (IntArray): Half-open piece ranges, never empty, shape (n_spans, 2).
    """
    most = max(len(text.ids) - 1, 0)
    starts = np.minimum(np.searchsorted(text.last, spans[:, 0], side="right"), most)
    ends = np.searchsorted(text.first, spans[:, 1], side="left")
    return np.stack([starts, np.maximum(ends, starts + 1)], axis=1)


def rows_of_text(
    layout: Layout, text: TextPieces, heads: IntArray, tails: IntArray, pairs: IntArray
) -> Iterator[MarkedRow]:
    """Yield the rows of one text.

    layout (Layout): What rows look like.
    text (TextPieces): The text.
    heads, tails (IntArray): Half-open piece ranges of the pairs' entities, shape (n_pairs, 2) each.
    pairs (IntArray): The pairs' numbers, shape (n_pairs,).
    """
    ends = np.concatenate([heads, tails], axis=1)
    if len(text.ids) > layout.max_text:
        for pair, own in zip(pairs, ends):
            kept = nearest_pieces(len(text.ids), own, layout.max_text)
            yield marked_row(layout, text.ids[kept], _moved(own, kept)[None], np.array([pair]))
        return
    room = layout.row_pieces - len(layout.before) - len(text.ids) - len(layout.after)
    size = max(1, room // N_MARKERS) if layout.packed else 1
    for start in range(0, len(pairs), size):
        yield marked_row(layout, text.ids, ends[start : start + size], pairs[start : start + size])


def nearest_pieces(n_pieces: int, ends: IntArray, budget: int) -> IntArray:
    """Choose the pieces that stand nearest to the ends of two entities.

    n_pieces (int): Pieces of the text.
    ends (IntArray): Start and end of the head's pieces, then of the tail's, shape (4,).
    budget (int): How many pieces to keep, below n_pieces.
    RETURNS (IntArray): Their indices in order, shape (budget,).
    """
    pieces = np.arange(n_pieces)
    edges = ends - np.array([0, 1, 0, 1])
    distance = np.abs(pieces[:, None] - edges[None, :]).min(axis=1)
    return np.sort(np.argsort(distance, kind="stable")[:budget])


def _moved(ends: IntArray, kept: IntArray) -> IntArray:
    """Return where the ends of entities are among the kept pieces."""
    starts, lasts = np.searchsorted(kept, ends[[0, 2]]), np.searchsorted(kept, ends[[1, 3]] - 1, side="right")
    starts = np.minimum(starts, len(kept) - 1)
    lasts = np.maximum(lasts, starts + 1)
    return np.array([starts[0], lasts[0], starts[1], lasts[1]])


def marked_row(layout: Layout, ids: IntArray, ends: IntArray, pairs: IntArray) -> MarkedRow:
    """Put markers to a text. ends (IntArray): Start and end of head and tail in pieces, shape (n_pairs, 4)."""
    if not layout.packed:
        return _inserted(layout, ids, ends[0], pairs)
    base = np.concatenate([layout.before, ids, layout.after]).astype("int64")
    n_base, n_pairs = len(base), len(pairs)
    at = len(layout.before) + ends - np.array([0, 1, 0, 1])
    at = np.minimum(at, n_base - 1)
    markers = base[at.ravel()] if layout.entity_pieces else np.tile(layout.markers, n_pairs)
    return MarkedRow(
        ids=np.concatenate([base, markers]).astype("int64"),
        positions=layout.first_position + np.concatenate([np.arange(n_base), at.ravel()]),
        groups=np.concatenate([np.zeros(n_base, dtype="int64"), np.repeat(np.arange(1, n_pairs + 1), N_MARKERS)]),
        roles=np.concatenate([np.full(n_base, -1), np.tile(np.arange(N_MARKERS), n_pairs)]),
        pairs=pairs,
        columns=n_base + np.arange(n_pairs * N_MARKERS).reshape(n_pairs, N_MARKERS),
    )


def _inserted(layout: Layout, ids: IntArray, ends: IntArray, pairs: IntArray) -> MarkedRow:
    head_start, head_end, tail_start, tail_end = np.minimum(ends, len(ids)).tolist()
    # At one place ends come before starts; of nested entities, the outer one starts first and ends last.
    marks = sorted(
        [
            (head_start, 1, -head_end, 0),
            (head_end, 0, -head_start, 1),
            (tail_start, 1, -tail_end, 2),
            (tail_end, 0, -tail_start, 3),
        ]
    )
    places, roles = [mark[0] for mark in marks], [mark[3] for mark in marks]
    n_before = len(layout.before)
    marked = np.insert(ids, places, [layout.markers[role] for role in roles])
    row = np.concatenate([layout.before, marked, layout.after]).astype("int64")
    columns = np.zeros(N_MARKERS, dtype="int64")
    columns[roles] = n_before + np.array(places) + np.arange(N_MARKERS)
    all_roles = np.full(len(row), -1)
    all_roles[columns] = np.arange(N_MARKERS)
    return MarkedRow(
        ids=row,
        positions=layout.first_position + np.arange(len(row)),
        groups=np.zeros(len(row), dtype="int64"),
        roles=all_roles,
        pairs=pairs,
        columns=columns[None],
    )


def batches(rows: Sequence[MarkedRow], batch_pieces: int) -> Iterator[List[MarkedRow]]:
    """Yield rows of like length together, as many as fit a number of pieces, padding counted."""
    batch: List[MarkedRow] = []
    for row in sorted(rows, key=lambda row: len(row.ids)):
        if batch and (len(batch) + 1) * len(row.ids) > batch_pieces:
            yield batch
            batch = []
        batch.append(row)
    if batch:
        yield batch


def stack(arrays: Sequence[IntArray], padding: int) -> IntArray:
    """Put arrays of different lengths below one another, shape (n_arrays, longest)."""
    stacked = np.full((len(arrays), max(len(array) for array in arrays)), padding, dtype="int64")
    for row, array in zip(stacked, arrays):
        row[: len(array)] = array
    return stacked
