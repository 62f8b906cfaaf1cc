"""Losses over pairs that belong together: bags, and translations of each other."""

import numpy as np
import pytest

from spacy_xlre.ml.relations.bags import create_bag_cross_entropy
from spacy_xlre.ml.relations.consistency import symmetric_divergence
from spacy_xlre.ml.relations.losses import IMPOSSIBLE, create_cross_entropy

from .differences import differences

LOGITS = np.array(
    [[2.0, -1.0, 0.5], [0.0, 1.5, 1.0], [3.0, 1.0, 1.0], [0.3, 0.2, 0.1], [0.5, IMPOSSIBLE, 0.1], [0.0, 1.0, 0.0]]
)
TARGETS = np.array([[1, 0, 0], [1, 0, 0], [0, 0, 1], [0.5, 0.5, 0], [1, 0, 0], [0, 1, 0]], dtype="float64")
WEIGHTS = np.array([[0.7], [1.0], [0.5], [0.4], [0.9], [0.0]])


@pytest.mark.parametrize("bags", [[0, 0, 0, 0, 1, 0], [0, 0, 1, 0, 0, 0], [0, 1, 2, 3, 4, 5]])
def test_the_gradient_of_bags_goes_through_their_attention(bags):
    loss, logits = create_bag_cross_entropy(), LOGITS.copy()
    _, gradient = loss(logits, TARGETS, WEIGHTS, np.array(bags))
    expected = differences(lambda: loss(logits, TARGETS, WEIGHTS, np.array(bags))[0], logits, eps=1e-4)
    np.testing.assert_allclose(gradient, expected, atol=1e-4)
    np.testing.assert_array_equal(gradient[5], 0.0)


def test_pairs_alone_in_their_bags_have_the_plain_loss():
    value, gradient = create_bag_cross_entropy()(LOGITS, TARGETS, WEIGHTS, np.arange(6))
    plain, expected = create_cross_entropy()(LOGITS, TARGETS, WEIGHTS)
    assert value == pytest.approx(plain)
    np.testing.assert_allclose(gradient, expected, atol=1e-6)


def test_a_pair_that_does_not_show_the_label_is_pulled_less_in_a_bag_with_one_that_does():
    logits, target, weight = np.array([[6.0, 0.0], [-6.0, 0.0]]), np.array([[1.0, 0.0]] * 2), np.ones((2, 1))
    _, together = create_bag_cross_entropy()(logits, target, weight, np.array([0, 0]))
    _, apart = create_bag_cross_entropy()(logits, target, weight, np.array([0, 1]))
    assert abs(together[1, 0]) < 0.01 < 0.9 < abs(apart[1, 0])


def test_pairs_without_a_relation_are_judged_one_by_one():
    logits, target, weight = np.array([[6.0, 0.0], [-6.0, 0.0]]), np.array([[0.0, 1.0]] * 2), np.ones((2, 1))
    value, _ = create_bag_cross_entropy()(logits, target, weight, np.array([0, 0]))
    assert value == pytest.approx(create_cross_entropy()(logits, target, weight)[0])


@pytest.mark.parametrize("exclusive", [True, False])
def test_the_gradient_of_the_divergence(exclusive):
    first, second, weights = np.array([0, 0, 4]), np.array([1, 2, 3]), np.array([0.5, 1.0, 0.25])
    logits = LOGITS.copy()

    def loss():
        return symmetric_divergence(logits, first, second, weights, exclusive=exclusive)[0]

    _, gradient = symmetric_divergence(logits, first, second, weights, exclusive=exclusive)
    np.testing.assert_allclose(gradient, differences(loss, logits, eps=1e-4), atol=1e-4)
    assert loss() > 0.0


@pytest.mark.parametrize("exclusive", [True, False])
def test_equal_predictions_do_not_diverge(exclusive):
    same = np.vstack([LOGITS[:1], LOGITS[:1]])
    value, gradient = symmetric_divergence(same, np.array([0]), np.array([1]), np.ones(1), exclusive=exclusive)
    assert value == pytest.approx(0.0)
    np.testing.assert_allclose(gradient, 0.0, atol=1e-6)


def test_a_label_that_one_side_cannot_have_takes_no_part():
    logits = np.array([[1.0, IMPOSSIBLE, 0.0], [1.0, 5.0, 0.0]])
    value, gradient = symmetric_divergence(logits, np.array([0]), np.array([1]), np.ones(1), exclusive=True)
    assert value == pytest.approx(0.0)
    np.testing.assert_allclose(gradient, 0.0, atol=1e-6)


def test_nothing_that_belongs_together_gives_nothing():
    nothing = np.zeros(0, dtype="int64")
    value, gradient = symmetric_divergence(LOGITS, nothing, nothing, np.zeros(0), exclusive=True)
    assert value == 0.0
    assert not gradient.any()
