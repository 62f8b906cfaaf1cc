"""Losses of relation models: logits, targets and weights in; the loss and its gradient out.

Losses and gradients are sums over the pairs, not means, as in spaCy's entity recogniser: so a pair counts as much as an
entity decision where both train one encoder. `grad_factor` of the listener shifts that balance.
"""

from dataclasses import dataclass
from typing import ClassVar, Protocol, Tuple, runtime_checkable

from thinc.api import get_array_module
from thinc.types import Floats2d, Ints1d

from ...errors import Errors, fail

# The logit of a label that a pair's types exclude: its probability is zero, and it takes no part in the loss.
IMPOSSIBLE = -1e9


@runtime_checkable
class Loss(Protocol):
    """What `xlre_relation` expects of its loss: a callable that says which mode it is for."""

    exclusive: ClassVar[bool]
    by_bag: ClassVar[bool]

    def __call__(self, logits: Floats2d, targets: Floats2d, weights: Floats2d, *bags: Ints1d) -> Tuple[float, Floats2d]:
        """Return the loss and its gradient with respect to the logits; a loss `by_bag` also gets the pairs' bags."""


@dataclass(frozen=True)
class CrossEntropy:
    """The loss of exclusive labels: see `create_cross_entropy`."""

    label_smoothing: float = 0.0
    exclusive: ClassVar[bool] = True
    by_bag: ClassVar[bool] = False

    def __call__(self, logits: Floats2d, targets: Floats2d, weights: Floats2d) -> Tuple[float, Floats2d]:
        """Return the weighted sum of cross-entropies and its gradient.

        logits (Floats2d): Shape (n_pairs, n_labels + 1), NA last.
        targets (Floats2d): Distributions, of the same shape.
        weights (Floats2d): One a pair, shape (n_pairs, 1).
        """
        xp = get_array_module(logits)
        log_probs = log_softmax(logits)
        possible = _possible(logits)
        if self.label_smoothing:
            even = possible / possible.sum(axis=1, keepdims=True)
            targets = (1.0 - self.label_smoothing) * targets + self.label_smoothing * even
        loss = -(weights * targets * xp.where(possible, log_probs, 0.0)).sum()
        return float(loss), (weights * (xp.exp(log_probs) - targets)).astype("float32")


@dataclass(frozen=True)
class GeneralizedCrossEntropy:
    """A loss of exclusive labels that noisy ones hurt less: see `create_generalized_cross_entropy`."""

    q: float = 0.5
    exclusive: ClassVar[bool] = True
    by_bag: ClassVar[bool] = False

    def __call__(self, logits: Floats2d, targets: Floats2d, weights: Floats2d) -> Tuple[float, Floats2d]:
        """Return the weighted sum of the losses and its gradient.

        logits (Floats2d): Shape (n_pairs, n_labels + 1), NA last.
        targets (Floats2d): Distributions, of the same shape.
        weights (Floats2d): One a pair, shape (n_pairs, 1).
        """
        xp = get_array_module(logits)
        log_probs = log_softmax(logits)
        # Where a label is impossible its target is zero, and the power of a tiny probability may not be.
        powers = xp.exp(self.q * log_probs) * _possible(logits)
        loss = (weights * targets * (1.0 - powers) / self.q).sum()
        return float(loss), _towards(xp.exp(log_probs), targets * powers, weights)


@dataclass(frozen=True)
class CorrectedCrossEntropy:
    """A loss of exclusive labels of which a share is known to be wrong: see `create_corrected_cross_entropy`."""

    noise: float = 0.2
    exclusive: ClassVar[bool] = True
    by_bag: ClassVar[bool] = False

    def __call__(self, logits: Floats2d, targets: Floats2d, weights: Floats2d) -> Tuple[float, Floats2d]:
        """Return the weighted sum of the losses and its gradient.

        logits (Floats2d): Shape (n_pairs, n_labels + 1), NA last.
        targets (Floats2d): Distributions, of the same shape.
        weights (Floats2d): One a pair, shape (n_pairs, 1).
        """
        xp = get_array_module(logits)
        probs = xp.exp(log_softmax(logits))
        others = xp.maximum(_possible(logits).sum(axis=1, keepdims=True) - 1.0, 1.0)
        right = (1.0 - self.noise) * probs
        # The probability that a label is written down, rightly or by mistake.
        written = right + self.noise / others * (1.0 - probs)
        loss = -(weights * targets * xp.log(written)).sum()
        slope = 1.0 - self.noise - self.noise / others
        return float(loss), _towards(probs, targets * slope * probs / written, weights)


