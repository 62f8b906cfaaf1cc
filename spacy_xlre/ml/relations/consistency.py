"""What two translations should say alike: a symmetric KL divergence between the predictions for the same pair."""

from typing import Tuple

from thinc.api import get_array_module
from thinc.types import Floats1d, Floats2d, Ints1d

from .losses import IMPOSSIBLE, log_softmax


def symmetric_divergence(
    logits: Floats2d, first: Ints1d, second: Ints1d, weights: Floats1d, *, exclusive: bool
) -> Tuple[float, Floats2d]:
    """Return KL(p, q) + KL(q, p) of the predictions p and q of couples of pairs, and its gradient.

    A label that is impossible on either side, such as a symmetric one whose arguments stand in another order, takes no
    part.

    logits (Floats2d): Of all pairs, shape (n_pairs, n_outputs).
    first, second (Ints1d): The rows of each couple, shape (n_couples,) each.
    weights (Floats1d): How much each couple counts, shape (n_couples,).
    exclusive (bool): Whether outputs are one distribution, or independent labels, whose divergences are added.
    RETURNS (Tuple[float, Floats2d]): The weighted sum, and the gradient of the logits.
    """
    xp = get_array_module(logits)
    gradient = xp.zeros_like(logits)
    if not len(first):
        return 0.0, gradient
    a, b, weights = logits[first], logits[second], weights[:, None]
    possible = (a > IMPOSSIBLE / 2) & (b > IMPOSSIBLE / 2)
    if exclusive:
        log_p, log_q = (log_softmax(xp.where(possible, side, IMPOSSIBLE)) for side in (a, b))
        p, q = xp.exp(log_p), xp.exp(log_q)
        difference = xp.where(possible, log_p - log_q, 0.0)
        loss = (weights * (p - q) * difference).sum()
        d_a = p * (difference - (p * difference).sum(axis=1, keepdims=True)) + p - q
        d_b = q * (-difference + (q * difference).sum(axis=1, keepdims=True)) + q - p
    else:
        difference = xp.where(possible, a - b, 0.0)
        p, q = (1.0 / (1.0 + xp.exp(-xp.clip(side, -60.0, 60.0))) for side in (a, b))
        gap = xp.where(possible, p - q, 0.0)
        loss = (weights * gap * difference).sum()
        d_a = p * (1.0 - p) * difference + gap
        d_b = -q * (1.0 - q) * difference - gap
    for rows, part in ((first, d_a), (second, d_b)):
        xp.add.at(gradient, rows, (weights * part).astype("float32"))
    return float(loss), gradient
