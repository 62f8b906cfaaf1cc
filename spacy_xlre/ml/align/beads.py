"""Beads: aligned groups of sentences, found by dynamic programming over sentence vectors.

A bead joins one to three sentences of one side with one to three of the other (1:1, 1:2, … 3:3), or leaves one out
(1:0, 0:1). What a join costs is its cosine distance, divided by the distance that its two sides have from sentences
at large: hubs that are near everything gain nothing (Thompson and Koehn 2019, "Vecalign"). The vector of several
sentences together is a mean of theirs, in which long sentences count a little more: near enough to the vector of their
joined text, and it needs no further pass. Long texts are aligned coarse to fine, in time linear in their length.
"""

from dataclasses import dataclass
from typing import List, Optional, Tuple

import numpy
from thinc.types import Floats1d, Floats2d, Ints1d

MAX_MERGE = 3
FULL_CELLS = 250_000
MIN_BAND = 12
SAMPLE = 128
LENGTH_POWER = 0.25
ROUNDING = 1e-9


@dataclass(frozen=True)
class BeadSettings:
    """What the dynamic programming weighs against each other.

    skip (float): Cost of leaving out one sentence, in units of the distance between unrelated sentences. Larger means
        fewer 1:0 and 0:1 beads.
    merge (float): Cost added for each sentence beyond the first on each side of a bead. Without one, a text and its
        copy have many best alignments.
    """

    skip: float = 0.65
    merge: float = 0.005


@dataclass(frozen=True)
class BeadRow:
    """A bead as half-open sentence ranges, with the cosine and the relative distance of its sides (0.0, 1.0 if 1:0)."""

    source: Tuple[int, int]
    target: Tuple[int, int]
    cosine: float
    distance: float


