from typing import Any, List, Tuple

import pytest
import spacy
from spacy.tokens import Doc, Span

from spacy_xlre.errors import XlreError
from spacy_xlre.tokens import (
    PairNegative,
    Relation,
    get_bitext_id,
    get_language,
    get_negatives,
    get_relations,
    get_unknown,
    set_bitext_id,
    set_language,
    set_relations,
)
from spacy_xlre.tokens.relations import GROUP

from .round_trips import ROUND_TRIPS

Place = Tuple[str, int, str, str]


def make_doc() -> Doc:
    return spacy.blank("xx")("Marie Curie was born in Warsaw and worked with Pierre Curie in Paris .")


def spans(doc: Doc) -> Tuple[Span, Span, Span, Span]:
    return (
        Span(doc, 0, 2, label="PER", kb_id="Q7186"),
        Span(doc, 5, 6, label="LOC", kb_id="Q270"),
        Span(doc, 9, 11, label="PER", kb_id="Q37463"),
        Span(doc, 12, 13, label="LOC", kb_id="Q90"),
    )


def annotate(doc: Doc) -> Doc:
    marie, warsaw, pierre, paris = spans(doc)
    set_relations(
        doc,
        [
            Relation(marie, "P19", warsaw, score=0.75, weight=0.5, source="agreed:3/5", bag="Q7186|Q270"),
            Relation(pierre, "P26", marie),
        ],
        negatives=[PairNegative(pierre, warsaw, 0.25), PairNegative(warsaw, paris)],
        unknown=[(marie, paris)],
    )
    set_language(doc, "en", bitext="doc-1")
    return doc


def place(span: Span) -> Place:
    return span.text, span.start_char, span.label_, span.kb_id_


def content(doc: Doc) -> List[Any]:
    return [
        [(place(r.head), r.label, place(r.tail), r.score, r.weight, r.source, r.bag) for r in get_relations(doc)],
        [(place(n.head), place(n.tail), n.weight) for n in get_negatives(doc)],
        [(place(head), place(tail)) for head, tail in get_unknown(doc)],
        get_language(doc),
        get_bitext_id(doc),
    ]


def test_what_was_set_is_got_in_the_same_order():
    doc = make_doc()
    marie, warsaw, pierre, paris = spans(doc)
    annotate(doc)
    assert get_relations(doc) == [
        Relation(marie, "P19", warsaw, 0.75, 0.5, "agreed:3/5", "Q7186|Q270"),
        Relation(pierre, "P26", marie, 1.0, 1.0, "", ""),
    ]
    assert get_negatives(doc) == [PairNegative(pierre, warsaw, 0.25), PairNegative(warsaw, paris, 1.0)]
    assert get_unknown(doc) == [(marie, paris)]
    assert (get_language(doc), get_bitext_id(doc)) == ("en", "doc-1")


def test_a_doc_without_relations_has_none():
    doc = make_doc()
    assert (get_relations(doc), get_negatives(doc), get_unknown(doc), get_bitext_id(doc)) == ([], [], [], "")
    assert get_language(doc) == "xx"


def test_each_argument_is_stored_once():
    assert len(annotate(make_doc()).spans[GROUP]) == 4


def test_the_same_tokens_with_another_entity_are_another_argument():
    doc = make_doc()
    one, other = Span(doc, 0, 2, label="PER", kb_id="Q7186"), Span(doc, 0, 2, label="PER", kb_id="Q1")
    set_relations(doc, [Relation(one, "P19", spans(doc)[1]), Relation(other, "P19", spans(doc)[1])])
    assert [relation.head.kb_id_ for relation in get_relations(doc)] == ["Q7186", "Q1"]


def test_setting_again_replaces_all_but_language_and_bitext():
    doc = annotate(make_doc())
    set_relations(doc, [])
    assert content(doc) == [[], [], [], "en", "doc-1"]


def test_setting_the_language_keeps_everything_else():
    doc = annotate(make_doc())
    before = content(doc)
    set_language(doc, "de")
    assert content(doc) == [*before[:3], "de", "doc-1"]
    set_bitext_id(doc, "doc-2")
    assert content(doc) == [*before[:3], "de", "doc-2"]


