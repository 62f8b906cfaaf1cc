"""Links: aligned word pieces by method, from the similarities inside beads. Every method takes and gives a batch.

A method is a function `(similarity, source mask, target mask, settings) -> probabilities`, shapes (n_beads, n_source,
n_target), (n_beads, n_source), (n_beads, n_target): unit vectors' products in, the probability of each link out, 0
where there is none. `METHODS` names them.
"""

from dataclasses import dataclass
from typing import Callable, Dict, Iterator, List, NamedTuple, Sequence, Tuple

import numpy
from thinc.types import Floats2d, Floats3d, Ints1d

from .types import EncodedText

MASKED = -1e4
MAX_CELLS = 4_000_000


@dataclass(frozen=True)
class LinkSettings:
    """What the methods share.

    temperature (float): Divides similarities before a softmax: lower is more decided.
    threshold (float): The probability from which `softmax` makes a link.
    """

    temperature: float = 0.065
    threshold: float = 0.02


class _Pieces(NamedTuple):
    """The word pieces of one side of a bead; see `EncodedText`."""

    vectors: Floats2d
    first: Ints1d
    last: Ints1d


Method = Callable[[Floats3d, Floats2d, Floats2d, LinkSettings], Floats3d]
TokenLinks = Dict[Tuple[int, int], float]


def argmax(similarity: Floats3d, source: Floats2d, target: Floats2d, settings: LinkSettings) -> Floats3d:
    """Link the pieces that are each other's most similar one (Jalili Sabet et al. 2020, "SimAlign")."""
    masked = _mask(similarity, source, target)
    best = masked >= masked.max(axis=2, keepdims=True)
    best &= masked >= masked.max(axis=1, keepdims=True)
    return numpy.where(best & (masked > MASKED / 2), _probabilities(masked, settings.temperature), 0.0)


def softmax(similarity: Floats3d, source: Floats2d, target: Floats2d, settings: LinkSettings) -> Floats3d:
    """Link what is probable in both directions (Dou and Neubig 2021, "awesome-align")."""
    masked = _mask(similarity, source, target)
    forward, backward = _directions(masked, settings.temperature)
    linked = (forward > settings.threshold) & (backward > settings.threshold) & (masked > MASKED / 2)
    return numpy.where(linked, numpy.sqrt(forward * backward), 0.0)


METHODS: Dict[str, Method] = {"argmax": argmax, "softmax": softmax}


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
    sides = [(_join(source), _join(target)) for source, target in beads]
    results: List[TokenLinks] = [{} for _ in beads]
    for batch in _batches([(len(s.vectors), len(t.vectors)) for s, t in sides]):
        similarity, source_mask, target_mask = _similarity([sides[index] for index in batch])
        probs = METHODS[method](similarity, source_mask, target_mask, settings)
        row, source, target = numpy.nonzero(probs)
        for index, i, j, prob in zip(
            row.tolist(), source.tolist(), target.tolist(), probs[row, source, target].tolist()
        ):
            left, right = sides[batch[index]]
            links = results[batch[index]]
            for a in range(left.first[i], left.last[i]):
                for b in range(right.first[j], right.last[j]):
                    links[a, b] = max(prob, links.get((a, b), 0.0))
    yield from results


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


def _similarity(sides: Sequence[Tuple[_Pieces, _Pieces]]) -> Tuple[Floats3d, Floats2d, Floats2d]:
    source, source_mask = _pad([side[0].vectors for side in sides])
    target, target_mask = _pad([side[1].vectors for side in sides])
    return numpy.matmul(source, target.transpose(0, 2, 1)), source_mask, target_mask


def _pad(arrays: Sequence[Floats2d]) -> Tuple[Floats3d, Floats2d]:
    length = max(map(len, arrays))
    padded = numpy.zeros((len(arrays), length, arrays[0].shape[1]), dtype="float32")
    mask = numpy.zeros((len(arrays), length), dtype="float32")
    for index, array in enumerate(arrays):
        padded[index, : len(array)] = array
        mask[index, : len(array)] = 1.0
    return padded, mask


def _mask(similarity: Floats3d, source: Floats2d, target: Floats2d) -> Floats3d:
    return numpy.where((source[:, :, None] * target[:, None, :]) > 0, similarity, MASKED)


def _probabilities(masked: Floats3d, temperature: float) -> Floats3d:
    forward, backward = _directions(masked, temperature)
    return numpy.sqrt(forward * backward)


def _directions(masked: Floats3d, temperature: float) -> Tuple[Floats3d, Floats3d]:
    scaled = masked / temperature
    forward = numpy.exp(scaled - scaled.max(axis=2, keepdims=True))
    backward = numpy.exp(scaled - scaled.max(axis=1, keepdims=True))
    return forward / forward.sum(axis=2, keepdims=True), backward / backward.sum(axis=1, keepdims=True)
