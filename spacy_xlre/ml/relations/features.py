"""What is known of a pair without reading its text: types, distance, direction, and how many entities stand between."""

from functools import partial
from typing import Callable, List, Optional, Tuple, TypeAlias

import numpy as np
from thinc.api import Embed, HashEmbed, Model, uniform_init
from thinc.types import Floats2d

from .pairs import IntArray, KeyArray, PairBatch

# Upper bounds of the buckets of tokens between two entities.
_GAPS = np.array([0, 1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64, 96])
_MOST_BETWEEN = 5

PairFeaturesModel: TypeAlias = Model[PairBatch, Floats2d]


def PairFeatures(type_width: int, type_rows: int, distance_width: int) -> PairFeaturesModel:
    """Embed types, distance and direction of each pair, and the number of entities between.

    type_width (int): Width of each of the three type embeddings: of the head, of the tail, of both together.
    type_rows (int): Rows of the table they share. Types are hashed into it, so types unseen in training work.
    distance_width (int): Width of each of the two embeddings of distance.
    RETURNS (Model): From pairs to features, shape (n_pairs, nO). The backward returns the pairs: nothing lies below.
    """
    # What stands beside them is normalised to unit variance; the embeddings start at the same scale.
    initializer = partial(uniform_init, lo=-1.0, hi=1.0)
    types: Model = HashEmbed(type_width, type_rows, seed=7, initializer=initializer)
    gap: Model = Embed(distance_width, 2 * (len(_GAPS) + 1), initializer=initializer)
    between: Model = Embed(distance_width, _MOST_BETWEEN + 1, initializer=initializer)
    dims = {"nO": 3 * type_width + 2 * distance_width}
    return Model("pair-features", forward, init=init, layers=[types, gap, between], dims=dims)


def init(model: PairFeaturesModel, X: Optional[PairBatch] = None, Y: Optional[Floats2d] = None) -> None:
    """Allocate the tables."""
    for layer in model.layers:
        layer.initialize()


def forward(model: PairFeaturesModel, X: PairBatch, is_train: bool) -> Tuple[Floats2d, Callable[[Floats2d], PairBatch]]:
    """Look the features of all pairs up."""
    xp = model.ops.xp
    types, gap, between = model.layers
    parts: List[Floats2d] = []
    backprops: List[Callable[[Floats2d], object]] = []
    for layer, keys in (
        *((types, keys) for keys in type_keys(X)),
        (gap, gap_buckets(X)),
        (between, np.clip(np.abs(X.heads - X.tails) - 1, 0, _MOST_BETWEEN)),
    ):
        part, backprop_part = layer(xp.asarray(keys), is_train)
        parts.append(part)
        backprops.append(backprop_part)

    def backprop(dY: Floats2d) -> PairBatch:
        start = 0
        for part, backprop_part in zip(parts, backprops):
            backprop_part(xp.ascontiguousarray(dY[:, start : start + part.shape[1]]))
            start += part.shape[1]
        return X

    return xp.hstack(parts), backprop


def tokens_between(pairs: PairBatch) -> IntArray:
    """Return the range of tokens between the two entities of each pair, which may be empty."""
    heads, tails = pairs.spans[pairs.heads], pairs.spans[pairs.tails]
    starts = np.minimum(heads[:, 1], tails[:, 1])
    return np.stack([starts, np.maximum(starts, np.maximum(heads[:, 0], tails[:, 0]))], axis=1)


def type_keys(pairs: PairBatch) -> Tuple[KeyArray, KeyArray, KeyArray]:
    """Return keys of the head's type, the tail's type, and both in this order, all different from one another."""
    head, tail = pairs.types[pairs.heads], pairs.types[pairs.tails]
    one, two, three = np.uint64(0x9E3779B97F4A7C15), np.uint64(0xC2B2AE3D27D4EB4F), np.uint64(0x165667B19E3779F9)
    return head ^ one, tail ^ two, (head * three) ^ tail


def gap_buckets(pairs: PairBatch) -> IntArray:
    """Return the bucket of the number of tokens between, in one half of the buckets or the other by direction."""
    ranges = tokens_between(pairs)
    bucket = np.searchsorted(_GAPS, ranges[:, 1] - ranges[:, 0])
    return bucket + (len(_GAPS) + 1) * (pairs.heads > pairs.tails)
