"""What is believed of a pair, from the votes of several functions."""

import pytest
from spacy.tokens import Doc, Span
from spacy.vocab import Vocab

from spacy_xlre.errors import XlreError
from spacy_xlre.labeling.functions import by_pair
from spacy_xlre.labeling.label_model import LABELS, judge, label_votes
from spacy_xlre.tokens import PairNegative, Relation, set_language, set_relations

VOCAB = Vocab()
PAIR = (0, 1, 2, 3)
TRUE, FALSE = "stated", "silent"


def make_doc(number: int, stated: bool, lang: str = "en") -> Doc:
    """A text that states P of its pair or not; its distant label says P in any case."""
    doc = Doc(VOCAB, words=["Ada", TRUE if stated else FALSE, "Rome"], sent_starts=[1, 0, 0])
    doc.set_ents([Span(doc, i, i + 1, label="X", kb_id=f"{i}") for i in (0, 2)])
    set_relations(doc, [Relation(doc.ents[0], "P", doc.ents[1])])
    set_language(doc, lang, bitext=str(number))
    return doc


def reader(doc, head, tail):
    return "P" if doc[1].text == TRUE else "NA"


def test_what_most_functions_say_is_believed():
    docs = [make_doc(number, stated=number % 3 > 0) for number in range(30)]
    judged, reports = judge(docs, {"one": by_pair(reader), "two": by_pair(reader)})
    for number, own in enumerate(judged):
        assert (own[PAIR]["P"] > 0.5) == (number % 3 > 0)
        assert set(own[PAIR]) == {"P"}
    assert [(report.name, report.judged) for report in reports] == [(LABELS, 30), ("one", 30), ("two", 30)]
    assert reports[1].agreed == 1.0
    assert reports[0].agreed == pytest.approx(2 / 3)


def test_the_languages_of_a_bitext_have_one_vote_and_share_what_is_believed():
    docs = [make_doc(number, stated, lang) for number in range(20) for lang, stated in (("en", True), ("de", True))]
    docs += [make_doc(99, stated, lang) for lang, stated in (("en", True), ("de", True), ("fr", False))]
    judged, reports = judge(docs, {"reader": by_pair(reader)})
    assert reports[1].judged == 21
    assert judged[-1] == judged[-2] == judged[-3]
    assert judged[-1][PAIR]["P"] > 0.5


def test_a_tie_of_the_languages_is_no_vote():
    docs = [make_doc(0, True, "en"), make_doc(0, False, "de")]
    _, reports = judge(docs, {"reader": by_pair(reader)})
    assert reports[1].judged == 0


def test_labels_vote_where_a_pair_has_one():
    doc = make_doc(0, True)
    assert label_votes([doc]) == [{PAIR: "P"}]
    ada, rome = doc.ents
    set_relations(doc, [Relation(ada, "P", rome), Relation(ada, "Q", rome)], negatives=[PairNegative(rome, ada)])
    assert label_votes([doc]) == [{(2, 3, 0, 1): "NA"}]


def test_a_pair_that_nobody_judged_is_not_believed_anything():
    doc, other = make_doc(0, True), make_doc(1, True)
    set_relations(other, [], unknown=[tuple(other.ents)])
    judged, _ = judge([doc, other], {"silent": by_pair(lambda doc, head, tail: None)})
    assert set(judged[0]) == {PAIR}
    assert judged[1] == {}


def test_answers_that_are_no_votes_are_refused():
    docs = [make_doc(0, True)]
    with pytest.raises(XlreError, match=r"\[X608\] .*'bad' gave 0 answers for 1"):
        judge(docs, {"bad": lambda docs: []})
    with pytest.raises(XlreError, match=r"\[X609\] .*'bad' voted 1,"):
        judge(docs, {"bad": lambda docs: [{PAIR: 1}]})
