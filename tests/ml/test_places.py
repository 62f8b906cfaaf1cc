"""Token vectors that tell the tokens of one word piece apart."""

import numpy as np
import pytest
from thinc.api import Ragged, get_current_ops

from spacy_xlre.ml.places import build_mean_with_places

WIDTH = 5
PIECES = np.random.default_rng(0).normal(size=(4, WIDTH)).astype("f")
# Seven tokens: one of two pieces, three of one piece, one of one piece, two of one piece.
ROWS = [0, 1, 2, 2, 2, 1, 3, 3]
LENGTHS = [2, 1, 1, 1, 1, 1, 1]


def ragged(pieces=PIECES):
    return Ragged(pieces[ROWS], get_current_ops().asarray1i(LENGTHS))


@pytest.fixture
def model():
    model = build_mean_with_places()
    model.initialize(X=ragged())
    return model


def test_tokens_of_one_piece_differ_by_their_places_and_others_are_the_mean_of_their_pieces(model):
    first, between, last = model.get_param("codes")
    mean = (PIECES[0] + PIECES[1]) / 2
    expected = [
        mean,
        PIECES[2] + first,
        PIECES[2] + between,
        PIECES[2] + last,
        PIECES[1],
        PIECES[3] + first,
        PIECES[3] + last,
    ]
    np.testing.assert_allclose(model.predict(ragged()), expected, atol=1e-6)


def test_its_gradients_are_those_of_the_pieces_and_the_codes(model):
    weights = np.random.default_rng(1).normal(size=(len(LENGTHS), WIDTH)).astype("f")
    _, backprop = model.begin_update(ragged())
    d_pieces = backprop(weights).dataXd
    np.testing.assert_allclose(d_pieces, np.repeat(weights / np.asarray(LENGTHS)[:, None], LENGTHS, axis=0), rtol=1e-5)
    expected = [weights[1] + weights[5], weights[2], weights[3] + weights[6]]
    np.testing.assert_allclose(model.get_grad("codes"), expected, rtol=1e-5)


def test_codes_are_kept(model):
    copied = build_mean_with_places().from_bytes(model.to_bytes())
    np.testing.assert_array_equal(copied.predict(ragged()), model.predict(ragged()))
