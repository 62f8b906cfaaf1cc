"""Votes of the languages on labels, and what becomes of labels that they do not support."""

import pytest
import spacy
from hypothesis import given
from hypothesis import strategies as st
from spacy.tokens import Doc, Span
from spacy.vocab import Vocab

from spacy_xlre.labeling.second_opinion import OpinionSettings, revise, score_pairs, split_folds, vote
from spacy_xlre.tokens import (
    PairNegative,
    Relation,
    get_negatives,
    get_relations,
    get_unknown,
    set_language,
    set_relations,
)
from spacy_xlre.tokens.directions import Directions

VOCAB = Vocab()
# "Ada loves Rome . Ada left Rome ." with a pair in each sentence.
FIRST, SECOND = (0, 1, 2, 3), (4, 5, 6, 7)


def make_doc(lang: str = "en", bitext: str = "b") -> Doc:
    doc = Doc(
        VOCAB, words=["Ada", "loves", "Rome", ".", "Ada", "left", "Rome", "."], sent_starts=[1, 0, 0, 0, 1, 0, 0, 0]
    )
    ids = {0: "ada", 2: "rome", 4: "ada", 6: "rome"}
    doc.set_ents([Span(doc, i, i + 1, label="X", kb_id=id) for i, id in ids.items()])
    set_language(doc, lang, bitext=bitext)
    return doc


def test_a_vote_is_the_mean_over_the_languages():
    docs = [make_doc("en"), make_doc("de"), make_doc("fr")]
    votes = vote(docs, [{FIRST: {"P": 0.9}}, {FIRST: {"P": 0.3}}, {}])
    assert votes[0] == {FIRST: {"P": pytest.approx(0.6)}}
    assert votes[1] == votes[0]
    assert votes[2] == {}


def test_sentences_are_told_apart():
    docs = [make_doc("en"), make_doc("de")]
    scores = [{FIRST: {"P": 1.0}, SECOND: {"P": 0.0}}, {FIRST: {"P": 0.8}, SECOND: {"P": 0.2}}]
    votes = vote(docs, scores)
    assert votes[0][FIRST]["P"] == pytest.approx(0.9)
    assert votes[0][SECOND]["P"] == pytest.approx(0.1)


def test_direction_counts():
    back = (2, 3, 0, 1)
    votes = vote([make_doc("en"), make_doc("de")], [{FIRST: {"P": 1.0}}, {back: {"P": 0.0}}])
    assert votes == [{FIRST: {"P": 1.0}}, {back: {"P": 0.0}}]


def test_other_bitexts_have_no_say():
    votes = vote([make_doc("en", "a"), make_doc("de", "b")], [{FIRST: {"P": 1.0}}, {FIRST: {"P": 0.0}}])
    assert [own[FIRST]["P"] for own in votes] == [1.0, 0.0]


def test_a_label_that_a_model_does_not_know_gets_the_vote_of_the_others():
    votes = vote([make_doc("en"), make_doc("de")], [{FIRST: {"P": 0.8, "Q": 0.4}}, {FIRST: {"P": 0.4}}])
    assert votes[0][FIRST] == {"P": pytest.approx(0.6), "Q": pytest.approx(0.4)}


def test_entities_without_an_id_are_the_same_as_no_others():
    docs = [make_doc("en"), make_doc("de")]
    for doc in docs:
        doc.set_ents([Span(doc, ent.start, ent.end, label="X") for ent in doc.ents])
    back = (2, 3, 0, 1)
    scores = [{FIRST: {"P": 1.0}, back: {"P": 0.0}, SECOND: {"P": 0.5}}, {FIRST: {"P": 0.2}}]
    assert vote(docs, scores) == scores


def labelled() -> Doc:
    doc = make_doc()
    spans = doc.ents
    set_relations(
        doc,
        [Relation(spans[0], "P", spans[1], weight=0.7)],
        negatives=[PairNegative(spans[2], spans[3], 0.9)],
        unknown=[(spans[1], spans[0])],
    )
    return doc


def pairs(doc: Doc):
    return {
        "relations": [(r.head.start, r.label, r.tail.start) for r in get_relations(doc)],
        "negatives": [(n.head.start, n.tail.start) for n in get_negatives(doc)],
        "unknown": [(a.start, b.start) for a, b in get_unknown(doc)],
    }


def test_what_the_vote_supports_stays():
    doc = labelled()
    revision = revise([doc], [{FIRST: {"P": 0.5}, SECOND: {"P": 0.1}}])
    assert pairs(doc) == pairs(labelled())
    assert get_relations(doc)[0].weight == 0.7
    assert (revision.relations, revision.relations_unknown, revision.negatives, revision.negatives_unknown) == (
        1,
        0,
        1,
        0,
    )


def test_a_relation_that_nobody_sees_becomes_unknown():
    doc = labelled()
    assert revise([doc], [{FIRST: {"P": 0.04, "Q": 0.5}}]).relations_unknown == 1
    assert pairs(doc) == {"relations": [], "negatives": [(4, 6)], "unknown": [(2, 0), (0, 2)]}


def test_an_na_pair_in_which_a_relation_is_seen_becomes_unknown():
    doc = labelled()
    assert revise([doc], [{SECOND: {"P": 0.1, "Q": 0.4}}]).negatives_unknown == 1
    assert pairs(doc) == {"relations": [(0, "P", 2)], "negatives": [], "unknown": [(2, 0), (4, 6)]}


