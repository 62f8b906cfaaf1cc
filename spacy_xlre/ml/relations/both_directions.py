"""Both directions of a pair judged together: two entities have at most one relation, in one direction.

Candidates are ordered pairs, and a loss of exclusive labels sees each for itself: "A founded B" and "B founded A" may
both be likely. Joined, the labels of one direction, those of the other and NA are one distribution.
"""

from typing import NamedTuple, Sequence, Tuple

import numpy as np
from thinc.api import get_array_module
from thinc.types import Floats2d

from .losses import IMPOSSIBLE
from .pairs import BoolArray, DocPairs, IntArray


def reversed_pairs(doc_pairs: Sequence[DocPairs]) -> IntArray:
    """Find for each candidate pair the one with head and tail exchanged.

    doc_pairs (Sequence[DocPairs]): The candidates of a batch.
    RETURNS (IntArray): Their rows, -1 where the exchanged pair is no candidate; shape (n_pairs,).
    """
    found = [np.zeros((0,), dtype="int64")]
    offset = 0
    for pairs in doc_pairs:
        if len(pairs):
            keys = pairs.heads * len(pairs.spans) + pairs.tails
            wanted = pairs.tails * len(pairs.spans) + pairs.heads
            order = np.argsort(keys)
            places = np.minimum(np.searchsorted(keys, wanted, sorter=order), len(keys) - 1)
            rows = order[places]
            found.append(np.where(keys[rows] == wanted, rows + offset, -1))
        offset += len(pairs)
    return np.concatenate(found)


class JoinedDirections(NamedTuple):
    """A batch with one row for each two entities, instead of one a direction.

    first, second (IntArray): The rows of both directions among the pairs, shape (n_joined,); -1 for a second one that
        is no candidate.
    logits (Floats2d): Of the labels of the first direction, of the second one's, and of NA, which is 0; shape
        (n_joined, 2 * n_labels + 1).
    targets (Floats2d): Distributions, of the same shape.
    weights (Floats2d): Shape (n_joined, 1).
    """

    first: IntArray
    second: IntArray
    logits: Floats2d
    targets: Floats2d
    weights: Floats2d

    def split(self, gradient: Floats2d, shape: Tuple[int, int]) -> Floats2d:
        """Return the gradient of the pairs' logits, given that of the joined ones.

        gradient (Floats2d): Of the shape of `logits`.
        shape (Tuple[int, int]): That of the pairs' logits, (n_pairs, n_labels + 1).
        """
        xp = get_array_module(gradient)
        split = xp.zeros(shape, dtype="float32")
        n_labels = shape[1] - 1
        both = self.second >= 0
        for rows, part in (
            (self.first, gradient[:, :n_labels]),
            (self.second[both], gradient[xp.asarray(both), n_labels:-1]),
        ):
            split[xp.asarray(rows)] = xp.hstack([part, -part.sum(axis=1, keepdims=True)])
        return split


def join_directions(logits: Floats2d, targets: Floats2d, weights: Floats2d, reverse: IntArray) -> JoinedDirections:
    """Join the rows of both directions of each two entities.

    A logit counts relative to that of NA in its own direction. A target of NA says only that its direction has no
    label; NA is the target of what both leave. The weight is the largest of those directions that have a label, else
    the least of both: where one is unknown, nothing is.

    logits (Floats2d): Shape (n_pairs, n_labels + 1), NA last.
    targets (Floats2d): Distributions, of the same shape.
    weights (Floats2d): Shape (n_pairs, 1).
    reverse (IntArray): What `reversed_pairs` returns.
    RETURNS (JoinedDirections): What a loss of exclusive labels takes.
    """
    xp = get_array_module(logits)
    first = np.flatnonzero((reverse < 0) | (np.arange(len(reverse)) < reverse))
    second = reverse[first]
    one, other, alone = xp.asarray(first), xp.asarray(np.maximum(second, 0)), xp.asarray(second < 0)[:, None]
    relative = logits[:, :-1] - logits[:, -1:]
    labels = xp.hstack([targets[one, :-1], xp.where(alone, 0.0, targets[other, :-1])])
    both = [(labels_of > 0).any(axis=1, keepdims=True) for labels_of in xp.hsplit(labels, 2)]
    least = xp.minimum(weights[one], xp.where(alone, weights[one], weights[other]))
    largest = xp.maximum(weights[one] * both[0], weights[other] * both[1])
    joined = xp.hstack([labels, xp.maximum(0.0, 1.0 - labels.sum(axis=1, keepdims=True))])
    return JoinedDirections(
        first=first,
        second=second,
        logits=xp.hstack([relative[one], xp.where(alone, IMPOSSIBLE, relative[other]), xp.zeros_like(least)]),
        targets=joined / joined.sum(axis=1, keepdims=True),
        weights=xp.where(both[0] | both[1], largest, least),
    )


def better_direction(scores: Floats2d, reverse: IntArray) -> BoolArray:
    """Tell which pairs have a best score above that of the other direction; of equal ones, the first has it.

    scores (Floats2d): Shape (n_pairs, n_labels), with at least one label.
    reverse (IntArray): What `reversed_pairs` returns.
    RETURNS (BoolArray): Shape (n_pairs,).
    """
    best = scores.max(axis=1)
    other = np.where(reverse >= 0, best[reverse], -1.0)
    return (best > other) | ((best == other) & (np.arange(len(best)) < reverse))
