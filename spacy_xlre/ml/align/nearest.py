"""Nearest neighbours of two sets of vectors in each other, the margin of a pair over them, and one-to-one pairs.

A cosine alone says little: some sentences are near to everything. So a pair is judged by its margin: how much nearer
its two sides are to each other than to their nearest neighbours at large (Artetxe and Schwenk 2019, "Margin-based
parallel corpus mining"; the distance kind, which is defined for cosines near zero, too).
"""

from typing import Any, Callable, List, NamedTuple, Optional, Tuple

import numpy
from thinc.types import Floats1d, Floats2d, Ints1d, Ints2d

from ...extras import need

# Up to so many vectors a side, every pair is compared; above, an index finds nearly all of the same neighbours.
EXACT_UP_TO = 50_000
# Cosines of a block: 64 MB.
BLOCK_CELLS = 16_000_000
# Vectors that the index takes or answers at once.
INDEX_BLOCK = 10_000
# The index is a graph: links of a vector, and how many candidates are weighed when it is built and searched.
LINKS, WHEN_BUILT, WHEN_SEARCHED = 32, 100, 200

Progress = Callable[[int], Any]


class Neighbours(NamedTuple):
    """The nearest neighbours of each vector of one side in the other, the nearest first.

    cosines (Floats2d): Shape (n_vectors, k).
    indices (Ints2d): Where they stand in the other side, shape (n_vectors, k).
    """

    cosines: Floats2d
    indices: Ints2d


class Candidates(NamedTuple):
    """Pairs of vectors, each once: where they stand on both sides, and their margin."""

    source: Ints1d
    target: Ints1d
    margin: Floats1d


def find_neighbours(
    source: Floats2d,
    target: Floats2d,
    k: int,
    *,
    exact_up_to: int = EXACT_UP_TO,
    progress: Optional[Progress] = None,
) -> Tuple[Neighbours, Neighbours]:
    """Find the nearest neighbours of each side in the other.

    source, target (Floats2d): Unit vectors, shapes (n_source, width) and (n_target, width).
    k (int): How many neighbours; fewer where the other side has fewer vectors.
    exact_up_to (int): Vectors on the larger side up to which every pair is compared.
    progress (Callable[[int], Any]): Called with the number of vectors that are done; there are n_source + n_target.
    RETURNS (Tuple[Neighbours, Neighbours]): Those of the source in the target, and of the target in the source.
    RAISES (XlreError): If the index is needed and its package is missing.
    """
    report = progress or (lambda count: None)
    if not len(source) or not len(target):
        report(len(source) + len(target))
        return _nothing(len(source)), _nothing(len(target))
    if max(len(source), len(target)) <= exact_up_to:
        return _compare_all(source, target, k, report)
    return _search_index(source, target, k, report), _search_index(target, source, k, report)


def pair_candidates(forward: Neighbours, backward: Neighbours, k: int) -> Candidates:
    """Make the candidate pairs of two sides, each with its margin.

    forward, backward (Neighbours): What `find_neighbours` returned.
    k (int): How many neighbours of each side the margin is taken over.
    RETURNS (Candidates): Every pair of neighbours once, ordered by source, then target.
    """
    n_source, n_target = len(forward.indices), len(backward.indices)
    if not n_source or not n_target:
        nothing = numpy.zeros(0, dtype="int64")
        return Candidates(nothing, nothing, numpy.zeros(0, dtype="float32"))
    source = numpy.concatenate([_rows(forward), backward.indices.ravel()])
    target = numpy.concatenate([forward.indices.ravel(), _rows(backward)])
    cosines = numpy.concatenate([forward.cosines.ravel(), backward.cosines.ravel()])
    _, first = numpy.unique(source * n_target + target, return_index=True)
    source, target, cosines = source[first], target[first], cosines[first]
    around = forward.cosines[:, :k].mean(axis=1)[source] + backward.cosines[:, :k].mean(axis=1)[target]
    return Candidates(source, target, cosines - around / 2)


def mutual_best(candidates: Candidates) -> Candidates:
    """Return those pairs of which each side is the other's best by margin."""
    kept = _is_best(candidates.source, candidates) & _is_best(candidates.target, candidates)
    return Candidates(*(part[kept] for part in candidates))


