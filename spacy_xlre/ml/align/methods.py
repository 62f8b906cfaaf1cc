"""Extraction methods: which word pieces of a bead are linked, and how probable each link is.

A method is a function `(similarity, source mask, target mask, settings) -> probabilities`, shapes (n_beads, n_source,
n_target), (n_beads, n_source), (n_beads, n_target): products of unit vectors in, the probability of each link in (0, 1]
out, 0 where there is none. Every method takes a batch of padded beads; `METHODS` names them.

Probabilities mean the same everywhere: the geometric mean of how probable the target piece is among all of its bead
given the source piece, and the other way round. Where there is a null word, it is one more piece on each side, equally
similar to every piece, so that a piece may belong to nothing.
"""

from dataclasses import dataclass
from typing import Callable, Dict, Optional, Tuple

import numpy
from thinc.types import Floats2d, Floats3d

from ...extras import need

MASKED = -1e4
# Where the softmax is too small for a float, a link of a discrete method still has a probability.
LEAST = 1e-6
# How much a piece that is linked already counts in the next iteration of itermax.
LINKED = 0.9


@dataclass(frozen=True)
class LinkSettings:
    """What the methods share.

    temperature (float): Divides similarities before a softmax or entmax: lower is more decided.
    threshold (float): The least probability of a link in each direction; used by `softmax` and `entmax`.
    null (Optional[float]): Similarity of every piece to the null word; None for no null word.
    distortion (float): How much similarity falls with the distance from the diagonal, in [0, 1]: a link between the
        start of one side and the end of the other loses this share of it. 0 for none. (Jalili Sabet et al. 2020)
    iterations (int): Rounds of `itermax`, the first included.
    min_prob (float): Links of less probability are left out, whatever the method.
    """

    temperature: float = 0.065
    threshold: float = 0.02
    null: Optional[float] = None
    distortion: float = 0.0
    iterations: int = 2
    min_prob: float = 0.0


Method = Callable[[Floats3d, Floats2d, Floats2d, LinkSettings], Floats3d]


def argmax(similarity: Floats3d, source: Floats2d, target: Floats2d, settings: LinkSettings) -> Floats3d:
    """Link the pieces that are each other's most similar one (Jalili Sabet et al. 2020, "SimAlign")."""
    masked = _prepare(similarity, source, target, settings)
    return _with_probabilities(_mutual(masked), masked, settings)


def itermax(similarity: Floats3d, source: Floats2d, target: Floats2d, settings: LinkSettings) -> Floats3d:
    """Repeat `argmax` for pieces that are not linked yet (Jalili Sabet et al. 2020).

    A pair of which one piece is linked stays possible, at nine tenths of its similarity: a word may get several links.
    """
    masked = _prepare(similarity, source, target, settings)
    linked = _mutual(masked)
    for _ in range(settings.iterations - 1):
        taken_source, taken_target = linked.any(axis=2, keepdims=True), linked.any(axis=1, keepdims=True)
        # Where one side has nothing left, the links of that bead are complete.
        left = (~taken_source & (source > 0)[:, :, None]).any(axis=(1, 2)) & (
            ~taken_target & (target > 0)[:, None, :]
        ).any(axis=(1, 2))
        reduced = numpy.where(taken_source | taken_target, masked * LINKED, masked)
        reduced = numpy.where(taken_source & taken_target, MASKED, reduced)
        found = _mutual(reduced) & left[:, None, None]
        if not found.any():
            break
        linked |= found
    return _with_probabilities(linked, masked, settings)


def match(similarity: Floats3d, source: Floats2d, target: Floats2d, settings: LinkSettings) -> Floats3d:
    """Link one to one so that the sum of similarities is greatest (Jalili Sabet et al. 2020)."""
    assign = need("scipy.optimize", extra="align").linear_sum_assignment
    masked = _prepare(similarity, source, target, settings)
    linked = numpy.zeros(masked.shape, dtype=bool)
    sizes = zip((source > 0).sum(axis=1).tolist(), (target > 0).sum(axis=1).tolist())
    for row, (n_source, n_target) in enumerate(sizes):
        i, j = assign(masked[row, :n_source, :n_target], maximize=True)
        linked[row, i, j] = True
    if settings.null is not None:
        linked &= masked > settings.null
    return _with_probabilities(linked, masked, settings)


