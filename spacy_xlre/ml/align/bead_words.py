"""What words say about a bead: how much of each side has a counterpart on the other.

The best similarity that each word piece has among those of the other side is averaged over a side, and the side that is
covered worse counts: a sentence that a bead wrongly takes in has nothing on the other side, one that it wrongly leaves
out is missed by the other side (Zhang and others 2020, "BERTScore", is such an average). Pieces are compared near the
path of a first alignment only, so that the time is linear in the length of the texts.
"""

from typing import Dict, List, Sequence, Tuple

import numpy
from thinc.types import Floats1d, Floats2d

from .bead_search import MAX_MERGE, Band

# Sentences of each side that say how similar unrelated ones are.
SAMPLE = 24
# Unrelated runs of several sentences have more pieces to be similar to: their distance over that of single ones.
# Measured on the development part of Text+Berg.
NEARER = {(1, 1): 1.0, (1, 2): 0.96, (1, 3): 0.95, (1, 4): 0.945, (2, 2): 0.89, (2, 3): 0.87, (3, 3): 0.84}
# Similarities of a block: 16 MB of floats.
BLOCK_CELLS = 4_000_000


class _Side:
    """The pieces of a text's sentences, one after the other; a sentence without any has one that is like nothing."""

    def __init__(self, sentences: Sequence[Floats2d]) -> None:
        width = max((vectors.shape[1] for vectors in sentences), default=0)
        nothing = numpy.zeros((1, width), dtype="float32")
        parts = [vectors if len(vectors) else nothing for vectors in sentences]
        self.vectors = numpy.concatenate(parts) if parts else nothing[:0]
        self.edges = numpy.concatenate([[0], numpy.cumsum([len(part) for part in parts], dtype="int64")])

    def of(self, start: int, end: int) -> Floats2d:
        """Return the pieces of some sentences."""
        return self.vectors[self.edges[start] : self.edges[end]]


class _Compared:
    """A source sentence compared with the target sentences of a range.

    covered (List[Floats1d]): For 1, 2, … target sentences together from each one of the range: the sum of the best
        similarities of the source sentence's pieces.
    best (Floats1d): The best similarity of each target piece of the range.
    first (int): The first target sentence of the range.
    """

    def __init__(self, source: Floats2d, target: _Side, first: int, stop: int) -> None:
        pieces = target.of(first, stop)
        starts = target.edges[first:stop] - target.edges[first]
        self.first = first
        self.best = numpy.full(len(pieces), -1.0, dtype="float32")
        by_sentence = []
        size = max(1, BLOCK_CELLS // max(len(pieces), 1))
        for begin in range(0, len(source), size):
            similarity = source[begin : begin + size] @ pieces.T
            numpy.maximum(self.best, similarity.max(axis=0), out=self.best)
            by_sentence.append(numpy.maximum.reduceat(similarity, starts, axis=1))
        single = numpy.concatenate(by_sentence)
        together = single
        self.covered = [single.sum(axis=0)]
        for size in range(2, min(MAX_MERGE, stop - first) + 1):
            together = numpy.maximum(together[:, :-1], single[:, size - 1 :])
            self.covered.append(together.sum(axis=0))


class WordEvidence:
    """Distances of runs of sentences by their words: about 1 where they have nothing to do with each other.

    source, target (Sequence[Floats2d]): For each sentence, the unit vectors of its pieces, shape (n_pieces, width).
    band (Band): Where distances will be asked for.
    """

    def __init__(self, source: Sequence[Floats2d], target: Sequence[Floats2d], band: Band) -> None:
        self.source, self.target = _Side(source), _Side(target)
        self.band = band
        self.unrelated = self._unrelated()
        self._compared: Dict[int, _Compared] = {}
        self._by_target: Dict[Tuple[int, int], Tuple[int, Floats1d]] = {}

    def distance(self, end: int, a: int, b: int, first: int, stop: int) -> Floats1d:
        """Return the distances of `a` source sentences up to `end` from `b` target ones from each start.

        The arguments are those of `bead_search.JoinCost`. To be asked in the order of `end`: older comparisons are
        forgotten.
        RETURNS (Floats1d): Shape (stop - first,).
        """
        rows = [self._row(i) for i in range(end - a, end)]
        source_sum = sum(row.covered[b - 1][first - row.first : stop - row.first] for row in rows)
        n_source = self.source.edges[end] - self.source.edges[end - a]
        start, sums = self._sums(end, a, rows)
        target_sum = (sums[b:] - sums[:-b])[first - start : stop - start]
        edges = self.target.edges
        n_target = edges[first + b : stop + b] - edges[first:stop]
        similarity = numpy.minimum(source_sum / n_source, target_sum / n_target)
        return (1.0 - similarity) / (self.unrelated * NEARER[min(a, b), max(a, b)])

    def _row(self, i: int) -> _Compared:
        """Compare a source sentence with all target sentences that a bead with it may ask for."""
        if i not in self._compared:
            self._compared.pop(i - MAX_MERGE, None)
            last = len(self.band.low) - 1
            first = int(self.band.low[max(0, i + 1 - MAX_MERGE)])
            stop = int(self.band.high[min(last, i + MAX_MERGE)]) - 1
            self._compared[i] = _Compared(self.source.of(i, i + 1), self.target, first, stop)
        return self._compared[i]

    def _sums(self, end: int, a: int, rows: List[_Compared]) -> Tuple[int, Floats1d]:
        """Return running sums of the target pieces' best similarities by sentence, and the sentence they start at."""
        key = (end, a)
        if key not in self._by_target:
            if self._by_target and next(iter(self._by_target))[0] != end:
                self._by_target.clear()
            edges = self.target.edges
            start = max(row.first for row in rows)
            stop = int(min(numpy.searchsorted(edges, edges[row.first] + len(row.best)) for row in rows))
            best = numpy.maximum.reduce(
                [row.best[edges[start] - edges[row.first] : edges[stop] - edges[row.first]] for row in rows]
            )
            by_sentence = numpy.add.reduceat(best, edges[start:stop] - edges[start], dtype="float64")
            self._by_target[key] = start, numpy.concatenate([[0.0], numpy.cumsum(by_sentence)])
        return self._by_target[key]

    def _unrelated(self) -> float:
        """Return the mean distance of sentences, the nearest one of each left out."""
        counts = [len(side.edges) - 1 for side in (self.source, self.target)]
        chosen = [numpy.unique(numpy.linspace(0, count - 1, min(count, SAMPLE)).astype(int)) for count in counts]
        sample = _Side([self.target.of(j, j + 1) for j in chosen[1]])
        sizes = numpy.diff(sample.edges)
        similarity = []
        for i in chosen[0]:
            pieces = self.source.of(i, i + 1)
            found = _Compared(pieces, sample, 0, len(chosen[1]))
            target = numpy.add.reduceat(found.best, sample.edges[:-1]) / sizes
            similarity.append(numpy.minimum(found.covered[0] / len(pieces), target))
        table = numpy.stack(similarity)
        if table.shape[1] < 2:
            table = table.T
        others = (table.sum() - table.max(axis=1).sum()) / max(table.size - len(table), 1)
        return max(1.0 - float(others), 1e-6)
