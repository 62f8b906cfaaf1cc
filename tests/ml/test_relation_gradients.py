"""Every backward that is written by hand, compared with differences of the forward."""

import numpy as np
import pytest
from thinc.api import Model, NumpyOps

from spacy_xlre.errors import XlreError
from spacy_xlre.ml.relations.attention import PairAttention
from spacy_xlre.ml.relations.classifier import build_classifier
from spacy_xlre.ml.relations.losses import (
    IMPOSSIBLE,
    create_binary_cross_entropy,
    create_corrected_cross_entropy,
    create_cross_entropy,
    create_generalized_cross_entropy,
)
from spacy_xlre.ml.relations.pair_vectors import build_pair_vectors
from spacy_xlre.ml.relations.pairs import DocPairs, PairBatch, collate
from spacy_xlre.ml.relations.segments import gather, range_means

from .differences import differences

OPS = NumpyOps()
WIDTH = 4


def doc_pairs(n_tokens, spans, pairs, context):
    return DocPairs(
        n_tokens=n_tokens,
        spans=np.array(spans, dtype="int64").reshape(-1, 2),
        types=np.arange(len(spans), dtype="uint64"),
        heads=np.array([head for head, _ in pairs], dtype="int64"),
        tails=np.array([tail for _, tail in pairs], dtype="int64"),
        context=np.array([context] * len(pairs), dtype="int64").reshape(-1, 2),
        allowed=np.ones((len(pairs), 2), dtype=bool),
    )


@pytest.fixture
def pairs() -> PairBatch:
    # The first two entities of the first Doc are adjacent, the second is part of four pairs, the second Doc has none.
    first = doc_pairs(7, [(0, 2), (2, 3), (5, 7)], [(0, 1), (1, 0), (1, 2), (2, 1), (0, 2)], (0, 7))
    return collate([first, doc_pairs(3, [(1, 2)], [], (0, 0)), doc_pairs(5, [(0, 1), (3, 4)], [(0, 1)], (0, 5))])


@pytest.fixture
def tokens() -> np.ndarray:
    return np.random.default_rng(0).normal(size=(15, WIDTH)).astype("float32")


def assert_gradients(model: Model, X, inputs, as_gradients=lambda dX: [dX], seed: int = 1) -> None:
    """Check the gradients of the inputs (parts of X) and of all parameters, for a random gradient of the output."""
    Y, backprop = model.begin_update(X)
    dY = np.random.default_rng(seed).normal(size=Y.shape).astype("float32")

    def loss() -> float:
        return float((model.predict(X).astype("float64") * dY).sum())

    gradients = as_gradients(backprop(dY.copy()))
    for found, array in zip(gradients, inputs, strict=True):
        np.testing.assert_allclose(found, differences(loss, array), rtol=2e-2, atol=2e-2)
    for node in model.walk():
        for name in () if node.name == "standardize" else node.param_names:
            expected = differences(loss, node.get_param(name))
            np.testing.assert_allclose(
                node.get_grad(name), expected, rtol=2e-2, atol=2e-2, err_msg=f"{node.name}.{name}"
            )


def test_means_over_ranges_that_overlap_or_are_empty(tokens):
    ranges = np.array([(0, 3), (2, 5), (4, 4), (14, 15), (15, 15), (0, 15)])
    Y, backprop = range_means(OPS, tokens, ranges)
    np.testing.assert_allclose(Y[0], tokens[:3].mean(axis=0), rtol=1e-5)
    np.testing.assert_array_equal(Y[[2, 4]], 0.0)
    dY = np.random.default_rng(1).normal(size=Y.shape).astype("float32")

    def loss():
        return float((range_means(OPS, tokens, ranges)[0].astype("float64") * dY).sum())

    np.testing.assert_allclose(backprop(dY), differences(loss, tokens), rtol=1e-2, atol=1e-3)


def test_no_ranges_give_no_means_of_the_right_width(tokens):
    Y, backprop = range_means(OPS, tokens, np.zeros((0, 2), dtype="int64"))
    assert Y.shape == (0, WIDTH)
    np.testing.assert_array_equal(backprop(Y), np.zeros_like(tokens))


