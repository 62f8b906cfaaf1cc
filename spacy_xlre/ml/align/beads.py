"""Beads: aligned groups of sentences, found by dynamic programming over what sentences and words say.

A bead joins one to three sentences of one side with one to three of the other, or one with four, or leaves one out
(1:0, 0:1). What a join costs is a mean of two distances and a little for unlike lengths:

- the cosine distance of its sides' sentence vectors, divided by the distance that they have from sentences at large, so
  that hubs that are near everything gain nothing (Thompson and Koehn 2019, "Vecalign"). The vector of several sentences
  together is a mean of theirs, in which long sentences count a little more: it needs no further pass of the encoder;
- how much of each side's words has a counterpart on the other (`bead_words`).

Long sentences count more than short ones, joined or left out. Sentence vectors alone find a first path, coarse to fine;
words are compared near it. The time is linear in the length of the texts.
"""

from dataclasses import dataclass
from typing import List, Optional, Sequence, Tuple

import numpy
from thinc.types import Floats1d, Floats2d

from .bead_search import MAX_MERGE, Band, Step, cheapest_path
from .bead_words import WordEvidence

FULL_CELLS = 250_000
# Cells searched beside the path of the halved texts, and beside the path that sentence vectors found.
MARGIN = 12
WORD_MARGIN = 8
SAMPLE = 128
# Exponents of a sentence's length: in the vector of several sentences, and in the cost of a join.
VECTOR_POWER = 0.25
COST_POWER = 0.5
# The vector of several sentences is near to more than their words are: without words, joins cost so many times more.
VECTORS_ALONE = 2.0

Pieces = Sequence[Floats2d]


@dataclass(frozen=True)
class BeadSettings:
    """What the dynamic programming weighs against each other. Chosen on the development part of Text+Berg.

    skip (float): Cost of leaving out a sentence of average length, in units of the distance between unrelated ones.
        Larger means fewer 1:0 and 0:1 beads.
    merge (float): Cost added for each sentence beyond the first on each side of a bead. Larger means more 1:1 beads.
    length (float): Cost of lengths that differ by a factor of e.
    words (float): The share of the words' say, in [0, 1]; the rest is that of sentence vectors. Without words, they
        have it all.
    """

    skip: float = 0.7
    merge: float = 0.1
    length: float = 0.1
    words: float = 0.7


@dataclass(frozen=True)
class BeadRow:
    """A bead as half-open sentence ranges, with the cosine of its sides' vectors (0.0 if 1:0)."""

    source: Tuple[int, int]
    target: Tuple[int, int]
    cosine: float


