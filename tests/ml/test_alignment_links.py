"""Links from similarities: each method on matrices that fit on a screen, and properties of batches."""

import numpy
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spacy_xlre.ml.align import links as links_module
from spacy_xlre.ml.align.links import link_beads
from spacy_xlre.ml.align.methods import METHODS, LinkSettings
from spacy_xlre.ml.align.types import EncodedText

SETTINGS = LinkSettings(temperature=0.1, threshold=0.1)
#            Katze  saß   still
SIMILARITY = [[0.9, 0.2, 0.1],  # cat
              [0.3, 0.8, 0.2],  # sat
              [0.1, 0.7, 0.6]]  # quietly  # fmt: skip


def link(method: str, matrix, settings: LinkSettings = SETTINGS) -> numpy.ndarray:
    similarity = numpy.array([matrix], dtype="float32")
    source, target = numpy.ones(similarity.shape[:2]), numpy.ones((1, similarity.shape[2]))
    return METHODS[method](similarity, source, target, settings)[0]


def encoded(vectors, tokens=None, start: int = 0) -> EncodedText:
    """A text of unit vectors, by default one word piece a token."""
    pieces = numpy.array(vectors, dtype="float32").reshape(len(vectors), -1 if vectors else 2)
    pieces /= numpy.maximum(numpy.linalg.norm(pieces, axis=1, keepdims=True), 1e-9)
    tokens = tokens or [(i, i + 1) for i in range(len(vectors))]
    first, last = (numpy.array([t[side] for t in tokens], dtype="int64") + start for side in (0, 1))
    return EncodedText(pieces, first, last, pieces.sum(0), float(len(vectors)))


def test_argmax_links_what_is_most_similar_both_ways():
    assert (link("argmax", SIMILARITY) > 0).tolist() == numpy.array([[1, 0, 0], [0, 1, 0], [0, 0, 0]], bool).tolist()


def test_softmax_links_what_is_probable_both_ways():
    probs = link("softmax", SIMILARITY)
    assert (probs > 0).tolist() == numpy.array([[1, 0, 0], [0, 1, 0], [0, 1, 1]], bool).tolist()
    assert probs[0, 0] > probs[1, 1] > probs[2, 1]


def test_a_higher_threshold_leaves_the_surest_links():
    assert (link("softmax", SIMILARITY, LinkSettings(0.1, 0.9)) > 0).sum() == 1


def test_a_lower_temperature_is_more_decided():
    assert link("argmax", SIMILARITY, LinkSettings(0.01, 0.1))[1, 1] > link("argmax", SIMILARITY)[1, 1]


@pytest.mark.parametrize("method", METHODS)
def test_links_are_those_of_the_flipped_matrix_flipped(method):
    matrix = numpy.array(SIMILARITY)
    numpy.testing.assert_allclose(link(method, matrix).T, link(method, matrix.T), rtol=1e-5)


@pytest.mark.parametrize("method", METHODS)
def test_word_pieces_become_words_and_the_best_piece_counts(method):
    source = encoded([[1, 0, 0], [0.9, 0.4, 0], [0, 0, 1]], [(0, 1), (0, 1), (1, 2)])
    target = encoded([[1, 0, 0], [0.9, 0.4, 0], [0, 0, 1]], [(0, 2), (2, 3), (3, 4)])
    (found,) = link_beads([([source], [target])], method, LinkSettings(0.05, 0.1))
    assert {(0, 0), (0, 1), (0, 2), (1, 3)} <= set(found)
    assert not {(0, 3), (1, 0), (1, 2)} & set(found)
    assert found[0, 0] == found[0, 1]


@pytest.mark.parametrize("method", METHODS)
def test_a_bead_of_several_sentences_is_linked_as_one(method):
    source = [encoded([[1, 0, 0]]), encoded([[0, 1, 0]], start=1)]
    target = [encoded([[0, 1, 0], [1, 0, 0]])]
    (found,) = link_beads([(source, target)], method, SETTINGS)
    assert set(found) == {(0, 1), (1, 0)}


@pytest.mark.parametrize("method", METHODS)
def test_a_side_without_sentences_or_pieces_has_no_links(method):
    text, nothing = encoded([[1.0, 0.0]]), encoded([])
    assert list(link_beads([([text], []), ([], [text]), ([text], [nothing])], method, SETTINGS)) == [{}, {}, {}]


VECTORS = st.lists(st.lists(st.floats(-1, 1, width=16), min_size=3, max_size=3), min_size=1, max_size=6)


@pytest.mark.parametrize("method", METHODS)
@given(beads=st.lists(st.tuples(VECTORS, VECTORS), max_size=5))
def test_links_lie_in_their_bead_and_the_batch_does_not_matter(method, beads):
    texts = [([encoded(source)], [encoded(target)]) for source, target in beads]
    together = list(link_beads(texts, method, SETTINGS))
    for (source, target), found in zip(beads, together):
        assert all(0 <= i < len(source) and 0 <= j < len(target) for i, j in found)
        assert all(0.0 < prob <= 1.0 + 1e-6 for prob in found.values())
    for text, found in zip(texts, together):
        (alone,) = link_beads([text], method, SETTINGS)
        assert alone.keys() == found.keys()
        assert all(alone[key] == pytest.approx(found[key], rel=1e-3) for key in found)


def test_beads_of_any_size_are_batched_below_the_memory_limit(monkeypatch):
    monkeypatch.setattr(links_module, "MAX_CELLS", 10)
    text = [encoded([[1, 0], [0, 1]])]
    assert (
        list(link_beads([(text, text)] * 7, "argmax", SETTINGS))
        == [{(0, 0): pytest.approx(1.0, abs=1e-3), (1, 1): pytest.approx(1.0, abs=1e-3)}] * 7
    )
