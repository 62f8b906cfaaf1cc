import sys

import numpy
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spacy_xlre.errors import XlreError
from spacy_xlre.ml.align import nearest
from spacy_xlre.ml.align.common_space import join_layers, stretch, to_unit
from spacy_xlre.ml.align.nearest import Candidates, find_neighbours, mutual_best, one_to_one, pair_candidates


def unit_vectors(count, width=8, seed=0):
    return to_unit(numpy.random.default_rng(seed).normal(size=(count, width)).astype("float32"))


def candidates(*rows):
    source, target, margin = zip(*rows)
    return Candidates(numpy.array(source), numpy.array(target), numpy.array(margin, dtype="float32"))


@pytest.mark.parametrize("cells", [10, 40, 10_000])
def test_neighbours_are_those_of_the_whole_product_whatever_the_blocks(monkeypatch, cells):
    monkeypatch.setattr(nearest, "BLOCK_CELLS", cells)
    source, target = unit_vectors(11), unit_vectors(7, seed=1)
    forward, backward = find_neighbours(source, target, 3)
    product = source @ target.T
    numpy.testing.assert_array_equal(forward.indices, numpy.argsort(-product, axis=1)[:, :3])
    numpy.testing.assert_array_equal(backward.indices, numpy.argsort(-product.T, axis=1)[:, :3])
    numpy.testing.assert_allclose(backward.cosines, -numpy.sort(-product.T, axis=1)[:, :3], atol=1e-6)


def test_there_are_fewer_neighbours_than_asked_for_on_a_short_side():
    forward, backward = find_neighbours(unit_vectors(5), unit_vectors(2, seed=1), 4)
    assert forward.indices.shape == (5, 2)
    assert backward.indices.shape == (2, 4)


def test_an_empty_side_has_no_neighbours():
    forward, backward = find_neighbours(unit_vectors(3), unit_vectors(0), 4)
    assert (forward.indices.shape, backward.indices.shape) == ((3, 0), (0, 0))
    assert len(pair_candidates(forward, backward, 4).source) == 0


def test_progress_counts_every_vector_once():
    counts = []
    find_neighbours(unit_vectors(5), unit_vectors(4, seed=1), 2, progress=counts.append)
    assert sum(counts) == 9


def test_the_index_finds_nearly_all_neighbours():
    pytest.importorskip("faiss")
    source, target = unit_vectors(400, 16), unit_vectors(300, 16, seed=1)
    exact = find_neighbours(source, target, 4)
    counts = []
    found = find_neighbours(source, target, 4, exact_up_to=100, progress=counts.append)
    for one, other in zip(exact, found):
        assert (one.indices == other.indices).mean() > 0.98
    assert sum(counts) == 700


def test_a_missing_index_is_named_with_the_command_that_installs_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "faiss", None)
    with pytest.raises(XlreError, match=r"faiss.*spacy-xlre\[mine\]"):
        find_neighbours(unit_vectors(3), unit_vectors(3), 2, exact_up_to=2)


def test_the_margin_is_the_cosine_less_the_mean_of_both_neighbourhoods():
    # Cosines: source 0 to targets 0, 1: 1.0, 0.6. Source 1: 0.0, 0.8.
    source = numpy.array([[1.0, 0.0], [0.0, 1.0]], dtype="float32")
    target = numpy.array([[1.0, 0.0], [0.6, 0.8]], dtype="float32")
    found = pair_candidates(*find_neighbours(source, target, 2), 2)
    margins = {(s, t): m for s, t, m in zip(found.source, found.target, found.margin)}
    assert margins[0, 0] == pytest.approx(1.0 - (0.8 + 0.5) / 2)
    assert margins[1, 1] == pytest.approx(0.8 - (0.4 + 0.7) / 2)
    assert len(margins) == 4


def test_the_margin_is_taken_over_the_nearest_only():
    source = numpy.array([[1.0, 0.0]], dtype="float32")
    target = numpy.array([[1.0, 0.0], [0.6, 0.8]], dtype="float32")
    found = pair_candidates(*find_neighbours(source, target, 2), 1)
    assert found.margin.tolist() == pytest.approx([0.0, 0.6 - (1.0 + 0.6) / 2])


def test_mutual_best_pairs_are_each_sides_best():
    kept = mutual_best(candidates((0, 0, 0.9), (0, 1, 0.5), (1, 0, 0.8), (1, 1, 0.4), (2, 1, 0.6)))
    assert list(zip(kept.source, kept.target)) == [(0, 0), (2, 1)]
    assert len(mutual_best(Candidates(*(part[:0] for part in kept))).source) == 0


def test_pairs_are_chosen_by_falling_margin():
    pairs = candidates((0, 0, 0.5), (0, 1, 0.9), (1, 1, 0.8), (1, 0, 0.1))
    once = numpy.ones(2, dtype=int)
    assert one_to_one(pairs, once, once) == [(1, 1), (3, 1)]


def test_a_vector_with_copies_is_in_as_many_pairs():
    pairs = candidates((0, 0, 0.9), (1, 0, 0.8), (0, 1, 0.7))
    assert one_to_one(pairs, numpy.array([1, 1]), numpy.array([2, 1])) == [(0, 1), (1, 1)]
    assert one_to_one(pairs, numpy.array([3, 1]), numpy.array([2, 1])) == [(0, 2), (2, 1)]


@settings(max_examples=50, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 5), st.floats(-1, 1)), min_size=1, max_size=30))
def test_no_vector_is_in_two_pairs_and_none_is_left_that_could_be_paired(rows):
    rows = list({row[:2]: row for row in rows}.values())
    once = numpy.ones(6, dtype=int)
    chosen = [rows[index] for index, _ in one_to_one(candidates(*rows), once, once)]
    sources, targets = [row[0] for row in chosen], [row[1] for row in chosen]
    assert len(set(sources)) == len(sources)
    assert len(set(targets)) == len(targets)
    assert all(source in sources or target in targets for source, target, _ in rows)


def test_joined_layers_are_centred_unit_vectors():
    vectors = numpy.random.default_rng(0).normal(5.0, 1.0, size=(500, 2, 8))
    joined = join_layers(vectors)
    assert joined.shape == (500, 16)
    numpy.testing.assert_allclose(numpy.linalg.norm(joined, axis=1), 1.0, atol=1e-5)
    assert numpy.linalg.norm(to_unit(vectors[:, 0]).mean(axis=0)) > 0.9
    assert numpy.linalg.norm(joined.mean(axis=0)) < 0.2


def test_few_sentences_are_hardly_centred():
    vectors = numpy.ones((1, 2, 8))
    numpy.testing.assert_allclose(join_layers(vectors), numpy.full((1, 16), 0.25), atol=1e-6)
    assert join_layers(vectors[:0]).shape == (0, 16)


def test_directions_in_which_translations_differ_count_less():
    rng = numpy.random.default_rng(0)
    meaning, noise = rng.normal(size=(100, 4)), rng.normal(size=(2, 100, 4))
    source, target = (to_unit(numpy.hstack([meaning, noise[side]]).astype("float32")) for side in (0, 1))
    before = (source[50:] * target[50:]).sum(axis=1)
    taught = stretch(source, target, (source[:50], target[:50]))
    after = (taught[0][50:] * taught[1][50:]).sum(axis=1)
    assert after.mean() > before.mean() + 0.05


def test_equal_pairs_teach_nothing():
    source, target = unit_vectors(4), unit_vectors(4, seed=1)
    taught = stretch(source, target, (source, source))
    numpy.testing.assert_allclose(taught[0] @ taught[1].T, source @ target.T, atol=1e-5)
