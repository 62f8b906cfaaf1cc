"""Beads by dynamic programming over sentence vectors; the vectors here are random, so unrelated ones are far apart."""

from typing import List, Sequence, Tuple

import numpy
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spacy_xlre.ml.align import bead_words
from spacy_xlre.ml.align import beads as beads_module
from spacy_xlre.ml.align.beads import BeadRow, BeadSettings, find_beads

Shape = Tuple[int, int]


def texts(shapes: Sequence[Shape], seed: int = 0, noise: float = 0.3) -> Tuple[numpy.ndarray, numpy.ndarray]:
    """Sentence vectors of two texts with beads of these sizes: the sentences of a side add up to the bead's meaning."""
    rng = numpy.random.default_rng(seed)
    sides: Tuple[List[numpy.ndarray], List[numpy.ndarray]] = ([], [])
    for shape in shapes:
        parts = rng.normal(size=(6, 64))
        for side, size in zip(sides, shape):
            for group in numpy.array_split(parts, size) if size else []:
                side.append(group.sum(0) + rng.normal(scale=noise, size=64))
    source, target = (numpy.array(side, dtype="float32").reshape(-1, 64) for side in sides)
    return source, target


# The sentences of these texts are all of one length, whatever they hold.
VECTORS_ONLY = BeadSettings(skip=0.5, merge=0.1, length=0.0)


def align(source: numpy.ndarray, target: numpy.ndarray, settings: BeadSettings = VECTORS_ONLY) -> List[Shape]:
    weights = [numpy.ones(len(side), dtype="float32") for side in (source, target)]
    return shapes_of(find_beads(source, target, weights[0], weights[1], settings))


def shapes_of(rows: Sequence[BeadRow]) -> List[Shape]:
    return [(row.source[1] - row.source[0], row.target[1] - row.target[0]) for row in rows]


def unit(vectors: numpy.ndarray) -> numpy.ndarray:
    return (vectors / numpy.linalg.norm(vectors, axis=1, keepdims=True)).astype("float32")


@pytest.mark.parametrize("shape", [(1, 1), (1, 2), (2, 1), (1, 3), (3, 1), (1, 0), (0, 1)])
def test_beads_of_each_size_are_found(shape):
    shapes = [(1, 1), (1, 1), shape, (1, 1), (1, 1)]
    assert align(*texts(shapes)) == shapes


Words = Tuple[List[numpy.ndarray], List[numpy.ndarray]]


def worded(shapes: Sequence[Shape], seed: int = 0, noise: float = 0.05) -> Words:
    """The word vectors of the sentences of two texts, with twelve words a bead on each side, the same ones."""
    rng = numpy.random.default_rng(seed)
    sides: Words = ([], [])
    for shape in shapes:
        words = unit(rng.normal(size=(12, 64)))
        for side, size in zip(sides, shape):
            for group in numpy.array_split(words, size) if size else []:
                side.append(unit(group + rng.normal(scale=noise, size=group.shape)))
    return sides


def align_words(words: Words, settings: BeadSettings = BeadSettings()) -> List[Shape]:
    vectors = [numpy.stack([side.mean(axis=0) for side in sentences]) for sentences in words]
    lengths = [numpy.array([len(side) for side in sentences], dtype="float32") for sentences in words]
    return shapes_of(find_beads(vectors[0], vectors[1], lengths[0], lengths[1], settings, words))


@pytest.mark.parametrize(
    "shape", [(1, 1), (1, 2), (2, 1), (1, 3), (3, 1), (1, 4), (4, 1), (2, 3), (3, 2), (1, 0), (0, 1)]
)
def test_words_find_beads_of_each_size(shape):
    shapes = [(1, 1), (1, 1), shape, (1, 1), (1, 1)]
    assert align_words(worded(shapes)) == shapes


def test_words_decide_where_sentence_vectors_cannot():
    # All sentences have one and the same vector, so that only their words tell them apart.
    words = worded([(1, 1), (2, 1), (1, 1), (1, 0), (1, 1)])
    vectors = [numpy.ones((len(sentences), 4), dtype="float32") for sentences in words]
    lengths = [numpy.array([len(side) for side in sentences], dtype="float32") for sentences in words]
    rows = find_beads(vectors[0], vectors[1], lengths[0], lengths[1], BeadSettings(words=1.0), words)
    assert shapes_of(rows) == [(1, 1), (2, 1), (1, 1), (1, 0), (1, 1)]


