"""What scores an untrained model gives."""

import numpy as np
import pytest

from spacy_xlre import get_relations, set_relations
from spacy_xlre.pipeline import relation

from .relation_toys import TOYS, make_examples, make_pipeline, make_reference


def scores_at_first(nlp, examples):
    nlp.initialize(lambda: examples)
    return nlp.get_pipe("xlre_relation").predict([make_reference(nlp.vocab, TOYS[0])])[1]


def test_independent_labels_begin_with_the_share_of_pairs_that_hold_them():
    nlp = make_pipeline(exclusive=False)
    scores = scores_at_first(nlp, make_examples(nlp.vocab))
    # Fourteen candidates, of which two are "born", one each "died" and "spouse"; half a pair more for each side.
    assert nlp.get_pipe("xlre_relation").labels == ("born", "died", "spouse")
    assert scores == pytest.approx(np.array([[2.5, 1.5, 1.5]] * 2) / 15, abs=1e-6)


def test_exclusive_labels_begin_evenly():
    nlp = make_pipeline()
    assert scores_at_first(nlp, make_examples(nlp.vocab)) == pytest.approx(0.5)


def test_pairs_that_teach_nothing_do_not_count_in_what_independent_labels_begin_with():
    nlp = make_pipeline(exclusive=False)
    (example,) = make_examples(nlp.vocab, TOYS[:1])
    person, place = example.reference.ents
    set_relations(example.reference, get_relations(example.reference), unknown=[(place, person)])
    assert scores_at_first(nlp, [example]) == pytest.approx(1.5 / 2)


def test_pairs_that_types_forbid_do_not_count_in_what_independent_labels_begin_with():
    nlp = make_pipeline(exclusive=False, candidates={"types": {"born": {"head": ["PER"], "tail": ["LOC"]}}})
    scores = scores_at_first(nlp, make_examples(nlp.vocab, [TOYS[0], TOYS[4]]))
    assert nlp.get_pipe("xlre_relation").labels == ("born", "spouse")
    # Of four candidates one may be "born", and is; all may be "spouse", and one is.
    assert scores == pytest.approx(np.array([[1.5 / 2, 1.5 / 5], [0.0, 1.5 / 5]]), abs=1e-6)


def test_what_independent_labels_begin_with_is_counted_over_the_first_examples_only(monkeypatch):
    monkeypatch.setattr(relation, "COUNTED", 1)
    nlp = make_pipeline(exclusive=False)
    # The first example has two candidates, of which one is "born".
    assert scores_at_first(nlp, make_examples(nlp.vocab)) == pytest.approx(np.array([[1.5, 0.5, 0.5]] * 2) / 3)