def test_an_entity_in_several_pairs_gets_the_sum_of_their_gradients(tokens):
    _, backprop = gather(OPS, tokens, np.array([3, 3, 5, 3]))
    d_tokens = backprop(np.ones((4, WIDTH), dtype="float32"))
    np.testing.assert_array_equal(d_tokens[:, 0], [0, 0, 0, 3, 0, 1] + [0] * 9)


def test_attention_over_the_context(tokens, pairs):
    entities = np.random.default_rng(2).normal(size=(len(pairs), 6)).astype("float32")
    model = PairAttention(n_heads=2, key_width=3, value_width=2)
    model.set_dim("nI", WIDTH)
    model.set_dim("nE", 6)
    model.initialize()
    for name in ("head_bias", "tail_bias"):
        bias = model.get_param(name)
        bias[:] = np.random.default_rng(3).normal(size=bias.shape)
    assert_gradients(model, (tokens, entities, pairs), [tokens, entities], as_gradients=lambda dX: dX)


@pytest.mark.parametrize("heads", [0, 2])
def test_pair_vectors(tokens, pairs, heads):
    model = build_pair_vectors(type_width=2, type_rows=5, distance_width=2, attention_heads=heads, attention_width=3)
    model.set_dim("nI", WIDTH)
    model.initialize()
    assert model.predict((tokens, pairs)).shape == (len(pairs), model.get_dim("nO"))
    assert_gradients(model, (tokens, pairs), [tokens])


def test_hidden_entities_are_zeros_in_training_and_get_no_gradient(tokens, pairs):
    model = build_pair_vectors(attention_heads=0, entity_dropout=1.0)
    model.set_dim("nI", WIDTH)
    model.initialize()
    entity_columns = slice(0, 6 * WIDTH)
    Y, backprop = model.begin_update((tokens, pairs))
    np.testing.assert_array_equal(Y[:, entity_columns], 0.0)
    assert np.abs(model.predict((tokens, pairs))[:, entity_columns]).min(axis=1).all()
    d_entities = np.zeros_like(Y)
    d_entities[:, entity_columns] = 1.0
    np.testing.assert_array_equal(backprop(d_entities), 0.0)


def test_classifier():
    X = np.random.default_rng(4).normal(size=(3, 5)).astype("float32")
    model = build_classifier(hidden_width=4)
    model.initialize(X=X, Y=np.zeros((3, 2), dtype="float32"))
    output = model.get_ref("output_layer").get_param("W")
    output[:] = np.random.default_rng(5).normal(size=output.shape)
    assert_gradients(model, X, [X])


@pytest.mark.parametrize(
    "loss",
    [
        create_cross_entropy(),
        create_cross_entropy(0.2),
        create_generalized_cross_entropy(0.1),
        create_generalized_cross_entropy(1.0),
        create_corrected_cross_entropy(0.1),
        create_corrected_cross_entropy(0.6),
    ],
)
def test_losses_of_exclusive_labels(loss):
    logits = np.array([[2.0, -1.0, 0.5], [0.0, IMPOSSIBLE, 1.0], [3.0, 1.0, 1.0]], dtype="float64")
    targets = np.array([[0.5, 0.5, 0.0], [0.0, 0.0, 1.0], [1.0, 0.0, 0.0]])
    weights = np.array([[0.7], [2.0], [0.0]])
    _, gradient = loss(logits, targets, weights)
    expected = differences(lambda: loss(logits, targets, weights)[0], logits, eps=1e-4)
    np.testing.assert_allclose(gradient, expected, atol=1e-4)
    np.testing.assert_array_equal(gradient[2], 0.0)


@pytest.mark.parametrize("smoothing", [0.0, 0.2])
def test_binary_cross_entropy(smoothing):
    loss = create_binary_cross_entropy(smoothing)
    logits = np.array([[2.0, -1.0], [IMPOSSIBLE, 30.0], [3.0, 1.0]], dtype="float64")
    targets = np.array([[1.0, 0.0], [0.0, 0.0], [1.0, 0.0]])
    weights = np.array([[0.7, 0.7], [2.0, 2.0], [0.0, 0.0]])
    _, gradient = loss(logits, targets, weights)
    expected = differences(lambda: loss(logits, targets, weights)[0], logits, eps=1e-4)
    np.testing.assert_allclose(gradient, expected, atol=1e-4)
    np.testing.assert_array_equal(gradient[2], 0.0)


