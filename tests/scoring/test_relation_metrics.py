import math

import pytest
import spacy
from hypothesis import given
from hypothesis import strategies as st
from spacy.tokens import Doc, Span

from spacy_xlre import Relation, set_relations
from spacy_xlre.scoring.relations import (
    Counts,
    RelationItem,
    candidate_recall,
    count,
    count_by,
    macro_f1,
    precision_at,
    precision_recall_area,
    precision_recall_curve,
    read_items,
    with_na,
)
from spacy_xlre.tokens import NA
from spacy_xlre.tokens.directions import Directions

NLP = spacy.blank("xx")


def item(number, label="r", doc=0):
    return RelationItem(doc, (number, number + 1), label, (number + 5, number + 6))


items = st.sets(st.builds(item, st.integers(0, 9), st.sampled_from("rst"), st.integers(0, 3)))


@given(items)
def test_what_is_identical_scores_one(gold):
    counts = count(gold, set(gold))
    assert (counts.precision, counts.recall, counts.f1) == ((1.0, 1.0, 1.0) if gold else (0.0, 0.0, 0.0))
    assert macro_f1(count_by(gold, set(gold), lambda item: item.label)) == (1.0 if gold else None)


@given(items, items)
def test_scores_add_up(gold, predicted):
    counts = count(gold, predicted)
    assert counts.tp + counts.fn == len(gold)
    assert counts.tp + counts.fp == len(predicted)
    assert count(predicted, gold).f1 == pytest.approx(counts.f1)
    if counts.precision + counts.recall:
        expected = 2 * counts.precision * counts.recall / (counts.precision + counts.recall)
        assert counts.f1 == pytest.approx(expected)


@given(items, items)
def test_groups_partition_the_counts(gold, predicted):
    groups = count_by(gold, predicted, lambda item: item.label).values()
    total = Counts(sum(g.tp for g in groups), sum(g.fp for g in groups), sum(g.fn for g in groups))
    assert total == count(gold, predicted)


@given(items, st.dictionaries(st.builds(item, st.integers(0, 9)), st.floats(0, 1)))
def test_the_area_is_between_zero_and_one_and_ends_at_the_recall_of_all(gold, scored):
    area = precision_recall_area(gold, scored)
    if not gold:
        assert area is None
        return
    curve = precision_recall_curve(gold, scored)
    assert 0.0 <= area <= 1.0
    assert [recall for recall, _ in curve] == sorted(recall for recall, _ in curve)
    if scored:
        assert curve[-1] == (count(gold, set(scored)).recall, count(gold, set(scored)).precision)


def test_gold_items_that_were_never_predicted_are_misses():
    counts = count({item(0), item(1), item(2)}, {item(0)})
    assert (counts.tp, counts.fp, counts.fn) == (1, 0, 2)
    assert counts.recall == pytest.approx(1 / 3)


def test_nothing_at_all_is_zero_and_false():
    assert not count(set(), set())
    assert count(set(), set()).f1 == 0.0
    assert macro_f1({}) is None


def test_macro_averages_labels_that_occur():
    gold = {item(0, "a"), item(1, "a"), item(2, "b")}
    predicted = {item(0, "a"), item(1, "a"), item(3, "c")}
    assert macro_f1(count_by(gold, predicted, lambda i: i.label)) == pytest.approx(1 / 3)


def test_groups_can_leave_items_out():
    gold = {item(0, "a"), item(1, "b")}
    assert list(count_by(gold, set(), lambda i: i.label if i.label == "a" else None)) == ["a"]


def test_candidate_recall_is_the_ceiling_of_recall():
    gold = {item(0), item(1), item(2, "s")}
    turned = (0, item(2).tail, item(2).head)
    assert candidate_recall(gold, {item(0).pair}) == pytest.approx(1 / 3)
    assert candidate_recall(gold, {item(0).pair, turned}) == pytest.approx(1 / 3)
    assert candidate_recall(gold, {item(0).pair, turned}, {"s"}) == pytest.approx(2 / 3)
    assert candidate_recall(set(), {item(0).pair}) is None


def test_a_perfect_ranking_has_the_area_of_its_recall():
    gold = {item(0), item(1), item(2), item(3)}
    scored = {item(0): 0.9, item(1): 0.8, item(7): 0.1}
    assert precision_recall_area(gold, scored) == pytest.approx(0.5)


def test_the_area_is_average_precision():
    scored = {item(0): 0.9, item(7): 0.8, item(1): 0.7}
    assert precision_recall_area({item(0), item(1)}, scored) == pytest.approx((1 + 2 / 3) / 2)


def test_items_of_equal_score_come_together_whatever_their_order():
    scored = {item(0): 0.5, item(7): 0.5}
    backwards = dict(reversed(scored.items()))
    assert precision_recall_curve({item(0)}, scored) == precision_recall_curve({item(0)}, backwards) == [(1.0, 0.5)]


@pytest.mark.parametrize(("n", "expected"), [(1, 1.0), (2, 0.5), (300, 2 / 3)])
def test_precision_at_n_is_right_with_fewer_than_n_predictions(n, expected):
    scored = {item(0): 0.9, item(7): 0.8, item(1): 0.7}
    assert precision_at({item(0), item(1)}, scored, n) == pytest.approx(expected)


def test_precision_of_no_predictions_is_unknown():
    assert precision_at({item(0)}, {}, 100) is None


def test_items_are_read_with_characters_and_the_best_score():
    doc = NLP("Ada met Bob in Rome")
    ada, bob = Span(doc, 0, 1), Span(doc, 2, 3)
    set_relations(doc, [Relation(bob, "met", ada, 0.4), Relation(ada, "met", bob, 0.7)])
    assert read_items(doc, "d", Directions(frozenset({"met"}))) == {RelationItem("d", (0, 3), "met", (8, 11)): 0.7}
    assert len(read_items(doc, "d")) == 2


def test_tokens_do_not_matter_characters_do():
    for words, spaces in ((["Ada", "met", "Bob"], [True, True, False]), (["Ada met ", "Bob"], [False, False])):
        doc = Doc(NLP.vocab, words=words, spaces=spaces)
        last = len(doc)
        set_relations(doc, [Relation(doc[last - 1 : last], "r", doc[last - 1 : last])])
        assert list(read_items(doc, 0)) == [RelationItem(0, (8, 11), "r", (8, 11))]


def test_f1_of_one_hit_in_three_is_the_harmonic_mean():
    assert math.isclose(Counts(1, 2, 1).f1, 2 / (3 / 1 + 2 / 1))


def test_na_counts_as_a_label_where_it_is_asked_for():
    born, died = (RelationItem("d", (0, 3), label, (8, 11)) for label in ("born", "died"))
    other = ("d", (8, 11), (0, 3))
    gold, predicted = with_na({born}, {born.pair, other}), with_na({died}, {born.pair, other})
    assert {item.label for item in gold} == {"born", NA}
    assert count(gold, predicted) == Counts(tp=1, fp=1, fn=1)
    assert with_na({born}, {born.pair}) == {born}
