"""A loss over bags: all pairs of a batch, in any language, that mention the same two entities."""

from dataclasses import dataclass
from typing import ClassVar, Tuple

import numpy as np
from thinc.api import get_array_module
from thinc.types import Floats2d, Ints1d

from .losses import log_softmax


@dataclass(frozen=True)
class BagCrossEntropy:
    """Cross-entropy of whole bags: see `create_bag_cross_entropy`."""

    exclusive: ClassVar[bool] = True
    by_bag: ClassVar[bool] = True

    def __call__(self, logits: Floats2d, targets: Floats2d, weights: Floats2d, bags: Ints1d) -> Tuple[float, Floats2d]:
        """Return the weighted sum of cross-entropies and its gradient.

        logits (Floats2d): Shape (n_pairs, n_labels + 1), NA last.
        targets (Floats2d): Distributions, of the same shape.
        weights (Floats2d): One a pair, shape (n_pairs, 1). Pairs of weight 0 are in no bag.
        bags (Ints1d): The number of each pair's bag, shape (n_pairs,).
        """
        xp = get_array_module(logits)
        log_probs = log_softmax(logits)
        gradient = (weights * (xp.exp(log_probs) - targets)).astype("float32")
        losses = -(weights * targets * xp.where(targets > 0, log_probs, 0.0)).sum(axis=1)
        related = np.asarray(((targets[:, -1] < 0.5) & (weights[:, 0] > 0)).tolist())
        numbers = np.asarray(bags)
        for bag in np.unique(numbers[related]):
            rows = np.flatnonzero(related & (numbers == bag))
            if len(rows) > 1:
                loss, d_logits = _attend(xp, logits[rows], targets[rows], weights[rows])
                losses[rows] = loss / len(rows)
                gradient[rows] = d_logits
        return float(losses.sum()), gradient


def _attend(xp, logits: Floats2d, targets: Floats2d, weights: Floats2d) -> Tuple[float, Floats2d]:
    """Return the loss of one bag and its gradient, through the attention too."""
    total = weights.sum()
    target = (weights * targets).sum(axis=0) / total
    scores = xp.where(target > 0, logits * target, 0.0).sum(axis=1)
    attention = xp.exp(scores - scores.max())
    attention /= attention.sum()
    joined = (attention[:, None] * logits).sum(axis=0, keepdims=True)
    log_probs = log_softmax(joined)[0]
    loss = -total * xp.where(target > 0, target * log_probs, 0.0).sum()
    d_joined = total * (xp.exp(log_probs) - target)
    d_attention = xp.where(d_joined == 0, 0.0, d_joined * logits).sum(axis=1)
    d_scores = attention * (d_attention - (attention * d_attention).sum())
    return float(loss), (attention[:, None] * d_joined + d_scores[:, None] * target).astype("float32")


def create_bag_cross_entropy() -> BagCrossEntropy:
    """Make a loss for exclusive labels that judges bags; registered as `spacy_xlre.bag_cross_entropy.v1`.

    Not every sentence that mentions two entities states their relation. So the pairs of a bag that have a label are
    judged together: their logits are averaged with weights that prefer those which show the label (selective attention
    of Lin et al. 2016, "Neural Relation Extraction with Selective Attention over Instances"). NA must hold in each
    sentence: pairs without a relation, and those whose entities have no ids, are judged one by one. Bags are those of a
    batch: use `spacy_xlre.batch_by_bag.v1`, and no `accumulate_gradient`, which would split them.

    RETURNS (BagCrossEntropy): The loss.
    """
    return BagCrossEntropy()
