import pytest
import spacy
from spacy.tokens import Doc, Span
from spacy.training import Example

from spacy_xlre import Relation, set_relations
from spacy_xlre.scoring.scorer import score_relations
from spacy_xlre.tokens import set_language

NLP = spacy.blank("xx")
KEYS = {
    "rel_micro_p",
    "rel_micro_r",
    "rel_micro_f",
    "rel_macro_f",
    "rel_per_type",
    "rel_per_language",
    "rel_candidate_recall",
}


def doc_with(relations, lang="en", unknown=()):
    doc = Doc(NLP.vocab, words=["Ada", "met", "Bob", "in", "Rome"])
    span = {word: Span(doc, index, index + 1) for index, word in enumerate(["Ada", "met", "Bob", "in", "Rome"])}
    set_relations(
        doc,
        [Relation(span[head], label, span[tail]) for head, label, tail in relations],
        unknown=[(span[head], span[tail]) for head, tail in unknown],
    )
    set_language(doc, lang)
    return doc


def score(*pairs, **settings):
    return score_relations([Example(predicted, reference) for predicted, reference in pairs], **settings)


def test_nothing_to_score_is_none():
    scores = score((doc_with([]), doc_with([])), candidates=[set()])
    assert set(scores) == KEYS
    assert all(value is None for value in scores.values())
    assert all(value is None for value in score().values())


def test_scores_by_label_and_by_the_language_of_the_reference():
    scores = score(
        (doc_with([("Ada", "met", "Bob")], "xx"), doc_with([("Ada", "met", "Bob")], "en")),
        (doc_with([("Ada", "in", "Rome")], "xx"), doc_with([("Bob", "in", "Rome")], "de")),
    )
    assert scores["rel_micro_f"] == scores["rel_micro_p"] == scores["rel_micro_r"] == 0.5
    assert scores["rel_macro_f"] == 0.5
    assert scores["rel_per_type"]["met"] == {"p": 1.0, "r": 1.0, "f": 1.0}
    assert scores["rel_per_type"]["in"]["f"] == 0.0
    assert scores["rel_per_language"]["en"]["f"] == 1.0
    assert scores["rel_per_language"]["de"]["f"] == 0.0
    assert scores["rel_candidate_recall"] is None


def test_gold_pairs_outside_the_candidates_are_misses():
    gold = doc_with([("Ada", "met", "Bob"), ("Ada", "in", "Rome")])
    scores = score((doc_with([("Ada", "met", "Bob")]), gold), candidates=[{(0, 1, 2, 3)}])
    assert scores["rel_micro_r"] == 0.5
    assert scores["rel_candidate_recall"] == 0.5


def test_predictions_alone_have_no_precision():
    scores = score((doc_with([("Ada", "met", "Bob")]), doc_with([])))
    assert scores["rel_micro_p"] == scores["rel_micro_f"] == 0.0


def test_predictions_about_unknown_pairs_do_not_count():
    gold = doc_with([("Ada", "met", "Bob")], unknown=[("Ada", "Rome")])
    scores = score((doc_with([("Ada", "met", "Bob"), ("Ada", "in", "Rome")]), gold))
    assert scores["rel_micro_p"] == 1.0


def test_a_symmetric_label_is_unknown_whichever_way_its_pair_is():
    gold = doc_with([("Ada", "in", "Rome")], unknown=[("Bob", "Ada")])
    predicted = doc_with([("Ada", "in", "Rome"), ("Bob", "met", "Ada")])
    assert score((predicted, gold), symmetric=["met"])["rel_micro_p"] == 1.0
    other = doc_with([("Ada", "in", "Rome"), ("Ada", "likes", "Bob")])
    assert score((other, gold), symmetric=["met"])["rel_micro_p"] == 0.5


def test_symmetric_labels_count_once_in_either_direction():
    predicted = doc_with([("Ada", "met", "Bob"), ("Bob", "met", "Ada")])
    assert score((predicted, doc_with([("Bob", "met", "Ada")])), symmetric=["met"])["rel_micro_f"] == 1.0
    assert score((predicted, doc_with([("Bob", "met", "Ada")])))["rel_micro_p"] == 0.5


def test_direction_counts_otherwise():
    scores = score((doc_with([("Rome", "in", "Ada")]), doc_with([("Ada", "in", "Rome")])))
    assert scores["rel_micro_f"] == pytest.approx(0.0)


def test_whatever_spacy_passes_is_accepted():
    scores = score((doc_with([]), doc_with([("Ada", "in", "Rome")])), labels=("in",), threshold=0.5, anything=None)
    assert scores["rel_micro_r"] == 0.0
