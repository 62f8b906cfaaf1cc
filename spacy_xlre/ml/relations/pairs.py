"""Candidate pairs as plain arrays: per Doc as the candidate getter makes them, and joined for a batch."""

from dataclasses import dataclass, field
from typing import Iterator, List, Sequence, Tuple

import numpy as np
from numpy.typing import NDArray

IntArray = NDArray[np.int64]
KeyArray = NDArray[np.uint64]
BoolArray = NDArray[np.bool_]


@dataclass(frozen=True)
class DocPairs:
    """The candidate pairs of one Doc.

    n_tokens (int): Tokens of the Doc.
    spans (IntArray): Entities as half-open token ranges, shape (n_entities, 2), in text order.
    types (KeyArray): Hashes of the entities' labels, shape (n_entities,); 0 is an entity without a label.
    heads, tails (IntArray): Rows of `spans`, shape (n_pairs,) each.
    context (IntArray): The token range that a pair may look at, shape (n_pairs, 2); it holds both entities.
    allowed (BoolArray): Which labels are possible for a pair, shape (n_pairs, n_labels).
    n_left_out (int): Pairs that the budget cut off.
    """

    n_tokens: int
    spans: IntArray
    types: KeyArray
    heads: IntArray
    tails: IntArray
    context: IntArray
    allowed: BoolArray
    n_left_out: int = 0

    def __len__(self) -> int:
        return len(self.heads)

    def keys(self) -> List[Tuple[int, int, int, int]]:
        """Return (head start, head end, tail start, tail end) of every pair."""
        rows = np.hstack([self.spans[self.heads], self.spans[self.tails]])
        return [tuple(row) for row in rows.tolist()]


@dataclass(frozen=True)
class PairBatch:
    """The candidate pairs of several Docs over the concatenation of their tokens; fields as in `DocPairs`.

    windows (IntArray): The distinct context ranges, shape (n_windows, 2), sorted.
    order (IntArray): The pairs sorted by window, shape (n_pairs,).
    offsets (IntArray): Where each window's pairs begin in `order`, shape (n_windows + 1,).
    """

    n_tokens: int
    spans: IntArray
    types: KeyArray
    heads: IntArray
    tails: IntArray
    context: IntArray
    windows: IntArray = field(repr=False)
    order: IntArray = field(repr=False)
    offsets: IntArray = field(repr=False)

    def __len__(self) -> int:
        return len(self.heads)


def collate(docs: Sequence[DocPairs]) -> PairBatch:
    """Join the pairs of several Docs, shifting tokens and entities.

    docs (Sequence[DocPairs]): At least one Doc.
    RETURNS (PairBatch): Pairs in the order of the Docs.
    """
    token_shift = np.cumsum([0] + [doc.n_tokens for doc in docs])
    entity_shift = np.cumsum([0] + [len(doc.spans) for doc in docs])
    context = np.concatenate([doc.context + shift for doc, shift in zip(docs, token_shift)])
    windows, window_of = np.unique(context, axis=0, return_inverse=True)
    window_of = window_of.reshape(-1)
    return PairBatch(
        n_tokens=int(token_shift[-1]),
        spans=np.concatenate([doc.spans + shift for doc, shift in zip(docs, token_shift)]),
        types=np.concatenate([doc.types for doc in docs]),
        heads=np.concatenate([doc.heads + shift for doc, shift in zip(docs, entity_shift)]),
        tails=np.concatenate([doc.tails + shift for doc, shift in zip(docs, entity_shift)]),
        context=context,
        windows=windows,
        order=np.argsort(window_of, kind="stable"),
        offsets=np.searchsorted(np.sort(window_of), np.arange(len(windows) + 1)),
    )


def split_batch(docs: Sequence[DocPairs], most: int) -> Iterator[List[int]]:
    """Split a batch by its pairs.

    docs (Sequence[DocPairs]): The pairs of each Doc.
    most (int): The most pairs of a part; a Doc with more is a part of its own.
    YIELDS (List[int]): The places of each part's Docs, in order, without those that have no pair.
    """
    part: List[int] = []
    total = 0
    for place, doc in enumerate(docs):
        if part and total + len(doc) > most:
            yield part
            part, total = [], 0
        if len(doc):
            part.append(place)
            total += len(doc)
    if part:
        yield part
