"""Extraction methods on matrices that fit on a screen, and properties of all of them."""

import numpy
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spacy_xlre.ml.align.methods import METHODS, LinkSettings, entmax15

SETTINGS = LinkSettings(temperature=0.1, threshold=0.1)
#            Katze  saß   still
SIMILARITY = [[0.9, 0.2, 0.1],  # cat
              [0.3, 0.8, 0.2],  # sat
              [0.1, 0.7, 0.6]]  # quietly  # fmt: skip


def link(method: str, matrix, settings: LinkSettings = SETTINGS) -> numpy.ndarray:
    similarity = numpy.array([matrix], dtype="float32")
    source, target = numpy.ones(similarity.shape[:2]), numpy.ones((1, similarity.shape[2]))
    return METHODS[method](similarity, source, target, settings)[0]


def linked(method: str, matrix, settings: LinkSettings = SETTINGS):
    return {(int(i), int(j)) for i, j in zip(*numpy.nonzero(link(method, matrix, settings)))}


def test_itermax_links_what_argmax_left_also_to_words_that_are_linked_already():
    assert linked("argmax", SIMILARITY) == {(0, 0), (1, 1)}
    assert linked("itermax", SIMILARITY) == {(0, 0), (1, 1), (2, 1)}  # nine tenths of 0.7 are more than 0.6


def test_itermax_ends_where_one_side_is_complete():
    matrix = [[0.6, 0.1], [0.9, 0.2], [0.1, 0.3]]
    assert linked("itermax", matrix, LinkSettings(iterations=3)) == linked("argmax", matrix) == {(1, 0), (2, 1)}


def test_one_iteration_of_itermax_is_argmax():
    once = LinkSettings(iterations=1)
    assert linked("itermax", SIMILARITY, once) == linked("argmax", SIMILARITY, once)


def test_match_finds_the_greatest_sum_even_against_the_best_single_link():
    assert linked("match", [[0.9, 0.8], [0.8, 0.1]]) == {(0, 1), (1, 0)}


def test_entmax_has_a_sparse_distribution_that_adds_up_to_one():
    probs = entmax15(numpy.array([[[5.0, 4.5, 0.0, -3.0]]]))[0, 0]
    assert probs.sum() == pytest.approx(1.0)
    assert probs[0] > probs[1] > 0
    assert probs[2] == probs[3] == 0


def test_a_null_word_leaves_words_unlinked():
    matrix = [[0.9, 0.1], [0.1, 0.3]]
    for method in ("softmax", "entmax", "match"):
        assert (1, 1) in linked(method, matrix, LinkSettings(0.1, 0.1))
        assert linked(method, matrix, LinkSettings(0.1, 0.1, null=0.7)) == {(0, 0)}


def test_the_distortion_prior_prefers_the_diagonal():
    matrix = [[0.50, 0.1, 0.52], [0.1, 0.5, 0.1], [0.1, 0.1, 0.5]]
    assert (0, 2) in linked("argmax", matrix)
    assert linked("argmax", matrix, LinkSettings(distortion=0.5)) == {(0, 0), (1, 1), (2, 2)}


SIZES = st.integers(1, 6)


@st.composite
def batches(draw):
    shapes = draw(st.lists(st.tuples(SIZES, SIZES), min_size=1, max_size=3))
    seed = draw(st.integers(0, 1000))
    rng = numpy.random.default_rng(seed)
    return [rng.uniform(-1, 1, shape).astype("float32") for shape in shapes]


def padded(matrices):
    shape = (len(matrices), max(m.shape[0] for m in matrices), max(m.shape[1] for m in matrices))
    similarity, source, target = (
        numpy.zeros(shape, "float32"),
        numpy.zeros(shape[:2]),
        numpy.zeros((shape[0], shape[2])),
    )
    for row, matrix in enumerate(matrices):
        similarity[row, : matrix.shape[0], : matrix.shape[1]] = matrix
        source[row, : matrix.shape[0]] = 1
        target[row, : matrix.shape[1]] = 1
    return similarity, source, target


@pytest.mark.parametrize(
    "settings", [SETTINGS, LinkSettings(0.1, 0.1, null=0.2, distortion=0.3)], ids=["plain", "priors"]
)
@pytest.mark.parametrize("method", METHODS)
@given(matrices=batches())
def test_padding_has_no_links_and_no_say(method, settings, matrices):
    together = METHODS[method](*padded(matrices), settings)
    for row, matrix in enumerate(matrices):
        n, m = matrix.shape
        numpy.testing.assert_allclose(together[row, :n, :m], link(method, matrix, settings), atol=1e-5)
        assert not together[row, n:].any()
        assert not together[row, :, m:].any()


@pytest.mark.parametrize("method", METHODS)
@given(matrices=batches())
def test_probabilities_lie_between_zero_and_one(method, matrices):
    probs = METHODS[method](*padded(matrices), SETTINGS)
    assert (probs >= 0).all()
    assert (probs <= 1 + 1e-6).all()


@given(matrices=batches())
def test_match_is_one_to_one_and_leaves_no_word_that_could_be_linked(matrices):
    for matrix in matrices:
        links = linked("match", matrix)
        assert len(links) == min(matrix.shape)
        assert len({i for i, _ in links}) == len({j for _, j in links}) == len(links)


@pytest.mark.parametrize("method", METHODS)
@given(matrices=batches(), seed=st.integers(0, 100))
def test_words_in_another_order_have_the_same_links(method, matrices, seed):
    (matrix, *_) = matrices
    order = numpy.random.default_rng(seed).permutation(matrix.shape[0])
    numpy.testing.assert_allclose(link(method, matrix[order]), link(method, matrix)[order], atol=1e-5)
