"""Both directions of a pair as one distribution."""

import numpy as np
import pytest

from spacy_xlre.ml.relations.both_directions import better_direction, join_directions, reversed_pairs
from spacy_xlre.ml.relations.losses import (
    IMPOSSIBLE,
    create_corrected_cross_entropy,
    create_cross_entropy,
    create_generalized_cross_entropy,
)

from .differences import differences
from .test_relation_gradients import doc_pairs

# Rows 0 and 1 are both directions of a pair, as are 2 and 4; row 3 is alone.
REVERSE = np.array([1, 0, 4, -1, 2])
LOGITS = np.array([[2.0, -1.0, 0.5], [0.0, 1.5, 1.0], [3.0, IMPOSSIBLE, 1.0], [0.3, 0.2, 0.1], [0.5, 0.3, 0.1]])
NA = [0, 0, 1]


def joined(targets, weights, logits=LOGITS):
    return join_directions(
        logits, np.array(targets, dtype="float64"), np.array(weights, dtype="float64")[:, None], REVERSE
    )


def test_reversed_pairs_are_found_within_their_docs():
    first = doc_pairs(7, [(0, 2), (2, 3), (5, 7)], [(0, 1), (1, 2), (1, 0), (2, 0)], (0, 7))
    second = doc_pairs(5, [(0, 1), (3, 4)], [(1, 0), (0, 1)], (0, 5))
    nothing = doc_pairs(3, [], [], (0, 0))
    assert reversed_pairs([first, nothing, second]).tolist() == [2, -1, 0, -1, 5, 4]
    assert reversed_pairs([]).tolist() == []


def test_targets_of_two_entities_are_the_labels_of_either_direction_or_na():
    targets = joined([[1, 0, 0], NA, NA, NA, NA], [1, 1, 1, 1, 1]).targets
    np.testing.assert_array_equal(targets, [[1, 0, 0, 0, 0], [0, 0, 0, 0, 1], [0, 0, 0, 0, 1]])
    both_ways = joined([[0, 1, 0], [0, 1, 0], NA, [0, 0.25, 0.75], NA], [1] * 5).targets
    np.testing.assert_array_equal(both_ways, [[0, 0.5, 0, 0.5, 0], [0, 0, 0, 0, 1], [0, 0.25, 0, 0, 0.75]])


def test_a_direction_without_label_does_not_weigh_and_an_unknown_one_makes_na_unknown():
    weights = joined([[1, 0, 0], NA, NA, NA, [1, 0, 0]], [0.5, 1.0, 0.0, 0.3, 0.7]).weights
    np.testing.assert_array_equal(weights[:, 0], [0.5, 0.7, 0.3])
    assert joined([NA] * 5, [1.0, 1.0, 0.0, 1.0, 1.0]).weights[:, 0].tolist() == [1.0, 0.0, 1.0]


LOSSES = [create_cross_entropy(0.1), create_generalized_cross_entropy(0.5), create_corrected_cross_entropy(0.3)]


@pytest.mark.parametrize("loss", LOSSES, ids=repr)
def test_the_gradient_goes_to_the_logits_of_both_directions(loss):
    logits = LOGITS.copy()
    targets, weights = [[1, 0, 0], NA, NA, [0, 1, 0], [0.5, 0.5, 0]], [0.7, 1.0, 0.5, 0.4, 0.9]

    def value():
        rows = joined(targets, weights, logits)
        return loss(rows.logits, rows.targets, rows.weights)[0]

    rows = joined(targets, weights, logits)
    gradient = rows.split(loss(rows.logits, rows.targets, rows.weights)[1], logits.shape)
    np.testing.assert_allclose(gradient, differences(value, logits, eps=1e-4), atol=1e-4)
    assert gradient[2, 1] == 0.0


def test_pairs_without_a_reverse_lose_as_they_do_alone():
    reverse, loss = np.full(5, -1), create_cross_entropy()
    targets, weights = np.array([[1.0, 0, 0], NA, NA, [0, 1, 0], NA]), np.ones((5, 1))
    rows = join_directions(LOGITS, targets, weights, reverse)
    value, gradient = loss(rows.logits, rows.targets, rows.weights)
    expected, d_logits = loss(LOGITS, targets, weights)
    assert value == pytest.approx(expected)
    np.testing.assert_allclose(rows.split(gradient, LOGITS.shape), d_logits, atol=1e-6)


def test_the_direction_with_the_best_score_is_better_and_of_equal_ones_the_first():
    scores = np.array([[0.2, 0.6], [0.7, 0.1], [0.5, 0.1], [0.0, 0.0], [0.1, 0.5]])
    assert better_direction(scores, REVERSE).tolist() == [False, True, True, True, False]