class _Side:
    """The vectors of all runs of one to three consecutive sentences of one segment."""

    def __init__(self, vectors: Floats2d, weights: Floats1d) -> None:
        sums = numpy.zeros((len(vectors) + 1, vectors.shape[1]), dtype="float32")
        numpy.cumsum(vectors * weights[:, None], axis=0, out=sums[1:])
        self.sums = sums
        self.weights = weights
        self.length = len(vectors)
        self.runs = [_unit(sums[size:] - sums[:-size]) for size in range(1, MAX_MERGE + 1)]
        self.spread = [numpy.ones(len(run), dtype="float32") for run in self.runs]

    def measure(self, other: "_Side") -> None:
        """Set the mean distance of every run from a sample of the other side's sentences, its nearest one left out."""
        sample = other.runs[0][:: max(1, other.length // SAMPLE)]
        if len(sample) < 2:
            return
        for size, run in enumerate(self.runs):
            similar = run @ sample.T
            self.spread[size] = 1.0 - (similar.sum(axis=1) - similar.max(axis=1, initial=-1.0)) / (len(sample) - 1)

    def halved(self) -> "_Side":
        """Return the side with every two sentences taken as one."""
        edges = [*range(0, self.length, 2), self.length]
        weights = numpy.add.reduceat(self.weights, edges[:-1])
        sums = numpy.diff(self.sums[edges], axis=0)
        return _Side(sums / numpy.maximum(weights, 1e-9)[:, None], weights)


def find_beads(
    source: Floats2d,
    target: Floats2d,
    source_weights: Floats1d,
    target_weights: Floats1d,
    settings: Optional[BeadSettings] = None,
) -> List[BeadRow]:
    """Align the sentences of two segments.

    source, target (Floats2d): One mean-pooled vector a sentence, not normalised, shape (n_sentences, width).
    source_weights, target_weights (Floats1d): The number of word pieces that each vector is the mean of.
    settings (BeadSettings): Costs.
    RETURNS (List[BeadRow]): Beads in text order that hold every sentence of both sides exactly once.
    """
    settings = settings or BeadSettings()
    left = _Side(source, numpy.asarray(source_weights, dtype="float32") ** LENGTH_POWER)
    right = _Side(target, numpy.asarray(target_weights, dtype="float32") ** LENGTH_POWER)
    path = _align(left, right, settings)
    return [_row(left, right, *step) for step in path]


def _align(left: _Side, right: _Side, settings: BeadSettings) -> List[Tuple[int, int, int, int]]:
    """Return the best path as (source end, target end, source size, target size) steps."""
    left.measure(right)
    right.measure(left)
    if (left.length + 1) * (right.length + 1) <= FULL_CELLS:
        low = numpy.zeros(left.length + 1, dtype="int64")
        high = numpy.full(left.length + 1, right.length + 1, dtype="int64")
    else:
        low, high = _band(_align(left.halved(), right.halved(), settings), left.length, right.length)
    return _search(left, right, low, high, settings)


def _band(path: List[Tuple[int, int, int, int]], rows: int, columns: int) -> Tuple[Ints1d, Ints1d]:
    """Turn the path through the halved texts into the columns to search in each row of the full ones."""
    knots = numpy.array([(0, 0)] + [(min(2 * i, rows), min(2 * j, columns)) for i, j, _, _ in path])
    row = numpy.arange(rows + 1)
    first = numpy.searchsorted(knots[:, 0], row, side="left").clip(max=len(knots) - 1)
    last = (numpy.searchsorted(knots[:, 0], row, side="right") - 1).clip(min=0)
    before = numpy.minimum(knots[last, 1], knots[numpy.maximum(first - 1, 0), 1])
    after = numpy.maximum(knots[first, 1], knots[numpy.minimum(last + 1, len(knots) - 1), 1])
    low, high = (before - MIN_BAND).clip(min=0), (after + MIN_BAND).clip(max=columns) + 1
    low[0], high[-1] = 0, columns + 1
    return low, high


def _search(
    left: _Side, right: _Side, low: Ints1d, high: Ints1d, settings: BeadSettings
) -> List[Tuple[int, int, int, int]]:
    """Fill the band row by row and trace the cheapest path back."""
    costs: List[Floats1d] = []
    moves: List[Ints1d] = []
    for i in range(left.length + 1):
        start, end = int(low[i]), int(high[i])
        cost = numpy.full(end - start, numpy.inf)
        move = numpy.zeros(end - start, dtype="int8")
        if i == 0:
            cost[0] = 0.0
        for a in range(1, min(i, MAX_MERGE) + 1):
            above, above_start = costs[i - a], int(low[i - a])
            if a == 1:
                _improve(cost, move, start, above + settings.skip, above_start, (1, 0))
            for b in range(1, MAX_MERGE + 1):
                first = max(above_start, start - b, 0)
                stop = min(above_start + len(above), end - b, right.length - b + 1)
                if first >= stop:
                    continue
                cosine = right.runs[b - 1][first:stop] @ left.runs[a - 1][i - a]
                spread = left.spread[a - 1][i - a] + right.spread[b - 1][first:stop]
                distance = 2 * (1.0 - cosine) / numpy.maximum(spread, 1e-6)
                step = distance * (a * b) + settings.merge * (a + b - 2)
                _improve(cost, move, start, above[first - above_start : stop - above_start] + step, first + b, (a, b))
        _skip_target(cost, move, settings.skip)
        costs.append(cost)
        moves.append(move)
    path = []
    i, j = left.length, right.length
    while i or j:
        a, b = divmod(int(moves[i][j - low[i]]), MAX_MERGE + 1)
        path.append((i, j, a, b))
        i, j = i - a, j - b
    return path[::-1]


def _improve(cost: Floats1d, move: Ints1d, start: int, new: Floats1d, new_start: int, step: Tuple[int, int]) -> None:
    """Take the cheaper of two ways into each cell of a row, where `new` begins at column `new_start`."""
    first, stop = max(start, new_start), min(start + len(cost), new_start + len(new))
    if first >= stop:
        return
    here, there = slice(first - start, stop - start), slice(first - new_start, stop - new_start)
    better = new[there] < cost[here]
    cost[here] = numpy.where(better, new[there], cost[here])
    move[here] = numpy.where(better, step[0] * (MAX_MERGE + 1) + step[1], move[here])


def _skip_target(cost: Floats1d, move: Ints1d, skip: float) -> None:
    """Let a row's cells be reached from the left by leaving out target sentences, all at once."""
    ramp = numpy.arange(len(cost)) * skip
    reached = numpy.minimum.accumulate(cost - ramp) + ramp
    better = reached < cost - ROUNDING
    cost[better] = reached[better]
    move[better] = 1


def _row(left: _Side, right: _Side, i: int, j: int, a: int, b: int) -> BeadRow:
    source, target = (i - a, i), (j - b, j)
    if not a or not b:
        return BeadRow(source, target, 0.0, 1.0)
    cosine = float(left.runs[a - 1][i - a] @ right.runs[b - 1][j - b])
    spread = float(left.spread[a - 1][i - a] + right.spread[b - 1][j - b])
    return BeadRow(source, target, cosine, 2 * (1.0 - cosine) / max(spread, 1e-6))


def _unit(vectors: Floats2d) -> Floats2d:
    return vectors / numpy.maximum(numpy.linalg.norm(vectors, axis=-1, keepdims=True), 1e-9)