@pytest.mark.parametrize("role", ["head", "tail"])
def test_an_argument_of_another_doc_is_an_error(role):
    doc, other = make_doc(), make_doc()
    own, foreign = doc[0:2], other[5:6]
    relation = Relation(foreign, "P19", own) if role == "head" else Relation(own, "P19", foreign)
    with pytest.raises(XlreError, match=rf"\[X003\] .*{role} span \[5:6\]"):
        set_relations(doc, [relation])
    assert GROUP not in doc.spans


@pytest.mark.parametrize("name", ROUND_TRIPS)
def test_all_annotations_survive(name):
    doc = annotate(make_doc())
    copy = ROUND_TRIPS[name](doc)
    assert copy is not doc
    assert content(copy) == content(doc)


@pytest.mark.parametrize("name", ROUND_TRIPS)
def test_a_language_without_relations_survives(name):
    doc = make_doc()
    set_language(doc, "zh-Hant", bitext="b")
    assert content(ROUND_TRIPS[name](doc)) == [[], [], [], "zh-Hant", "b"]


@pytest.mark.parametrize("name", ROUND_TRIPS)
def test_an_empty_doc_survives(name):
    doc = Doc(spacy.blank("xx").vocab)
    set_relations(doc, [])
    set_language(doc, "fr")
    assert content(ROUND_TRIPS[name](doc)) == [[], [], [], "fr", ""]


def test_a_copy_does_not_share_annotations():
    doc = annotate(make_doc())
    copy = doc.copy()
    set_relations(copy, [])
    assert len(get_relations(doc)) == 2


def test_merging_arguments_keeps_the_relations():
    doc = annotate(make_doc())
    before = content(doc)
    with doc.retokenize() as retokenizer:
        retokenizer.merge(doc[0:2])
        retokenizer.merge(doc[9:11])
    assert len(doc) == 12
    assert content(doc) == before
    assert [(r.head.start, r.head.end) for r in get_relations(doc)] == [(0, 1), (8, 9)]


def test_merging_words_before_an_argument_moves_it():
    doc = annotate(make_doc())
    before = content(doc)
    with doc.retokenize() as retokenizer:
        retokenizer.merge(doc[2:5])
    assert content(doc) == before


def test_an_argument_grows_with_a_merged_neighbour():
    doc = annotate(make_doc())
    with doc.retokenize() as retokenizer:
        retokenizer.merge(doc[1:3])
    assert [relation.head.text for relation in get_relations(doc)] == ["Marie Curie was", "Pierre Curie"]


def test_splitting_a_token_keeps_the_relations():
    doc = annotate(make_doc())
    before = content(doc)
    with doc.retokenize() as retokenizer:
        retokenizer.split(doc[5], ["War", "saw"], heads=[(doc[5], 0), (doc[5], 0)])
    assert content(doc) == before


@pytest.mark.parametrize("name", ROUND_TRIPS)
def test_a_retokenized_doc_survives(name):
    doc = annotate(make_doc())
    with doc.retokenize() as retokenizer:
        retokenizer.merge(doc[0:2])
    before = content(doc)
    assert content(ROUND_TRIPS[name](doc)) == before


def test_a_doc_stored_right_after_a_merge_is_read_rightly():
    doc = annotate(make_doc())
    before = content(doc)
    with doc.retokenize() as retokenizer:
        retokenizer.merge(doc[0:2])
    assert content(Doc(doc.vocab).from_bytes(doc.to_bytes())) == before


def test_setting_the_language_after_a_merge_keeps_the_relations():
    doc = annotate(make_doc())
    before = content(doc)
    with doc.retokenize() as retokenizer:
        retokenizer.merge(doc[0:3])
        retokenizer.merge(doc[12:14])
    set_language(doc, "de")
    after = content(doc)
    assert [row[1] for row in after[0]] == [row[1] for row in before[0]]
    assert after[0][0][2] == before[0][0][2]
    assert after[3] == "de"


def test_other_tools_weights_of_another_length_are_ignored():
    doc = annotate(make_doc())
    doc.spans[GROUP].attrs["weight"] = [0.5]
    assert [relation.weight for relation in get_relations(doc)] == [1.0, 1.0]