def test_losses_of_large_logits_are_finite():
    logits = np.array([[1e4, -1e4], [-1e4, 1e4]], dtype="float32")
    for loss in (
        create_cross_entropy(),
        create_generalized_cross_entropy(),
        create_corrected_cross_entropy(),
        create_binary_cross_entropy(),
    ):
        value, gradient = loss(logits, np.array([[0.0, 1.0], [0.0, 1.0]], dtype="float32"), np.ones((2, 1)))
        assert np.isfinite(value)
        assert np.isfinite(gradient).all()


def test_cross_entropy_of_even_logits_is_the_logarithm_of_their_number():
    value, _ = create_cross_entropy()(np.zeros((1, 4)), np.array([[0.0, 1.0, 0.0, 0.0]]), np.ones((1, 1)))
    assert value == pytest.approx(np.log(4))


def test_generalized_cross_entropy_lies_between_cross_entropy_and_the_absolute_error():
    logits, target, weight = np.zeros((1, 4)), np.array([[0.0, 1.0, 0.0, 0.0]]), np.ones((1, 1))
    assert create_generalized_cross_entropy(1e-6)(logits, target, weight)[0] == pytest.approx(np.log(4), rel=1e-4)
    assert create_generalized_cross_entropy(1.0)(logits, target, weight)[0] == pytest.approx(0.75)


def test_generalized_cross_entropy_pulls_less_at_a_label_that_the_model_finds_unlikely():
    unlikely, target, weight = np.array([[-4.0, 4.0]]), np.array([[1.0, 0.0]]), np.ones((1, 1))
    _, robust = create_generalized_cross_entropy(0.5)(unlikely, target, weight)
    _, plain = create_cross_entropy()(unlikely, target, weight)
    assert abs(robust[0, 0]) < 0.1 * abs(plain[0, 0])


@pytest.mark.parametrize("q", [0.0, 1.5])
def test_generalized_cross_entropy_out_of_range_is_an_error(q):
    with pytest.raises(XlreError, match="q"):
        create_generalized_cross_entropy(q)


def test_corrected_cross_entropy_is_that_of_labels_as_they_are_written():
    # Of four even labels each is written down as often; without noise this is the cross-entropy.
    logits, target, weight = np.zeros((1, 4)), np.array([[0.0, 1.0, 0.0, 0.0]]), np.ones((1, 1))
    assert create_corrected_cross_entropy(0.4)(logits, target, weight)[0] == pytest.approx(np.log(4))
    sure = np.array([[0.0, 50.0, 0.0, 0.0]])
    assert create_corrected_cross_entropy(0.4)(sure, target, weight)[0] == pytest.approx(-np.log(0.6))


def test_corrected_cross_entropy_doubts_labels_more_than_a_model_without_opinion():
    target, weight, loss = np.array([[1.0, 0.0, 0.0]]), np.ones((1, 1)), create_corrected_cross_entropy(0.3)
    doubted, unknown = np.array([[-8.0, 8.0, 0.0]]), np.zeros((1, 3))

    def share_of_plain(logits):
        return loss(logits, target, weight)[1][0, 0] / create_cross_entropy()(logits, target, weight)[1][0, 0]

    assert share_of_plain(doubted) < 0.01
    assert share_of_plain(unknown) > 0.5


def test_labels_that_types_exclude_are_no_mistakes_either():
    loss, weight = create_corrected_cross_entropy(0.3), np.ones((1, 1))
    two = loss(np.array([[1.0, 0.0]]), np.array([[1.0, 0.0]]), weight)
    three = loss(np.array([[1.0, IMPOSSIBLE, 0.0]]), np.array([[1.0, 0.0, 0.0]]), weight)
    assert three[0] == pytest.approx(two[0])
    np.testing.assert_allclose(three[1][:, [0, 2]], two[1])
    only = loss(np.array([[1.0, IMPOSSIBLE]]), np.array([[1.0, 0.0]]), weight)
    assert np.isfinite(only[0])
    np.testing.assert_array_equal(only[1], 0.0)


@pytest.mark.parametrize("noise", [0.0, 1.0])
def test_corrected_cross_entropy_out_of_range_is_an_error(noise):
    with pytest.raises(XlreError, match="noise"):
        create_corrected_cross_entropy(noise)
