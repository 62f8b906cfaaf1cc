"""Links: aligned tokens of beads, from the vectors of their word pieces, by one of the methods.

Beads of like size are compared in one padded product a batch. A bead too long for that is cut into windows along the
diagonal that its own chunks follow, so that memory is bounded and nothing is left out.
"""

from typing import Dict, Iterator, List, NamedTuple, Sequence, Tuple

import numpy
from thinc.types import Floats2d, Floats3d, Ints1d

from .beads import BeadSettings, find_beads
from .methods import METHODS, LinkSettings
from .types import EncodedText

# Similarities of a batch: 16 MB of floats, and a few arrays more of that size while a method runs.
MAX_CELLS = 4_000_000
# Word pieces of a chunk of a long bead.
CHUNK = 128
# Chunks are cut anywhere: none is left out lightly, and lengths say nothing.
BETWEEN_CHUNKS = BeadSettings(skip=0.65, merge=0.0025, length=0.0)

TokenLinks = Dict[Tuple[int, int], float]


class _Pieces(NamedTuple):
    """The word pieces of one side of a bead; see `EncodedText`."""

    vectors: Floats2d
    first: Ints1d
    last: Ints1d

    def cut(self, start: int, end: int) -> "_Pieces":
        return _Pieces(self.vectors[start:end], self.first[start:end], self.last[start:end])


class _Window(NamedTuple):
    """A part of a bead that is linked by itself: pieces of both sides, and the source pieces whose links are kept."""

    bead: int
    source: _Pieces
    target: _Pieces
    kept: Tuple[int, int]


def link_beads(
    beads: Sequence[Tuple[Sequence[EncodedText], Sequence[EncodedText]]], method: str, settings: LinkSettings
) -> Iterator[TokenLinks]:
    """Find the links of beads.

    beads (Sequence[Tuple[Sequence[EncodedText], Sequence[EncodedText]]]): The encoded sentences of both sides.
        Their pieces' tokens must be counted from one start, such as the segment's.
    method (str): A name in `METHODS`.
    settings (LinkSettings): Temperature and threshold.
    YIELDS (Dict[Tuple[int, int], float]): Per bead and in its order, probability by (source token, target token).
    """
    windows = [
        window
        for index, (source, target) in enumerate(beads)
        for window in _windows(index, _join(source), _join(target))
    ]
    results: List[TokenLinks] = [{} for _ in beads]
    for batch in _batches([(len(w.source.vectors), len(w.target.vectors)) for w in windows]):
        similarity, source_mask, target_mask = _similarity([windows[index] for index in batch])
        probs = METHODS[method](similarity, source_mask, target_mask, settings)
        row, source_piece, target_piece = numpy.nonzero(probs * (probs >= settings.min_prob))
        found = probs[row, source_piece, target_piece]
        edges = numpy.searchsorted(row, numpy.arange(len(batch) + 1))
        for position, index in enumerate(batch):
            part = slice(edges[position], edges[position + 1])
            window = windows[index]
            _to_tokens(results[window.bead], window, source_piece[part], target_piece[part], found[part])
    yield from results


def _to_tokens(links: TokenLinks, window: _Window, i: Ints1d, j: Ints1d, probs: Floats2d) -> None:
    """Add links of word pieces to those of tokens; of several between two tokens the most probable counts."""
    inside = (i >= window.kept[0]) & (i < window.kept[1])
    i, j, probs = i[inside], j[inside], probs[inside]
    source, target = window.source, window.target
    bounds = (source.first[i], source.last[i], target.first[j], target.last[j])
    for a, a_end, b, b_end, prob in zip(*(bound.tolist() for bound in bounds), probs.tolist()):
        for key in ((x, y) for x in range(a, a_end) for y in range(b, b_end)):
            if prob > links.get(key, 0.0):
                links[key] = prob


def _windows(index: int, source: _Pieces, target: _Pieces) -> Iterator[_Window]:
    n_source, n_target = len(source.vectors), len(target.vectors)
    if not n_source or not n_target:
        return
    if n_source * n_target <= MAX_CELLS:
        yield _Window(index, source, target, (0, n_source))
        return
    sides = [
        [pieces.vectors[k : k + CHUNK] for k in range(0, len(pieces.vectors), CHUNK)] for pieces in (source, target)
    ]
    means = [numpy.stack([chunk.mean(axis=0) for chunk in chunks]) for chunks in sides]
    weights = [numpy.array([len(chunk) for chunk in chunks], dtype="float32") for chunks in sides]
    beads = find_beads(means[0], means[1], weights[0], weights[1], BETWEEN_CHUNKS)
    path = [row for row in beads if row.source[0] < row.source[1]]
    for row in path:
        # A chunk more on each side: its words may lie across the edge, and compete for the same counterparts.
        start, end = max(0, (row.source[0] - 1) * CHUNK), min(n_source, (row.source[1] + 1) * CHUNK)
        left, right = max(0, (row.target[0] - 1) * CHUNK), min(n_target, (row.target[1] + 1) * CHUNK)
        kept = (row.source[0] * CHUNK - start, min(n_source, row.source[1] * CHUNK) - start)
        yield _Window(index, source.cut(start, end), target.cut(left, right), kept)


def _join(texts: Sequence[EncodedText]) -> _Pieces:
    if not texts:
        nothing = numpy.zeros(0, dtype="int64")
        return _Pieces(numpy.zeros((0, 0), dtype="float32"), nothing, nothing)
    return _Pieces(
        numpy.concatenate([text.pieces for text in texts]),
        numpy.concatenate([text.first for text in texts]),
        numpy.concatenate([text.last for text in texts]),
    )


def _batches(sizes: Sequence[Tuple[int, int]]) -> Iterator[List[int]]:
    """Group beads of like size, so that a padded batch stays below the memory limit."""
    batch: List[int] = []
    width = 0
    for index in sorted(range(len(sizes)), key=lambda i: max(sizes[i])):
        if not min(sizes[index]):
            continue
        width = max(sizes[index])
        if batch and (len(batch) + 1) * width * width > MAX_CELLS:
            yield batch
            batch = []
        batch.append(index)
    if batch:
        yield batch


def _similarity(windows: Sequence[_Window]) -> Tuple[Floats3d, Floats2d, Floats2d]:
    source, source_mask = _pad([window.source.vectors for window in windows])
    target, target_mask = _pad([window.target.vectors for window in windows])
    return numpy.matmul(source, target.transpose(0, 2, 1)), source_mask, target_mask


def _pad(arrays: Sequence[Floats2d]) -> Tuple[Floats3d, Floats2d]:
    length = max(map(len, arrays))
    padded = numpy.zeros((len(arrays), length, arrays[0].shape[1]), dtype="float32")
    mask = numpy.zeros((len(arrays), length), dtype="float32")
    for index, array in enumerate(arrays):
        padded[index, : len(array)] = array
        mask[index, : len(array)] = 1.0
    return padded, mask