def test_a_sentence_without_words_is_no_error():
    source, target = worded([(1, 1)] * 3)
    source.insert(1, numpy.zeros((0, 64), dtype="float32"))
    vectors = [numpy.stack([side.sum(axis=0) for side in sentences]) for sentences in (source, target)]
    rows = find_beads(vectors[0], vectors[1], numpy.ones(4), numpy.ones(3), None, (source, target))
    assert [i for row in rows for i in range(*row.source)] == [0, 1, 2, 3]


@given(st.integers(1, 6), st.integers(1, 6), st.integers(0, 5))
def test_with_words_every_sentence_is_in_exactly_one_bead(n_source, n_target, seed):
    rng = numpy.random.default_rng(seed)
    words: Words = tuple(  # type: ignore[assignment]
        [unit(rng.normal(size=(rng.integers(1, 5), 16))) for _ in range(n)] for n in (n_source, n_target)
    )
    shapes = align_words(words)
    assert sum(a for a, _ in shapes) == n_source
    assert sum(b for _, b in shapes) == n_target


@settings(deadline=None, max_examples=10)
@given(st.lists(st.sampled_from([(1, 1), (1, 1), (1, 2), (2, 1), (1, 0), (0, 1)]), min_size=20, max_size=30))
def test_words_near_the_first_path_say_what_all_words_say(shapes):
    words = worded(shapes)
    near = align_words(words)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(beads_module, "WORD_MARGIN", 1000)
        assert align_words(words) == near


def test_words_are_compared_block_by_block(monkeypatch):
    words = worded([(1, 1), (2, 1), (1, 2), (1, 1)])
    whole = align_words(words)
    monkeypatch.setattr(bead_words, "BLOCK_CELLS", 8)
    assert align_words(words) == whole


def test_sentences_that_cross_are_joined():
    source, target = texts([(1, 1)] * 5)
    assert align(source, target[[0, 1, 3, 2, 4]]) == [(1, 1), (1, 1), (2, 2), (1, 1)]


def test_a_bead_knows_the_cosine_of_its_sides():
    source, target = texts([(1, 1)] * 4, noise=0.0)
    rows = find_beads(source, target, numpy.ones(4), numpy.ones(4))
    assert [row.cosine for row in rows] == pytest.approx([1.0] * 4, abs=1e-5)


def test_a_sentence_left_out_has_no_cosine():
    source, target = texts([(1, 1)] * 4 + [(0, 1)] + [(1, 1)] * 4)
    rows = find_beads(source, target, numpy.ones(8), numpy.ones(9), BeadSettings(skip=0.4))
    assert [(row.source, row.target) for row in rows if row.cosine == 0.0] == [((4, 4), (4, 5))]


def test_a_text_and_its_copy_are_aligned_sentence_by_sentence():
    source, _ = texts([(1, 1)] * 30)
    assert align(source, source) == [(1, 1)] * 30


def test_a_low_cost_of_leaving_out_leaves_more_out():
    source, target = texts([(1, 1)] * 6, noise=2.0)
    assert align(source, target, BeadSettings(skip=0.01)).count((1, 1)) < 3


def test_one_sentence_a_side_is_one_bead():
    assert align(*texts([(1, 1)])) == [(1, 1)]


@given(st.integers(1, 12), st.integers(1, 12), st.integers(0, 5))
def test_every_sentence_is_in_exactly_one_bead(n_source, n_target, seed):
    rng = numpy.random.default_rng(seed)
    source, target = (rng.normal(size=(n, 16)).astype("float32") for n in (n_source, n_target))
    rows = find_beads(source, target, numpy.ones(n_source), numpy.ones(n_target))
    assert [i for row in rows for i in range(*row.source)] == list(range(n_source))
    assert [j for row in rows for j in range(*row.target)] == list(range(n_target))
    sizes = {(row.source[1] - row.source[0], row.target[1] - row.target[0]) for row in rows}
    assert sizes <= {(1, 0), (0, 1), (1, 4), (4, 1)} | {(a, b) for a in (1, 2, 3) for b in (1, 2, 3)}


@settings(deadline=None, max_examples=10)
@given(st.lists(st.sampled_from([(1, 1), (1, 1), (1, 1), (1, 2), (2, 1), (1, 0), (0, 1)]), min_size=60, max_size=120))
def test_coarse_to_fine_finds_what_the_full_search_finds(shapes):
    source, target = texts(shapes)
    full = align(source, target)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(beads_module, "FULL_CELLS", 500)
        assert align(source, target) == full


def test_a_long_gap_does_not_break_the_band(monkeypatch):
    monkeypatch.setattr(beads_module, "FULL_CELLS", 500)
    shapes = [(1, 1)] * 40 + [(0, 1)] * 60 + [(1, 1)] * 40
    found = align(*texts(shapes))
    assert found[:39] == found[-39:] == [(1, 1)] * 39
