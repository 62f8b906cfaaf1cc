import numpy as np

from spacy_xlre.ml.relations.standardize import Standardize

RNG = np.random.default_rng(0)


def batch():
    return RNG.normal([5.0, -3.0, 0.0], [0.1, 2.0, 1.0], size=(200, 3)).astype("float32")


def standardize():
    model = Standardize()
    model.set_dim("nI", 3)
    model.initialize()
    return model


def test_the_first_batch_is_brought_to_mean_zero_and_variance_one():
    X = batch()
    Y, _ = standardize().begin_update(X)
    np.testing.assert_allclose(Y.mean(axis=0), 0.0, atol=1e-4)
    np.testing.assert_allclose(Y.std(axis=0), 1.0, atol=1e-2)


def test_prediction_uses_what_training_collected_and_changes_nothing():
    model = standardize()
    untouched = batch()
    np.testing.assert_allclose(model.predict(untouched), untouched, rtol=1e-4)
    for _ in range(5):
        model.begin_update(batch())
    before = model.to_bytes()
    Y = model.predict(np.full((1, 3), 5.0, dtype="float32"))
    assert abs(Y[0, 0]) < 0.5
    assert Y[0, 1] > 3.0
    assert model.to_bytes() == before


def test_statistics_count_as_constants_in_the_backward():
    model = standardize()
    X = batch()
    _, backprop = model.begin_update(X)
    d_tokens = backprop(np.ones_like(X))
    np.testing.assert_allclose(d_tokens[0] * X.std(axis=0), 1.0, rtol=1e-2)


def test_statistics_are_kept():
    model = standardize()
    model.begin_update(batch())
    loaded = Standardize().from_bytes(model.to_bytes())
    X = batch()
    np.testing.assert_array_equal(loaded.predict(X), model.predict(X))
