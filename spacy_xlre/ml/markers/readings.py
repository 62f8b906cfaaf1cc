"""Two entities read once for both of their pairs: markers say which stands first, the classifier which is the head."""

from dataclasses import replace
from typing import Callable, List, NamedTuple, Sequence, Tuple

import numpy as np
from thinc.api import Ops
from thinc.types import Floats2d

from ..relations.pairs import BoolArray, DocPairs, IntArray
from ..relations.segments import gather


class Readings(NamedTuple):
    """What is read of the pairs of a batch.

    pairs (List[DocPairs]): For each Doc, every two entities once in a context; the head is the one that stands first.
    of_pair (IntArray): Each original pair's reading, numbered through all Docs, shape (n_pairs,).
    backward (BoolArray): Whether the original pair's head stands after its tail, shape (n_pairs,).
    """

    pairs: List[DocPairs]
    of_pair: IntArray
    backward: BoolArray


def join_readings(doc_pairs: Sequence[DocPairs]) -> Readings:
    """Find the two entities of each pair, and put those of both directions together.

    doc_pairs (Sequence[DocPairs]): The candidates of a batch.
    RETURNS (Readings): One reading for a pair and its reverse, if they see the same context.
    """
    joined, of_pair, backward, offset = [], [], [], 0
    for pairs in doc_pairs:
        ends = np.sort(np.stack([pairs.heads, pairs.tails], axis=1), axis=1)
        _, rows, own = np.unique(np.hstack([ends, pairs.context]), axis=0, return_index=True, return_inverse=True)
        kept = {name: getattr(pairs, name)[rows] for name in ("context", "allowed")}
        joined.append(replace(pairs, heads=ends[rows, 0], tails=ends[rows, 1], **kept))
        of_pair.append(own.reshape(-1) + offset)
        backward.append(pairs.heads > pairs.tails)
        offset += len(rows)
    return Readings(joined, np.concatenate(of_pair), np.concatenate(backward))


def by_direction(ops: Ops, vectors: Floats2d, readings: Readings) -> Tuple[Floats2d, Callable[[Floats2d], Floats2d]]:
    """Give each pair the vector of its reading, in the left half if its head stands first, else in the right one.

    ops (Ops): Backend of the arrays.
    vectors (Floats2d): Of the readings, shape (n_readings, width).
    readings (Readings): The readings.
    RETURNS (Tuple[Floats2d, Callable]): Vectors of the pairs, shape (n_pairs, 2 * width), the other half being 0; and
        the backward.
    """
    width = vectors.shape[1]
    backward = ops.xp.asarray(readings.backward)[:, None]
    own, backprop_own = gather(ops, vectors, readings.of_pair)

    def backprop(d_halves: Floats2d) -> Floats2d:
        return backprop_own(ops.xp.where(backward, d_halves[:, width:], d_halves[:, :width]))

    return ops.xp.hstack([ops.xp.where(backward, 0.0, own), ops.xp.where(backward, own, 0.0)]), backprop
