"""Replacing spans of a Doc: what is there afterwards, and where."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from spacy.tokens import Doc, Span
from spacy.vocab import Vocab

from spacy_xlre.tokens import (
    PairNegative,
    Relation,
    get_bitext_id,
    get_language,
    get_negatives,
    get_relations,
    get_unknown,
    set_language,
    set_relations,
)
from spacy_xlre.tokens.replacement import replace_spans

VOCAB = Vocab()


def make_doc() -> Doc:
    words = ["Marie", "Curie", "was", "born", "in", "Warsaw", ".", "Poland", "mourned", "."]
    doc = Doc(VOCAB, words=words, spaces=[True] * 4 + [True, False, True, True, False, False])
    for token in doc:
        token.is_sent_start = token.i in (0, 7)
    doc.set_ents(
        [
            Span(doc, 0, 2, label="PER", kb_id="curie"),
            Span(doc, 5, 6, label="LOC", kb_id="warsaw"),
            Span(doc, 7, 8, label="LOC", kb_id="poland"),
        ]
    )
    person, city, country = doc.ents
    set_relations(
        doc,
        [Relation(person, "P19", city, weight=0.7, source="matched", bag="curie|warsaw")],
        negatives=[PairNegative(city, person, 0.5)],
        unknown=[(person, country)],
    )
    set_language(doc, "en", bitext="doc-1")
    return doc


def words(*texts: str) -> Doc:
    return Doc(VOCAB, words=list(texts))


def test_text_and_spaces_are_those_of_the_sentence():
    doc = make_doc()
    new = replace_spans(doc, [(doc[0:2], words("Ada")), (doc[5:6], words("New", "York"))])
    assert new.text == "Ada was born in New York. Poland mourned."
    assert doc.text == "Marie Curie was born in Warsaw. Poland mourned."


def test_annotations_move_along():
    doc = make_doc()
    new = replace_spans(doc, [(doc[0:2], words("Ada")), (doc[5:6], words("New", "York"))])
    assert [(e.text, e.label_, e.kb_id_) for e in new.ents] == [
        ("Ada", "PER", "curie"),
        ("New York", "LOC", "warsaw"),
        ("Poland", "LOC", "poland"),
    ]
    assert [sentence.text for sentence in new.sents] == ["Ada was born in New York.", "Poland mourned."]
    (relation,) = get_relations(new)
    assert (relation.head.text, relation.label, relation.tail.text) == ("Ada", "P19", "New York")
    assert (relation.weight, relation.source, relation.bag) == (0.7, "matched", "curie|warsaw")
    (negative,) = get_negatives(new)
    assert (negative.head.text, negative.tail.text, negative.weight) == ("New York", "Ada", 0.5)
    assert [(a.text, b.text) for a, b in get_unknown(new)] == [("Ada", "Poland")]
    assert (get_language(new), get_bitext_id(new)) == ("en", "doc-1")


def test_a_span_that_shares_tokens_with_a_replaced_one_grows():
    doc = make_doc()
    set_relations(doc, [Relation(doc[1:3], "R", doc[7:8])])
    new = replace_spans(doc, [(doc[0:2], words("Ada", "Lovelace"))])
    assert get_relations(new)[0].head.text == "Ada Lovelace was"


def test_a_doc_without_sentences_gets_none():
    doc = Doc(VOCAB, words=["Ada", "slept"])
    new = replace_spans(doc, [(doc[0:1], words("Marie", "Curie"))])
    assert not new.has_annotation("SENT_START")


def test_nothing_replaced_is_a_copy():
    doc = make_doc()
    new = replace_spans(doc, [])
    assert new.text == doc.text
    assert [(r.head.text, r.label, r.tail.text) for r in get_relations(new)] == [("Marie Curie", "P19", "Warsaw")]


@given(st.lists(st.integers(1, 4), min_size=3, max_size=3))
def test_names_of_any_length_leave_the_rest_as_it_was(lengths):
    doc = make_doc()
    new = replace_spans(doc, [(ent, words(*["x"] * length)) for ent, length in zip(doc.ents, lengths)])
    assert [len(ent) for ent in new.ents] == lengths
    assert [t.text for t in new if not t.ent_type_] == [t.text for t in doc if not t.ent_type_]


@pytest.mark.parametrize("start", [0, 7])
def test_a_name_at_the_start_of_a_sentence_begins_it(start):
    doc = make_doc()
    ent = next(e for e in doc.ents if e.start == start)
    new = replace_spans(doc, [(ent, words("La", "Paz"))])
    assert [sentence.start for sentence in new.sents] == [0, 7]