def softmax(similarity: Floats3d, source: Floats2d, target: Floats2d, settings: LinkSettings) -> Floats3d:
    """Link what is probable in both directions (Dou and Neubig 2021, "awesome-align")."""
    masked = _prepare(similarity, source, target, settings)
    return _both_ways(masked, *_directions(masked, settings, _softmax), settings)


def entmax(similarity: Floats3d, source: Floats2d, target: Floats2d, settings: LinkSettings) -> Floats3d:
    """Link what 1.5-entmax, which gives most pieces no probability at all, keeps in both directions.

    Source: Peters, Niculae and Martins 2019, "Sparse sequence-to-sequence models".
    """
    masked = _prepare(similarity, source, target, settings)
    return _both_ways(masked, *_directions(masked, settings, entmax15), settings)


METHODS: Dict[str, Method] = {
    "argmax": argmax,
    "itermax": itermax,
    "match": match,
    "softmax": softmax,
    "entmax": entmax,
}


def entmax15(scores: Floats3d) -> Floats3d:
    """Return the 1.5-entmax of the last axis: max(scores / 2 - t, 0) squared, with t so that it adds up to 1."""
    halved = (scores - scores.max(axis=-1, keepdims=True)) / 2
    ranked = -numpy.sort(-halved, axis=-1)
    count = numpy.arange(1, ranked.shape[-1] + 1)
    mean = numpy.cumsum(ranked, axis=-1, dtype="float64") / count
    spread = numpy.cumsum(ranked**2, axis=-1, dtype="float64") - count * mean**2
    cuts = mean - numpy.sqrt(numpy.maximum((1.0 - spread) / count, 0.0))
    support = (cuts <= ranked).sum(axis=-1, keepdims=True)
    cut = numpy.take_along_axis(cuts, support - 1, axis=-1)
    return (numpy.maximum(halved - cut, 0.0) ** 2).astype(scores.dtype)


def _softmax(scores: Floats3d) -> Floats3d:
    powers = numpy.exp(scores - scores.max(axis=-1, keepdims=True))
    return powers / powers.sum(axis=-1, keepdims=True)


def _prepare(similarity: Floats3d, source: Floats2d, target: Floats2d, settings: LinkSettings) -> Floats3d:
    """Apply the distortion prior and mask the padding."""
    if settings.distortion:
        places = [
            (numpy.arange(side.shape[1]) + 0.5) / side.sum(axis=1, keepdims=True).clip(min=1)
            for side in (source, target)
        ]
        similarity = similarity * (1.0 - settings.distortion * (places[0][:, :, None] - places[1][:, None, :]) ** 2)
    return numpy.where((source[:, :, None] * target[:, None, :]) > 0, similarity, MASKED).astype("float32")


def _mutual(masked: Floats3d) -> Floats3d:
    best = masked >= masked.max(axis=2, keepdims=True)
    best &= masked >= masked.max(axis=1, keepdims=True)
    return best & (masked > MASKED / 2)


def _directions(
    masked: Floats3d, settings: LinkSettings, normalize: Callable[[Floats3d], Floats3d]
) -> Tuple[Floats3d, Floats3d]:
    """Return the probabilities of targets given the source, and of sources given the target, in the same layout."""
    scaled = masked / settings.temperature
    turned = numpy.ascontiguousarray(scaled.transpose(0, 2, 1))
    forward, backward = (_with_null(side, settings, normalize) for side in (scaled, turned))
    return forward, backward.transpose(0, 2, 1)


def _with_null(scaled: Floats3d, settings: LinkSettings, normalize: Callable[[Floats3d], Floats3d]) -> Floats3d:
    if settings.null is None:
        return normalize(scaled)
    null = numpy.full((*scaled.shape[:2], 1), settings.null / settings.temperature, dtype="float32")
    return normalize(numpy.concatenate([scaled, null], axis=2))[:, :, :-1]


def _both_ways(masked: Floats3d, forward: Floats3d, backward: Floats3d, settings: LinkSettings) -> Floats3d:
    linked = (numpy.minimum(forward, backward) > settings.threshold) & (masked > MASKED / 2)
    return numpy.where(linked, numpy.sqrt(forward * backward), 0.0)


def _with_probabilities(linked: Floats3d, masked: Floats3d, settings: LinkSettings) -> Floats3d:
    forward, backward = _directions(masked, settings, _softmax)
    return numpy.where(linked, numpy.clip(numpy.sqrt(forward * backward), LEAST, 1.0), 0.0)
