"""Losses of relation models: logits, targets and weights in; the loss and its gradient out.

Losses and gradients are sums over the pairs, not means, as in spaCy's entity recogniser: so a pair counts as much as an
entity decision where both train one encoder. `grad_factor` of the listener shifts that balance.
"""

from typing import Callable, Tuple

from thinc.api import get_array_module
from thinc.types import Floats2d

# The logit of a label that a pair's types exclude: its probability is zero, and it takes no part in the loss.
IMPOSSIBLE = -1e9

Loss = Callable[[Floats2d, Floats2d, Floats2d], Tuple[float, Floats2d]]


def create_cross_entropy(label_smoothing: float = 0.0) -> Loss:
    """Make the loss of exclusive labels; registered as `spacy_xlre.cross_entropy.v1`.

    label_smoothing (float): The share of a target that is spread evenly over the possible labels.
    RETURNS (Loss): Takes logits, shape (n_pairs, n_labels + 1); target distributions of the same shape; and one weight
        a pair, shape (n_pairs, 1). Returns the weighted sum of cross-entropies and its gradient.
    """

    def cross_entropy(logits: Floats2d, targets: Floats2d, weights: Floats2d) -> Tuple[float, Floats2d]:
        xp = get_array_module(logits)
        shifted = logits - logits.max(axis=1, keepdims=True)
        log_probs = shifted - xp.log(xp.exp(shifted).sum(axis=1, keepdims=True))
        possible = _possible(logits)
        if label_smoothing:
            even = possible / possible.sum(axis=1, keepdims=True)
            targets = (1.0 - label_smoothing) * targets + label_smoothing * even
        loss = -(weights * targets * xp.where(possible, log_probs, 0.0)).sum()
        return float(loss), (weights * (xp.exp(log_probs) - targets)).astype("float32")

    return cross_entropy


def create_binary_cross_entropy(label_smoothing: float = 0.0) -> Loss:
    """Make the loss of independent labels; registered as `spacy_xlre.binary_cross_entropy.v1`.

    label_smoothing (float): Targets are moved this far towards one half: 1 becomes 1 - label_smoothing / 2.
    RETURNS (Loss): Takes logits, targets in [0, 1] and weights, each of shape (n_pairs, n_labels). Returns the weighted
        sum of binary cross-entropies and its gradient.
    """

    def binary_cross_entropy(logits: Floats2d, targets: Floats2d, weights: Floats2d) -> Tuple[float, Floats2d]:
        xp = get_array_module(logits)
        if label_smoothing:
            targets = (1.0 - label_smoothing) * targets + label_smoothing / 2.0
        weights = weights * _possible(logits)
        loss = xp.maximum(logits, 0.0) - logits * targets + xp.log1p(xp.exp(-xp.abs(logits)))
        probs = 1.0 / (1.0 + xp.exp(-xp.clip(logits, -60.0, 60.0)))
        return float((weights * loss).sum()), (weights * (probs - targets)).astype("float32")

    return binary_cross_entropy


def _possible(logits: Floats2d) -> Floats2d:
    """Return 1 for labels that the pair's types allow, 0 for those that the model masked."""
    return (logits > IMPOSSIBLE / 2).astype("float32")
