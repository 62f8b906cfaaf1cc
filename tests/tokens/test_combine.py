import warnings
from typing import List

import pytest
import spacy
from spacy.tokens import Doc, Span

from spacy_xlre import concat
from spacy_xlre.errors import XlreError
from spacy_xlre.tokens import (
    Bead,
    Link,
    PairAlignment,
    PairNegative,
    Relation,
    get_alignment,
    get_bitext_id,
    get_language,
    get_negatives,
    get_relations,
    get_segments,
    get_unknown,
    make_bitext,
    set_alignment,
    set_language,
    set_relations,
)

NLP = spacy.blank("xx")


def make_doc(text: str, lang: str = "en", bitext: str = "") -> Doc:
    """A Doc whose first token is P19 of its last, and whose middle tokens are a negative and an unknown pair."""
    doc = NLP(text)
    first, last = Span(doc, 0, 1, label="PER", kb_id="Q1"), Span(doc, len(doc) - 1, len(doc), label="LOC", kb_id="Q2")
    doc.ents = [first, last]
    doc[0].is_sent_start = True
    set_relations(
        doc,
        [Relation(first, "P19", last, 0.5, 0.25, "agreed", "Q1|Q2")],
        negatives=[PairNegative(last, first, 0.75)],
        unknown=[(first, first)],
    )
    set_language(doc, lang, bitext=bitext or None)
    return doc


def texts(spans: List[Span]) -> List[str]:
    return [span.text for span in spans]


def test_relations_of_all_parts_are_kept_where_from_docs_drops_them():
    docs = [make_doc("Curie born Warsaw"), make_doc("Kant from Königsberg")]
    joined = concat(docs)
    assert joined.text == "Curie born Warsaw Kant from Königsberg"
    assert [(r.head.text, r.label, r.tail.text) for r in get_relations(joined)] == [
        ("Curie", "P19", "Warsaw"),
        ("Kant", "P19", "Königsberg"),
    ]
    relation = get_relations(joined)[1]
    assert (relation.score, relation.weight, relation.source, relation.bag) == (0.5, 0.25, "agreed", "Q1|Q2")
    assert (relation.head.label_, relation.head.kb_id_) == ("PER", "Q1")
    assert [(n.head.text, n.tail.text, n.weight) for n in get_negatives(joined)] == [
        ("Warsaw", "Curie", 0.75),
        ("Königsberg", "Kant", 0.75),
    ]
    assert [texts(list(pair)) for pair in get_unknown(joined)] == [["Curie", "Curie"], ["Kant", "Kant"]]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert get_relations(Doc.from_docs(docs)) == []


def test_all_that_from_docs_keeps_is_kept():
    docs = [make_doc("Curie born Warsaw"), make_doc("Kant from Königsberg")]
    docs[0].user_data["._.", "note", 0, None] = "kept"
    docs[1].spans["mine"] = [docs[1][0:2]]
    joined, plain = concat(docs), Doc.from_docs(docs)
    assert [(e.text, e.label_, e.kb_id_) for e in joined.ents] == [(e.text, e.label_, e.kb_id_) for e in plain.ents]
    assert texts(list(joined.sents)) == ["Curie born Warsaw", "Kant from Königsberg"]
    assert joined.user_data == plain.user_data
    assert texts(list(joined.spans["mine"])) == ["Kant from"]


@pytest.mark.parametrize("position", [0, 1, 2])
def test_an_empty_doc_among_the_parts_changes_nothing(position):
    docs = [make_doc("Curie born Warsaw"), make_doc("Kant from Königsberg")]
    docs.insert(position, NLP(""))
    joined = concat(docs)
    assert [(r.head.text, r.tail.text) for r in get_relations(joined)] == [("Curie", "Warsaw"), ("Kant", "Königsberg")]


def test_parts_without_relations_may_stand_anywhere():
    joined = concat([NLP("Once."), make_doc("Curie born Warsaw"), NLP("The end.")])
    assert [(r.head.text, r.tail.text) for r in get_relations(joined)] == [("Curie", "Warsaw")]


@pytest.mark.parametrize(
    ("langs", "bitexts", "expected"),
    [
        (("de", "de"), ("b", "b"), ("de", "b")),
        (("de", "fr"), ("b", "c"), ("xx", "")),
        (("de", "de"), ("b", ""), ("de", "")),
    ],
)
def test_language_and_bitext_are_kept_where_the_parts_agree(langs, bitexts, expected):
    joined = concat([make_doc("a b", lang, bitext) for lang, bitext in zip(langs, bitexts)])
    assert (get_language(joined), get_bitext_id(joined)) == expected


def test_parts_that_were_retokenized_are_read_rightly():
    doc = make_doc("Curie was born in Warsaw")
    with doc.retokenize() as retokenizer:
        retokenizer.merge(doc[1:4])
    joined = concat([doc, make_doc("Kant from Königsberg")])
    assert [(r.head.text, r.tail.text) for r in get_relations(joined)] == [("Curie", "Warsaw"), ("Kant", "Königsberg")]


def make_aligned() -> Doc:
    doc = make_bitext(NLP, {"en": "a b c", "de": "x y"})
    segments = get_segments(doc)
    set_alignment(doc, [PairAlignment(segments["en"], segments["de"], [Bead((0, 3), (0, 2), 0.5)], [Link(2, 1, 0.25)])])
    return doc


def test_a_single_bitext_keeps_its_alignment():
    joined = concat([make_aligned()])
    alignment = get_alignment(joined)
    assert alignment is not None
    pair = alignment.between("en", "de")
    assert pair is not None
    assert (pair.source.text, pair.target.text) == ("a b c", "x y")
    assert (pair.beads, pair.links) == ([Bead((0, 3), (0, 2), 0.5)], [Link(2, 1, 0.25)])


def test_several_bitexts_are_no_bitext():
    joined = concat([make_aligned(), make_aligned()])
    assert joined.text == "a b c\nx y a b c\nx y"
    assert get_alignment(joined) is None
    with pytest.raises(XlreError, match="X006"):
        get_segments(joined)


def test_nothing_to_join_is_an_error():
    with pytest.raises(XlreError, match="X014"):
        concat([])
