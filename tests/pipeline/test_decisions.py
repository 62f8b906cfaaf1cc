"""Which scores become relations."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from spacy_xlre.ml.relations.pairs import DocPairs, split_batch
from spacy_xlre.pipeline import relation
from spacy_xlre.pipeline.decisions import choose, label_scores

from .relation_toys import TOYS, make_doc, make_pipeline, train

N_LABELS = 3
SCORES = arrays("float32", (4, N_LABELS), elements=st.floats(0, 1, width=32))
ALLOWED = arrays("bool", (4, N_LABELS))


def both_directions(allowed):
    """Return the four pairs of two Docs, with two entities each."""
    return [
        DocPairs(
            n_tokens=2,
            spans=np.array([[0, 1], [1, 2]]),
            types=np.zeros(2, dtype="uint64"),
            heads=np.array([0, 1]),
            tails=np.array([1, 0]),
            context=np.array([[0, 2]] * 2),
            allowed=part,
        )
        for part in (allowed[:2], allowed[2:])
    ]


def test_an_exclusive_score_is_relative_to_na_and_an_independent_one_to_nothing():
    logits = np.log(np.array([[8.0, 2.0, 2.0]], dtype="float32"))
    assert label_scores(logits, ["a", "b"], exclusive=True, offsets={}) == pytest.approx(np.array([[0.8, 0.5]]))
    found = label_scores(logits, ["a", "b", "c"], exclusive=False, offsets={})
    assert found == pytest.approx(np.array([[8 / 9, 2 / 3, 2 / 3]]))


def test_an_offset_is_added_to_the_logit_of_its_label_alone():
    logits = np.zeros((1, 2), dtype="float32")
    found = label_scores(logits, ["a", "b"], exclusive=False, offsets={"b": float(np.log(3)), "c": 1.0})
    assert found == pytest.approx(np.array([[0.5, 0.75]]))


def test_scores_of_extreme_logits_neither_overflow_nor_leave_their_range():
    with np.errstate(all="raise"):
        found = label_scores(np.array([[1e30, -1e30]], dtype="float32"), ["a", "b"], exclusive=False, offsets={})
    assert found == pytest.approx(np.array([[1.0, 0.0]]))


@given(SCORES, ALLOWED, st.floats(0, 1))
def test_independent_labels_are_chosen_each_for_itself(scores, allowed, threshold):
    chosen = choose(scores, both_directions(allowed), threshold=threshold, exclusive=False, one_direction=False)
    np.testing.assert_array_equal(chosen, (scores >= threshold) & allowed)


@given(SCORES, ALLOWED, st.floats(0, 1), st.booleans())
def test_exclusive_pairs_have_one_label_at_most_the_best_and_two_entities_one_direction(
    scores, allowed, threshold, one_direction
):
    chosen = choose(scores, both_directions(allowed), threshold=threshold, exclusive=True, one_direction=one_direction)
    assert (chosen <= ((scores >= threshold) & allowed)).all()
    assert (chosen <= (scores == scores.max(axis=1, keepdims=True))).all()
    assert (chosen.sum(axis=1) <= 1).all()
    if one_direction:
        assert chosen[:2].sum() <= 1
        assert chosen[2:].sum() <= 1


def test_nothing_is_chosen_of_no_pairs_and_of_no_labels():
    rules = {"threshold": 0.5, "exclusive": True, "one_direction": False}
    assert choose(np.zeros((0, 2), dtype="float32"), [], **rules).shape == (0, 2)
    assert choose(np.zeros((4, 0), dtype="float32"), both_directions(np.zeros((4, 0), dtype=bool)), **rules).size == 0


@given(st.lists(st.integers(0, 9), max_size=12), st.integers(1, 12))
def test_a_batch_is_split_by_its_pairs_and_no_doc_with_pairs_is_lost(sizes, most):
    (doc, _) = both_directions(np.zeros((4, 1), dtype=bool))
    docs = [replace(doc, heads=np.zeros(size, dtype="int64")) for size in sizes]
    parts = list(split_batch(docs, most))
    assert [place for part in parts for place in part] == [place for place, size in enumerate(sizes) if size]
    assert all(len(part) == 1 or sum(sizes[place] for place in part) <= most for part in parts)
    # No part could have taken the first Doc of the next one.
    for part, following in zip(parts, parts[1:]):
        assert sum(sizes[place] for place in (*part, following[0])) > most


def test_scores_do_not_depend_on_how_many_pairs_are_scored_at_a_time(monkeypatch):
    nlp = make_pipeline()
    train(nlp, steps=3)
    component = nlp.get_pipe("xlre_relation")
    docs = [make_doc(nlp.vocab, *toy[:2]) for toy in TOYS]
    pairs, scores = component.predict(docs)
    monkeypatch.setattr(relation, "AT_ONCE", 3)
    for own, expected in zip(component.predict(docs)[0], pairs):
        assert own.keys() == expected.keys()
    np.testing.assert_allclose(component.predict(docs)[1], scores, atol=1e-6)
