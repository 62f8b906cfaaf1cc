"""Means over token ranges, for any number of ranges that may overlap or be empty, without a loop over them."""

from typing import Callable, Tuple

from thinc.api import Ops
from thinc.types import Floats2d

from .pairs import IntArray


def range_means(ops: Ops, X: Floats2d, ranges: IntArray) -> Tuple[Floats2d, Callable[[Floats2d], Floats2d]]:
    """Average the rows of each range; an empty range gives zeros.

    ops (Ops): Backend of the arrays.
    X (Floats2d): Token vectors, shape (n_tokens, width).
    ranges (IntArray): Half-open ranges of rows, shape (n_ranges, 2).
    RETURNS (Tuple[Floats2d, Callable]): Means, shape (n_ranges, width), and the backward, which adds over ranges.
    """
    xp = ops.xp
    index = xp.asarray(ranges)
    starts, ends = index[:, 0], index[:, 1]
    scale = (1.0 / xp.maximum(ends - starts, 1)).astype("float32")[:, None]
    # Float64, as differences of long float32 sums lose the digits that matter.
    sums = xp.zeros((X.shape[0] + 1, X.shape[1]), dtype="float64")
    xp.cumsum(X, axis=0, dtype="float64", out=sums[1:])
    Y = (sums[ends] - sums[starts]).astype("float32") * scale

    def backprop(dY: Floats2d) -> Floats2d:
        share = dY * scale
        steps = xp.zeros((X.shape[0] + 1, X.shape[1]), dtype="float32")
        add_rows(ops, steps, starts, share)
        add_rows(ops, steps, ends, -share)
        return xp.cumsum(steps, axis=0, dtype="float64")[:-1].astype("float32")

    return Y, backprop


def gather(ops: Ops, X: Floats2d, rows: IntArray) -> Tuple[Floats2d, Callable[[Floats2d], Floats2d]]:
    """Take rows of a table; the backward adds over rows that were taken several times."""
    index = ops.xp.asarray(rows)

    def backprop(dY: Floats2d) -> Floats2d:
        dX = ops.alloc2f(*X.shape)
        add_rows(ops, dX, index, dY)
        return dX

    return X[index], backprop


def add_rows(ops: Ops, table: Floats2d, rows: IntArray, values: Floats2d) -> None:
    """Add each row of values to the named row of a float32 table, in place; rows may repeat."""
    if len(rows):
        ops.scatter_add(table, rows.astype("int32"), ops.xp.ascontiguousarray(values, dtype="float32"))
