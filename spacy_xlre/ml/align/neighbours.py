"""Finding translations among unaligned sentences by the margin over their neighbours.

A sentence that is near everything is near its translation, too, so the cosine of two sentences is divided by the mean
cosine of each to its nearest neighbours on the other side (Artetxe and Schwenk 2019, "Margin-based parallel corpus mining
with multilingual sentence embeddings"). Before that, the mean of each side is taken from its vectors: what all sentences
of a language share says nothing about any of them.
"""

from typing import Callable, Iterator, NamedTuple, Tuple

import numpy
from thinc.types import Floats1d, Floats2d, Ints1d, Ints2d

# Similarities of a block: 64 MB of floats.
BLOCK_CELLS = 16_000_000
Progress = Callable[[int], None]


class Match(NamedTuple):
    """Two sentences that may be each other's translation.

    source, target (int): Their rows.
    margin (float): Their cosine over the mean of their neighbours': 1 is what any two neighbours have.
    cosine (float): Of the vectors as they came.
    """

    source: int
    target: int
    margin: float
    cosine: float


def mine_matches(
    source: Floats2d, target: Floats2d, *, neighbours: int = 4, progress: Progress = lambda rows: None
) -> Iterator[Match]:
    """Pair sentences one to one, the pairs of the greatest margin first.

    source, target (Floats2d): Sentence vectors, shape (n_sentences, width).
    neighbours (int): How many nearest ones make the mean. With fewer sentences, all.
    progress (Callable[[int], None]): Told how many rows of `source`, then of `target`, were compared.
    YIELDS (Match): From the greatest margin down; a sentence is in one pair at most, and has one unless the other side
        has too few that want it.
    """
    if not len(source) or not len(target):
        return
    plain = [unit(side) for side in (source, target)]
    centred = [unit(side - side.mean(axis=0)) if len(side) > 1 else side for side in plain]
    forward, forward_cosine = nearest(centred[0], centred[1], neighbours, progress)
    backward, backward_cosine = nearest(centred[1], centred[0], neighbours, progress)
    rows = numpy.concatenate([numpy.repeat(numpy.arange(len(source)), forward.shape[1]), backward.ravel()])
    columns = numpy.concatenate([forward.ravel(), numpy.repeat(numpy.arange(len(target)), backward.shape[1])])
    cosines = numpy.concatenate([forward_cosine.ravel(), backward_cosine.ravel()])
    margins = margin(cosines, forward_cosine.mean(axis=1)[rows], backward_cosine.mean(axis=1)[columns])
    free = [numpy.ones(len(side), dtype=bool) for side in (source, target)]
    for index in numpy.lexsort((columns, rows, -margins)):
        i, j = int(rows[index]), int(columns[index])
        if free[0][i] and free[1][j]:
            free[0][i] = free[1][j] = False
            yield Match(i, j, float(margins[index]), float(plain[0][i] @ plain[1][j]))


def margin(cosines: Floats1d, source_mean: Floats1d, target_mean: Floats1d) -> Floats1d:
    """Return the ratio margin; cosines are moved to be positive first, as centred ones may be below 0."""
    return (1.0 + cosines) / numpy.maximum(1.0 + (source_mean + target_mean) / 2, 1e-6)


def nearest(
    source: Floats2d, target: Floats2d, count: int, progress: Progress = lambda rows: None
) -> Tuple[Ints2d, Floats2d]:
    """Find the nearest rows of `target` for each row of `source`, exactly, block by block.

    source, target (Floats2d): Unit vectors, shape (n_rows, width).
    count (int): How many; fewer if there are not so many.
    RETURNS (Tuple[Ints2d, Floats2d]): Rows and cosines, shape (n_source, count), the nearest first.
    """
    count = min(count, len(target))
    found = numpy.zeros((len(source), count), dtype="int64")
    cosines = numpy.zeros((len(source), count), dtype="float32")
    size = max(1, BLOCK_CELLS // len(target))
    for start in range(0, len(source), size):
        similarity = source[start : start + size] @ target.T
        best = numpy.argpartition(-similarity, count - 1, axis=1)[:, :count]
        values = numpy.take_along_axis(similarity, best, axis=1)
        order: Ints1d = numpy.argsort(-values, axis=1, kind="stable")
        found[start : start + size] = numpy.take_along_axis(best, order, axis=1)
        cosines[start : start + size] = numpy.take_along_axis(values, order, axis=1)
        progress(len(similarity))
    return found, cosines


def unit(vectors: Floats2d) -> Floats2d:
    """Return vectors of length 1; zeros stay zeros."""
    return vectors / numpy.maximum(numpy.linalg.norm(vectors, axis=1, keepdims=True), 1e-9)