def one_to_one(candidates: Candidates, source_copies: Ints1d, target_copies: Ints1d) -> List[Tuple[int, int]]:
    """Choose pairs by falling margin, so that no vector is in more pairs than it has copies.

    candidates (Candidates): Pairs.
    source_copies, target_copies (Ints1d): How often each vector stands on its side.
    RETURNS (List[Tuple[int, int]]): Where the chosen pairs stand among the candidates, and how many of their copies are
        paired, the best first.
    """
    left, right = source_copies.tolist(), target_copies.tolist()
    chosen = []
    for index in numpy.argsort(-candidates.margin, kind="stable").tolist():
        source, target = int(candidates.source[index]), int(candidates.target[index])
        copies = min(left[source], right[target])
        if copies:
            left[source] -= copies
            right[target] -= copies
            chosen.append((index, copies))
    return chosen


def _is_best(side: Ints1d, candidates: Candidates) -> Any:
    best = numpy.full(int(side.max(initial=-1)) + 1, -numpy.inf)
    numpy.maximum.at(best, side, candidates.margin)
    return candidates.margin >= best[side]


def _rows(neighbours: Neighbours) -> Ints1d:
    return numpy.repeat(numpy.arange(len(neighbours.indices)), neighbours.indices.shape[1])


def _nothing(length: int) -> Neighbours:
    return Neighbours(numpy.zeros((length, 0), dtype="float32"), numpy.zeros((length, 0), dtype="int64"))


def _compare_all(source: Floats2d, target: Floats2d, k: int, report: Progress) -> Tuple[Neighbours, Neighbours]:
    """Compare every pair, a block of the source at a time; the target's best so far are kept from block to block."""
    step = max(1, BLOCK_CELLS // len(target))
    rows: List[Neighbours] = []
    best = _nothing(len(target))
    for start in range(0, len(source), step):
        block = source[start : start + step] @ target.T
        rows.append(_best(block, k))
        found = _best(numpy.ascontiguousarray(block.T), k)
        merged = Neighbours(
            numpy.hstack([best.cosines, found.cosines]), numpy.hstack([best.indices, found.indices + start])
        )
        order = _best(merged.cosines, k)
        best = Neighbours(order.cosines, numpy.take_along_axis(merged.indices, order.indices, axis=1))
        report(len(block))
    report(len(target))
    return Neighbours(*(numpy.concatenate(parts) for parts in zip(*rows))), best


def _best(cosines: Floats2d, k: int) -> Neighbours:
    k = min(k, cosines.shape[1])
    indices = numpy.argpartition(-cosines, k - 1, axis=1)[:, :k]
    found = numpy.take_along_axis(cosines, indices, axis=1)
    order = numpy.argsort(-found, axis=1, kind="stable")
    return Neighbours(numpy.take_along_axis(found, order, axis=1), numpy.take_along_axis(indices, order, axis=1))


def _search_index(queries: Floats2d, keys: Floats2d, k: int, report: Progress) -> Neighbours:
    faiss = need("faiss", extra="mine")
    index = faiss.IndexHNSWFlat(keys.shape[1], LINKS, faiss.METRIC_INNER_PRODUCT)
    index.hnsw.efConstruction = WHEN_BUILT
    index.hnsw.efSearch = max(WHEN_SEARCHED, k)
    for start in range(0, len(keys), INDEX_BLOCK):
        index.add(numpy.ascontiguousarray(keys[start : start + INDEX_BLOCK], dtype="float32"))
    found = []
    for start in range(0, len(queries), INDEX_BLOCK):
        block = numpy.ascontiguousarray(queries[start : start + INDEX_BLOCK], dtype="float32")
        cosines, indices = index.search(block, min(k, len(keys)))
        # The index says -1 where its graph leads to fewer.
        for row in numpy.nonzero((indices < 0).any(axis=1))[0]:
            cosines[row], indices[row] = (part[0] for part in _best(block[row : row + 1] @ keys.T, k))
        found.append(Neighbours(cosines, indices))
        report(len(block))
    return Neighbours(*(numpy.concatenate(parts) for parts in zip(*found)))