class _Side:
    """The vectors and lengths of all runs of one to four consecutive sentences of one segment.

    vectors (Floats2d): Sentence vectors.
    lengths (Floats1d): Word pieces of the sentences.
    weights (Floats1d): How much each counts in the vector of several.
    """

    def __init__(self, vectors: Floats2d, lengths: Floats1d, weights: Floats1d) -> None:
        self.sums = _running(vectors * weights[:, None])
        self.weights = weights
        self.lengths = numpy.maximum(lengths, 1.0)
        self.count = len(vectors)
        counts = self.lengths**COST_POWER
        self.counts = counts / counts.mean()
        run_sizes = range(1, MAX_MERGE + 1)
        self.runs = [_unit(self.sums[size:] - self.sums[:-size]) for size in run_sizes]
        length_sums, count_sums = _running(self.lengths), _running(self.counts)
        self.log_lengths = [numpy.log(length_sums[size:] - length_sums[:-size]) for size in run_sizes]
        self.run_counts = [count_sums[size:] - count_sums[:-size] for size in run_sizes]
        self.spread = [numpy.ones(len(run), dtype="float32") for run in self.runs]

    def measure(self, other: "_Side") -> None:
        """Set the mean distance of every run from a sample of the other side's sentences, its nearest one left out."""
        sample = other.runs[0][:: max(1, other.count // SAMPLE)]
        if len(sample) < 2:
            return
        for size, run in enumerate(self.runs):
            similar = run @ sample.T
            self.spread[size] = 1.0 - (similar.sum(axis=1) - similar.max(axis=1, initial=-1.0)) / (len(sample) - 1)

    def halved(self) -> "_Side":
        """Return the side with every two sentences taken as one."""
        edges = [*range(0, self.count, 2), self.count]
        weights = numpy.add.reduceat(self.weights, edges[:-1])
        sums = numpy.diff(self.sums[edges], axis=0)
        vectors = sums / numpy.maximum(weights, 1e-9)[:, None]
        return _Side(vectors, numpy.add.reduceat(self.lengths, edges[:-1]), weights)


class _Cost:
    """What joins cost: a `bead_search.JoinCost`."""

    def __init__(self, left: _Side, right: _Side, settings: BeadSettings, words: Optional[WordEvidence] = None) -> None:
        self.left, self.right, self.settings, self.words = left, right, settings, words
        self.share = settings.words if words is not None else 0.0
        self.merge = settings.merge * (1.0 if words is not None else VECTORS_ALONE)

    def __call__(self, end: int, a: int, b: int, first: int, stop: int) -> Floats1d:
        left, right, at = self.left, self.right, end - a
        distance = numpy.zeros(stop - first)
        if self.share < 1.0:
            cosine = right.runs[b - 1][first:stop] @ left.runs[a - 1][at]
            spread = left.spread[a - 1][at] + right.spread[b - 1][first:stop]
            distance += (1.0 - self.share) * 2 * (1.0 - cosine) / numpy.maximum(spread, 1e-6)
        if self.words is not None and self.share:
            distance += self.share * self.words.distance(end, a, b, first, stop)
        distance += self.settings.length * numpy.abs(left.log_lengths[a - 1][at] - right.log_lengths[b - 1][first:stop])
        count = (left.run_counts[a - 1][at] + right.run_counts[b - 1][first:stop]) / 2
        return distance * count + self.merge * (a + b - 2)


def find_beads(
    source: Floats2d,
    target: Floats2d,
    source_lengths: Floats1d,
    target_lengths: Floats1d,
    settings: Optional[BeadSettings] = None,
    pieces: Optional[Tuple[Pieces, Pieces]] = None,
) -> List[BeadRow]:
    """Align the sentences of two segments.

    source, target (Floats2d): One mean-pooled vector a sentence, not normalised, shape (n_sentences, width).
    source_lengths, target_lengths (Floats1d): The number of word pieces of each sentence.
    settings (BeadSettings): Costs.
    pieces (Optional[Tuple[Pieces, Pieces]]): For each sentence of both sides, the unit vectors of its word pieces,
        shape (n_pieces, width). Without them, sentence vectors alone decide.
    RETURNS (List[BeadRow]): Beads in text order that hold every sentence of both sides exactly once.
    """
    settings = settings or BeadSettings()
    lengths = [numpy.asarray(side, dtype="float32") for side in (source_lengths, target_lengths)]
    left, right = (
        _Side(vectors, length, numpy.maximum(length, 1.0) ** VECTOR_POWER)
        for vectors, length in zip((source, target), lengths)
    )
    path = _align(left, right, settings)
    if pieces is not None and settings.words and left.count * right.count > 1:
        band = Band.around(path, left.count, right.count, margin=WORD_MARGIN)
        path = _search(left, right, band, settings, WordEvidence(*pieces, band))
    return [_row(left, right, *step) for step in path]


def _align(left: _Side, right: _Side, settings: BeadSettings) -> List[Step]:
    """Find a path by sentence vectors, through long texts with the help of one through the texts halved."""
    left.measure(right)
    right.measure(left)
    if (left.count + 1) * (right.count + 1) <= FULL_CELLS:
        band = Band.whole(left.count, right.count)
    else:
        coarse = _align(left.halved(), right.halved(), settings)
        band = Band.around(coarse, left.count, right.count, margin=MARGIN, scale=2)
    return _search(left, right, band, settings)


def _search(
    left: _Side, right: _Side, band: Band, settings: BeadSettings, words: Optional[WordEvidence] = None
) -> List[Step]:
    skips = [settings.skip * side.counts for side in (left, right)]
    return cheapest_path(_Cost(left, right, settings, words), skips[0], skips[1], band)


def _row(left: _Side, right: _Side, i: int, j: int, a: int, b: int) -> BeadRow:
    cosine = float(left.runs[a - 1][i - a] @ right.runs[b - 1][j - b]) if a and b else 0.0
    return BeadRow((i - a, i), (j - b, j), cosine)


def _running(values: Floats2d) -> Floats2d:
    """Return running sums with a zero in front, in double precision, as long texts need it."""
    sums = numpy.zeros((len(values) + 1, *values.shape[1:]))
    numpy.cumsum(values, axis=0, out=sums[1:])
    return sums


def _unit(vectors: Floats2d) -> Floats2d:
    vectors = vectors.astype("float32")
    return vectors / numpy.maximum(numpy.linalg.norm(vectors, axis=-1, keepdims=True), 1e-9)