@dataclass(frozen=True)
class BinaryCrossEntropy:
    """The loss of independent labels: see `create_binary_cross_entropy`."""

    label_smoothing: float = 0.0
    exclusive: ClassVar[bool] = False
    by_bag: ClassVar[bool] = False

    def __call__(self, logits: Floats2d, targets: Floats2d, weights: Floats2d) -> Tuple[float, Floats2d]:
        """Return the weighted sum of binary cross-entropies and its gradient.

        logits (Floats2d): Shape (n_pairs, n_labels).
        targets (Floats2d): In [0, 1], of the same shape.
        weights (Floats2d): One a pair and label, of the same shape.
        """
        xp = get_array_module(logits)
        if self.label_smoothing:
            targets = (1.0 - self.label_smoothing) * targets + self.label_smoothing / 2.0
        weights = weights * _possible(logits)
        loss = xp.maximum(logits, 0.0) - logits * targets + xp.log1p(xp.exp(-xp.abs(logits)))
        probs = 1.0 / (1.0 + xp.exp(-xp.clip(logits, -60.0, 60.0)))
        return float((weights * loss).sum()), (weights * (probs - targets)).astype("float32")


def create_cross_entropy(label_smoothing: float = 0.0) -> CrossEntropy:
    """Make the loss of exclusive labels; registered as `spacy_xlre.cross_entropy.v1`.

    label_smoothing (float): The share of a target that is spread evenly over the possible labels.
    RETURNS (CrossEntropy): The loss.
    """
    return CrossEntropy(label_smoothing)


def create_generalized_cross_entropy(q: float = 0.5) -> GeneralizedCrossEntropy:
    """Make a loss of exclusive labels for noisy ones; registered as `spacy_xlre.generalized_cross_entropy.v1`.

    A target of probability p costs (1 - p^q) / q: near q = 0 this is cross-entropy, at q = 1 the mean absolute error.
    The larger q, the less a label counts that the model finds unlikely (Zhang and Sabuncu 2018, "Generalized Cross
    Entropy Loss for Training Deep Neural Networks with Noisy Labels").

    q (float): In (0, 1].
    RETURNS (GeneralizedCrossEntropy): The loss.
    RAISES (XlreError): If q is out of its range.
    """
    if not 0.0 < q <= 1.0:
        raise fail(Errors.X307, q=q)
    return GeneralizedCrossEntropy(q)


def create_corrected_cross_entropy(noise: float = 0.2) -> CorrectedCrossEntropy:
    """Make a loss of exclusive labels for noisy ones; registered as `spacy_xlre.corrected_cross_entropy.v1`.

    A label is taken to be right with probability 1 - noise, and else to be any other possible one. The loss is the
    cross-entropy of what is written down: a label that the model is sure to be wrong no longer counts, one that it has
    no opinion of counts nearly in full (forward correction for even noise: Patrini et al. 2017, "Making Deep Neural
    Networks Robust to Label Noise: A Loss Correction Approach").

    noise (float): The share of wrong labels, above 0 and below 1.
    RETURNS (CorrectedCrossEntropy): The loss.
    RAISES (XlreError): If the share is out of its range.
    """
    if not 0.0 < noise < 1.0:
        raise fail(Errors.X318, noise=noise)
    return CorrectedCrossEntropy(noise)


def create_binary_cross_entropy(label_smoothing: float = 0.0) -> BinaryCrossEntropy:
    """Make the loss of independent labels; registered as `spacy_xlre.binary_cross_entropy.v1`.

    label_smoothing (float): Targets are moved this far towards one half: 1 becomes 1 - label_smoothing / 2.
    RETURNS (BinaryCrossEntropy): The loss.
    """
    return BinaryCrossEntropy(label_smoothing)


def log_softmax(logits: Floats2d) -> Floats2d:
    """Return log probabilities, row by row."""
    xp = get_array_module(logits)
    shifted = logits - logits.max(axis=1, keepdims=True)
    return shifted - xp.log(xp.exp(shifted).sum(axis=1, keepdims=True))


def _towards(probs: Floats2d, pull: Floats2d, weights: Floats2d) -> Floats2d:
    """Return the gradient of the logits, given how much each probability gains by its own logit's growth."""
    gradient = weights * (probs * pull.sum(axis=1, keepdims=True) - pull)
    return gradient.astype("float32")


def _possible(logits: Floats2d) -> Floats2d:
    """Return 1 for labels that the pair's types allow, 0 for those that the model masked."""
    return (logits > IMPOSSIBLE / 2).astype("float32")