def test_a_pair_without_a_vote_stays():
    doc = labelled()
    revise([doc], [{}])
    assert pairs(doc) == pairs(labelled())


def test_of_two_labels_of_a_pair_one_can_stay():
    doc = make_doc()
    set_relations(doc, [Relation(doc[0:1], "P", doc[2:3]), Relation(doc[0:1], "Q", doc[2:3])])
    revise([doc], [{FIRST: {"P": 0.0, "Q": 0.9}}])
    assert pairs(doc) == {"relations": [(0, "Q", 2)], "negatives": [], "unknown": []}


def test_a_vote_that_is_sure_makes_relations_of_unknown_and_na_pairs():
    doc = labelled()
    back, settings = (2, 3, 0, 1), OpinionSettings(min_added=0.8)
    revision = revise([doc], [{back: {"P": 0.2, "Q": 0.85}, SECOND: {"P": 0.9}}], settings)
    assert revision.added == 2
    assert pairs(doc) == {"relations": [(0, "P", 2), (2, "Q", 0), (4, "P", 6)], "negatives": [], "unknown": []}
    added = get_relations(doc)[1]
    assert (added.weight, added.source, added.bag) == (0.85, "voted", "rome|ada")


def test_a_vote_can_be_a_factor_on_the_weights():
    doc = labelled()
    revise([doc], [{FIRST: {"P": 0.5}, SECOND: {"P": 0.1, "Q": 0.2}}], OpinionSettings(weigh=True))
    assert get_relations(doc)[0].weight == pytest.approx(0.35)
    assert get_negatives(doc)[0].weight == pytest.approx(0.72)


def test_a_pair_whose_labels_are_all_refused_is_unknown_once():
    doc = make_doc()
    set_relations(doc, [Relation(doc[0:1], "P", doc[2:3]), Relation(doc[0:1], "Q", doc[2:3])])
    revise([doc], [{FIRST: {"P": 0.0, "Q": 0.0}}])
    assert pairs(doc) == {"relations": [], "negatives": [], "unknown": [(0, 2)]}


@given(st.floats(0, 1), st.floats(0, 1))
def test_no_pair_is_lost_and_a_second_revision_changes_nothing(first, second):
    doc = labelled()
    votes = [{FIRST: {"P": first}, SECOND: {"P": second}}]
    revise([doc], votes, OpinionSettings(min_relation=0.5, max_na=0.5))
    once = pairs(doc)
    assert sum(map(len, once.values())) == 3
    revise([doc], votes, OpinionSettings(min_relation=0.5, max_na=0.5))
    assert pairs(doc) == once


def test_folds_keep_the_languages_of_a_bitext_together():
    docs = [make_doc(lang, bitext) for bitext in "abcde" for lang in ("en", "de")]
    folds = split_folds(docs, 2)
    assert folds == [[0, 1, 4, 5, 8, 9], [2, 3, 6, 7]]


def test_pairs_are_scored_without_changing_the_docs():
    nlp = spacy.blank("xx")
    component = nlp.add_pipe("xlre_relation")
    component.add_label("P")
    nlp.initialize()
    doc = make_doc()
    before = doc.to_bytes()
    scores = score_pairs(nlp, [doc, make_doc("de")], batch_size=1)
    assert doc.to_bytes() == before
    assert set(scores[0]) == {(0, 1, 2, 3), (2, 3, 0, 1), (4, 5, 6, 7), (6, 7, 4, 5)}
    assert all(0.0 <= labels["P"] <= 1.0 for labels in scores[0].values())
    assert scores[1] == {key: pytest.approx(labels) for key, labels in scores[0].items()}


def test_a_vote_is_looked_up_the_way_round_in_which_models_read_a_label():
    directions = Directions(frozenset(["S"]), {"R": "P"})
    back = (2, 3, 0, 1)
    for label, head, tail, own in (
        ("S", 2, 0, {FIRST: {"S": 0.9}, back: {"S": 0.0}}),
        ("R", 0, 2, {FIRST: {"P": 0.0}, back: {"P": 0.9}}),
        ("P", 0, 2, {FIRST: {"P": 0.9}, back: {"P": 0.0}}),
    ):
        doc = make_doc()
        set_relations(doc, [Relation(doc[head : head + 1], label, doc[tail : tail + 1])])
        assert revise([doc], [own], directions=directions).relations_unknown == 0
        assert pairs(doc)["relations"] == [(head, label, tail)]


def test_a_pair_without_any_vote_is_never_added_as_a_relation():
    doc = labelled()
    assert revise([doc], [{}], OpinionSettings(min_added=0.0)).added == 0
    assert pairs(doc) == pairs(labelled())


def test_what_is_added_between_entities_without_ids_is_in_no_bag():
    doc = Doc(VOCAB, words=["Ada", "loves", "Rome"])
    doc.set_ents([Span(doc, 0, 1, label="X"), Span(doc, 2, 3, label="X")])
    set_relations(doc, [], unknown=[(doc.ents[0], doc.ents[1])])
    revise([doc], [{FIRST: {"Q": 0.95}}])
    assert [relation.bag for relation in get_relations(doc)] == [""]
