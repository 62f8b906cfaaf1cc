"""Two entities read once for both of their pairs."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from thinc.api import NumpyOps

from spacy_xlre.ml.markers.readings import by_direction, join_readings
from spacy_xlre.ml.relations.pairs import DocPairs

from .differences import differences

OPS = NumpyOps()


def doc_pairs(pairs, context=(0, 8)):
    heads, tails = (np.array([pair[side] for pair in pairs], dtype="int64") for side in (0, 1))
    return DocPairs(
        n_tokens=8,
        spans=np.array([(0, 1), (2, 4), (3, 5), (6, 7)]),
        types=np.arange(4, dtype="uint64"),
        heads=heads,
        tails=tails,
        context=np.array([context] * len(pairs), dtype="int64").reshape(-1, 2),
        allowed=np.ones((len(pairs), 2), dtype=bool),
    )


@pytest.fixture
def readings():
    return join_readings([doc_pairs([(0, 1), (1, 0), (3, 2)]), doc_pairs([]), doc_pairs([(2, 0)])])


def test_both_directions_are_read_once_in_text_order(readings):
    assert [list(zip(pairs.heads, pairs.tails)) for pairs in readings.pairs] == [[(0, 1), (2, 3)], [], [(0, 2)]]
    assert readings.of_pair.tolist() == [0, 0, 1, 2]
    assert readings.backward.tolist() == [False, True, True, True]


def test_pairs_that_see_different_contexts_are_read_apart():
    both = doc_pairs([(0, 1), (1, 0)])
    both.context[1] = (0, 5)
    (found,) = join_readings([both]).pairs
    assert sorted(map(tuple, found.context.tolist())) == [(0, 5), (0, 8)]


def test_no_pairs_have_no_readings():
    assert len(join_readings([doc_pairs([])]).of_pair) == 0


@given(st.lists(st.sets(st.tuples(st.integers(0, 3), st.integers(0, 3)).filter(lambda pair: pair[0] != pair[1]))))
def test_each_pair_finds_its_two_entities_again(batch):
    docs = [doc_pairs(sorted(pairs)) for pairs in batch] or [doc_pairs([])]
    found = join_readings(docs)
    read = [(number, *ends) for number, own in enumerate(found.pairs) for ends in zip(own.heads, own.tails)]
    wanted = [(number, head, tail) for number, own in enumerate(docs) for head, tail in zip(own.heads, own.tails)]
    again = [
        (read[row][0], *(read[row][:0:-1] if backward else read[row][1:]))
        for row, backward in zip(found.of_pair, found.backward)
    ]
    assert again == wanted
    assert len(set(read)) == len(read)


def test_a_pair_has_its_reading_in_the_half_of_its_direction(readings):
    vectors = np.random.default_rng(0).normal(size=(3, 2)).astype("float32")
    halves, _ = by_direction(OPS, vectors, readings)
    zeros = np.zeros(2)
    expected = [[vectors[0], zeros], [zeros, vectors[0]], [zeros, vectors[1]], [zeros, vectors[2]]]
    np.testing.assert_array_equal(halves, np.array(expected, dtype="float32").reshape(4, 4))


def test_a_reading_gets_the_gradients_of_both_its_pairs(readings):
    vectors = np.random.default_rng(0).normal(size=(3, 2)).astype("float32")
    halves, backprop = by_direction(OPS, vectors, readings)
    d_halves = np.random.default_rng(1).normal(size=halves.shape).astype("float32")

    def loss() -> float:
        return float((by_direction(OPS, vectors, readings)[0].astype("float64") * d_halves).sum())

    np.testing.assert_allclose(backprop(d_halves), differences(loss, vectors), rtol=1e-2, atol=1e-3)
