import json

import pytest
import spacy
from hypothesis import given
from hypothesis import strategies as st

from spacy_xlre.corpus.gold import bitext_from_marked, get_traps, gold_docs
from spacy_xlre.corpus.marked import parse_marks, plain_text, read_marked
from spacy_xlre.errors import XlreError
from spacy_xlre.tokens import get_bitext_id, get_language, get_relations, get_segments

DOCUMENT = {
    "id": "ada",
    "domain": "science",
    "entities": {"ada": {"type": "PER"}, "london": {"type": "LOC"}, "byron": {"type": "PER"}},
    "sentences": {
        "en": ["[[Ada|ada]] was born in [[London|london]].", "[[Ada|ada]] was a child of [[Byron|byron]]."],
        "zh": ["[[阿达|ada]]生于[[伦敦|london]]，是[[拜伦|byron]]的女儿。"],
    },
    "beads": [
        {
            "en": [0, 1],
            "zh": [0],
            "expressed": [["ada", "P19", "london"], ["byron", "P40", "ada"]],
            "cooccur": [["byron", "P20", "london"]],
        }
    ],
}

names = st.text(st.characters(blacklist_characters="[]|", blacklist_categories=("Cs",)), min_size=1)
plain = st.text(st.characters(blacklist_characters="[]|", blacklist_categories=("Cs",)))


def write(path, *records):
    path.write_text("\n".join(json.dumps(record, ensure_ascii=False) for record in records), encoding="utf-8")
    return path


@given(st.lists(st.tuples(plain, names, names)), plain)
def test_marks_are_removed_and_mentions_point_at_their_surface(parts, tail):
    marked = "".join(f"{before}[[{surface}|{entity}]]" for before, surface, entity in parts) + tail
    sentence = parse_marks(marked)
    assert sentence.text == "".join(before + surface for before, surface, _ in parts) + tail
    assert [(sentence.text[m.start : m.end], m.entity) for m in sentence.mentions] == [
        (surface, entity) for _, surface, entity in parts
    ]


@pytest.mark.parametrize("broken", ["[[Ada]] was", "[[Ada|ada was", "Ada]]", "[[Ada|]] was"])
def test_a_broken_mark_is_an_error(broken):
    with pytest.raises(ValueError, match="broken mark"):
        parse_marks(broken)


def test_documents_are_read_with_types_beads_and_traps(tmp_path):
    (document,) = read_marked(write(tmp_path / "a.jsonl", DOCUMENT))
    assert document.types["london"] == "LOC"
    assert document.beads[0].sentences == {"en": [0, 1], "zh": [0]}
    assert document.beads[0].cooccur == [("byron", "P20", "london")]
    assert plain_text(document.sentences["en"], "en") == "Ada was born in London. Ada was a child of Byron."


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"beads": None}, "not iterable"),
        ({"entities": {}}, "does not list"),
        ({"beads": [{"en": [7], "zh": [0], "expressed": []}]}, "names a sentence"),
        ({"beads": [{"en": [0], "zh": [0]}]}, "no field 'expressed'"),
    ],
)
def test_a_broken_document_names_its_file_and_line(tmp_path, change, reason):
    path = write(tmp_path / "a.jsonl", DOCUMENT, {**DOCUMENT, **change})
    with pytest.raises(XlreError, match=rf"a\.jsonl, line 2: .*{reason}"):
        list(read_marked(path))


def test_a_line_that_is_not_json_names_its_file_and_line(tmp_path):
    (tmp_path / "a.jsonl").write_text('{"id": \n')
    with pytest.raises(XlreError, match=r"a\.jsonl, line 1"):
        list(read_marked(tmp_path / "a.jsonl"))


def test_gold_docs_hold_entities_sentences_and_every_stated_pair(tmp_path, multilingual):
    (document,) = read_marked(write(tmp_path / "a.jsonl", DOCUMENT))
    english, chinese = gold_docs(multilingual, document)
    assert [(e.text, e.label_, e.kb_id_) for e in english.ents] == [
        ("Ada", "PER", "ada"),
        ("London", "LOC", "london"),
        ("Ada", "PER", "ada"),
        ("Byron", "PER", "byron"),
    ]
    assert [s.text for s in english.sents] == ["Ada was born in London.", "Ada was a child of Byron."]
    stated = {(r.head.start, r.label, r.tail.text) for r in get_relations(english)}
    assert stated == {(0, "P19", "London"), (6, "P19", "London"), (11, "P40", "Ada")}
    assert {(r.head.text, r.label, r.tail.text) for r in get_relations(chinese)} == {
        ("阿达", "P19", "伦敦"),
        ("拜伦", "P40", "阿达"),
    }
    assert (get_language(chinese), get_bitext_id(chinese)) == ("zh", "ada")


def test_a_symmetric_relation_is_annotated_once_in_text_order(tmp_path, multilingual):
    (document,) = read_marked(write(tmp_path / "a.jsonl", DOCUMENT))
    _, chinese = gold_docs(multilingual, document, symmetric=["P40"])
    assert ("阿达", "P40", "拜伦") in {(r.head.text, r.label, r.tail.text) for r in get_relations(chinese)}


def test_traps_are_kept_apart_from_relations(tmp_path, multilingual):
    (document,) = read_marked(write(tmp_path / "a.jsonl", DOCUMENT))
    english, _ = gold_docs(multilingual, document)
    assert [(h.text, label, t.text) for h, label, t in get_traps(english)] == [("Byron", "P20", "London")]
    assert get_traps(spacy.blank("xx")("nothing")) == []


def test_a_bitext_has_the_plain_text_only(tmp_path, multilingual):
    (document,) = read_marked(write(tmp_path / "a.jsonl", DOCUMENT))
    bitext = bitext_from_marked(multilingual, document)
    assert get_segments(bitext)["zh"].text == "阿达生于伦敦，是拜伦的女儿。"
    assert not bitext.ents
    assert get_bitext_id(bitext) == "ada"


def test_the_embedded_corpus_is_whole(assets, multilingual):
    for name, count in (("train", 45), ("dev", 5), ("test", 10)):
        documents = list(read_marked(assets / f"{name}.jsonl"))
        assert len(documents) == count
        for document in documents:
            assert set(document.sentences) == {"en", "de", "es", "fr", "zh"}
            for doc in gold_docs(multilingual, document):
                assert doc.ents
                assert {r.head.kb_id_ for r in get_relations(doc)} <= set(document.types)
