"""The cheapest way through two texts, sentence by sentence, within a band: dynamic programming, a row at a time."""

from typing import List, Protocol, Sequence, Tuple

import numpy
from thinc.types import Floats1d, Ints1d

# How many sentences of each side a bead may join; one that is left out is no join.
JOINS = ((1, 1), (1, 2), (2, 1), (1, 3), (3, 1), (1, 4), (4, 1), (2, 2), (2, 3), (3, 2), (3, 3))
MAX_MERGE = max(max(join) for join in JOINS)
ROUNDING = 1e-9
_BASE = MAX_MERGE + 1

Step = Tuple[int, int, int, int]


class JoinCost(Protocol):
    """What it costs to join sentences."""

    def __call__(self, end: int, a: int, b: int, first: int, stop: int) -> Floats1d:
        """Return the cost of joining `a` source sentences up to `end` with `b` target ones from each start.

        end, a (int): The source sentences `end - a` to `end`.
        b, first, stop (int): The target sentences from j to `j + b`, for each j from `first` to before `stop`.
        RETURNS (Floats1d): Shape (stop - first,).
        """


class Band:
    """The cells to search: for each number of source sentences that are done, a range of numbers of target ones.

    low, high (Ints1d): The range's first number and one past its last, shape (n_source + 1,).
    """

    def __init__(self, low: Ints1d, high: Ints1d) -> None:
        self.low, self.high = low, high

    @classmethod
    def whole(cls, n_source: int, n_target: int) -> "Band":
        """Return all cells."""
        return cls(numpy.zeros(n_source + 1, dtype="int64"), numpy.full(n_source + 1, n_target + 1, dtype="int64"))

    @classmethod
    def around(cls, path: Sequence[Step], n_source: int, n_target: int, *, margin: int, scale: int = 1) -> "Band":
        """Return the cells near a path.

        path (Sequence[Step]): Steps through the texts, or through them made shorter.
        n_source, n_target (int): The number of sentences of the texts.
        margin (int): How many cells to either side of the path.
        scale (int): How many sentences of the texts make one of the path's.
        """
        ends = [(min(scale * i, n_source), min(scale * j, n_target)) for i, j, _, _ in path]
        knots = numpy.array([(0, 0), *ends])
        row = numpy.arange(n_source + 1)
        first = numpy.searchsorted(knots[:, 0], row, side="left").clip(max=len(knots) - 1)
        last = (numpy.searchsorted(knots[:, 0], row, side="right") - 1).clip(min=0)
        before = numpy.minimum(knots[last, 1], knots[numpy.maximum(first - 1, 0), 1])
        after = numpy.maximum(knots[first, 1], knots[numpy.minimum(last + 1, len(knots) - 1), 1])
        low, high = (before - margin).clip(min=0), (after + margin).clip(max=n_target) + 1
        low[0], high[-1] = 0, n_target + 1
        return cls(low, high)


def cheapest_path(cost: JoinCost, source_skips: Floats1d, target_skips: Floats1d, band: Band) -> List[Step]:
    """Find the cheapest beads for two texts.

    cost (JoinCost): What joins cost.
    source_skips, target_skips (Floats1d): What it costs to leave out each sentence.
    band (Band): The cells to search.
    RETURNS (List[Step]): Beads in text order as (source end, target end, source sentences, target sentences).
    """
    n_source, n_target = len(source_skips), len(target_skips)
    left_out = numpy.concatenate([[0.0], numpy.cumsum(target_skips)])
    costs: List[Floats1d] = []
    moves: List[Ints1d] = []
    for i in range(n_source + 1):
        start, end = int(band.low[i]), int(band.high[i])
        row = numpy.full(end - start, numpy.inf)
        move = numpy.zeros(end - start, dtype="int8")
        if i == 0:
            row[0] = 0.0
        else:
            _improve(row, move, start, costs[i - 1] + source_skips[i - 1], int(band.low[i - 1]), _BASE)
        for a, b in JOINS:
            if a > i:
                continue
            above, above_start = costs[i - a], int(band.low[i - a])
            first = max(above_start, start - b, 0)
            stop = min(above_start + len(above), end - b, n_target - b + 1)
            if first < stop:
                new = above[first - above_start : stop - above_start] + cost(i, a, b, first, stop)
                _improve(row, move, start, new, first + b, a * _BASE + b)
        ramp = left_out[start:end]
        reached = numpy.minimum.accumulate(row - ramp) + ramp
        better = reached < row - ROUNDING
        row[better] = reached[better]
        move[better] = 1
        costs.append(row)
        moves.append(move)
    path = []
    i, j = n_source, n_target
    while i or j:
        a, b = divmod(int(moves[i][j - band.low[i]]), _BASE)
        path.append((i, j, a, b))
        i, j = i - a, j - b
    return path[::-1]


def _improve(row: Floats1d, move: Ints1d, start: int, new: Floats1d, new_start: int, step: int) -> None:
    """Take the cheaper of two ways into each cell of a row, where `new` begins at column `new_start`."""
    first, stop = max(start, new_start), min(start + len(row), new_start + len(new))
    if first >= stop:
        return
    here, there = slice(first - start, stop - start), slice(first - new_start, stop - new_start)
    better = new[there] < row[here]
    row[here] = numpy.where(better, new[there], row[here])
    move[here] = numpy.where(better, step, move[here])
