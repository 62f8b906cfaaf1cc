"""Sentences with many entities and relations: CrossRE, Multi-CrossRE, DyGIE."""

import json

import pytest

from spacy_xlre.corpus.crossre import read_crossre
from spacy_xlre.errors import XlreError
from spacy_xlre.files import Rejects
from spacy_xlre.tokens import get_language, get_relations

RECORD = {
    "doc_key": "ai-dev-1",
    "sentence": ["Ada", "of", "New", "York", "met", "Bob"],
    "ner": [[0, 0, "person"], [2, 3, "place"], [5, 5, "person"]],
    "relations": [[0, 0, 2, 3, "origin", "", False, False], [5, 5, 0, 0, "met", "why", True, False]],
}


def read(tmp_path, nlp, *records, lang="en", **settings):
    path = tmp_path / "dev.json"
    path.write_text("\n".join(json.dumps(record) for record in records), encoding="utf-8")
    rejects = Rejects(None)
    return list(read_crossre(path, nlp, lang, rejects, **settings)), [row[1:3] for row in rejects.rows]


def triples(doc):
    return [(r.head.text, r.label, r.tail.text) for r in get_relations(doc)]


def test_words_entities_and_relations_are_those_of_the_data(tmp_path, multilingual):
    (doc,), rejected = read(tmp_path, multilingual, RECORD)
    assert [token.text for token in doc] == RECORD["sentence"]
    assert [(ent.text, ent.label_) for ent in doc.ents] == [
        ("Ada", "person"),
        ("New York", "place"),
        ("Bob", "person"),
    ]
    assert triples(doc) == [("Ada", "origin", "New York"), ("Bob", "met", "Ada")]
    assert get_language(doc) == "en"
    assert rejected == []


def test_symmetric_relations_are_turned_into_text_order(tmp_path, multilingual):
    (doc,), _ = read(tmp_path, multilingual, RECORD, symmetric=["met"])
    assert triples(doc)[1] == ("Ada", "met", "Bob")


def test_scripts_without_spaces_are_joined_without_them(tmp_path, multilingual):
    record = {"sentence": ["阿达", "见", "Bob", "了"], "ner": [], "relations": []}
    (doc,), _ = read(tmp_path, multilingual, record, lang="zh")
    assert doc.text == "阿达见 Bob 了"


def test_what_a_doc_cannot_hold_is_rejected_with_its_line(tmp_path, multilingual):
    record = {
        **RECORD,
        "ner": [*RECORD["ner"], [3, 3, "place"]],
        "relations": [*RECORD["relations"], [0, 0, 3, 3, "origin"]],
    }
    (_, doc), rejected = read(tmp_path, multilingual, RECORD, record)
    assert triples(doc) == [("Ada", "origin", "New York"), ("Bob", "met", "Ada")]
    assert rejected == [
        ("2", "entity 'York' overlaps a longer one"),
        ("2", "relation origin has an argument that is no entity of its own"),
    ]


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"ner": [[0, 9, "person"]]}, "entity 0 to 9 of 6 words"),
        ({"ner": [[1, 0, "person"]]}, "entity 1 to 0"),
        ({"sentence": None}, ""),
        ({"relations": [[0, 0]]}, ""),
    ],
)
def test_a_broken_line_is_named(tmp_path, multilingual, change, reason):
    with pytest.raises(XlreError, match=rf"X515.*line 2: .*{reason}"):
        read(tmp_path, multilingual, RECORD, {**RECORD, **change})


def test_a_missing_field_is_named(tmp_path, multilingual):
    with pytest.raises(XlreError, match="line 1: no field 'ner'"):
        read(tmp_path, multilingual, {"sentence": ["a"]})
