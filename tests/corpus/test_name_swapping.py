"""The augmenter that tells training examples again of other entities."""

import json

import pytest
from spacy.tokens import Doc, Span
from spacy.training import Corpus, Example
from spacy.util import registry

from spacy_xlre.corpus.docbin import write_docs
from spacy_xlre.corpus.name_swapping import NameSwapper, create_name_swapper
from spacy_xlre.errors import XlreError
from spacy_xlre.kb import KnowledgeBase, build_kb
from spacy_xlre.tokens import Relation, get_relations, set_language, set_relations

PEOPLE = [
    ("ada", ["Ada Lovelace", "Lovelace"], "艾达"),
    ("noether", ["Emmy Noether"], "诺特"),
    ("hopper", ["Grace Hopper"], ""),
]
PLACES = [("rome", ["Rome"], "罗马"), ("oslo", ["Oslo"], ""), ("lima", ["Lima"], "")]


@pytest.fixture
def kb(tmp_path):
    rows = [
        {"id": id, "type": type_, "names": {"en": names, "zh": [chinese] if chinese else []}}
        for type_, group in (("PER", PEOPLE), ("LOC", PLACES))
        for id, names, chinese in group
    ]
    entities, facts, properties = (tmp_path / name for name in ("entities.jsonl", "facts.tsv", "properties.jsonl"))
    entities.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")
    facts.write_text("", encoding="utf-8")
    properties.write_text(json.dumps({"id": "P19"}) + "\n", encoding="utf-8")
    build_kb(entities, facts, properties, tmp_path / "kb")
    return tmp_path / "kb"


@pytest.fixture
def doc(multilingual):
    doc = multilingual.make_doc("Curie was born in Warsaw. Curie left it.")
    doc.set_ents(
        [
            Span(doc, 0, 1, label="PER", kb_id="curie"),
            Span(doc, 4, 5, label="LOC", kb_id="warsaw"),
            Span(doc, 6, 7, label="PER", kb_id="curie"),
        ]
    )
    set_relations(doc, [Relation(doc.ents[0], "P19", doc.ents[1])])
    set_language(doc, "en")
    return doc


def names(doc: Doc):
    return [(ent.label_, ent.text) for ent in doc.ents]


def test_every_entity_becomes_another_of_its_type(kb, doc, multilingual):
    new = NameSwapper(KnowledgeBase.open(kb), 1, 0).swap(multilingual, doc)
    known = {name for _, group, _ in (*PEOPLE, *PLACES) for name in group}
    assert {name for _, name in names(new)} <= known
    assert [label for label, _ in names(new)] == ["PER", "LOC", "PER"]
    (relation,) = get_relations(new)
    assert (relation.head, relation.label, relation.tail) == (new.ents[0], "P19", new.ents[1])


def test_one_entity_stays_one(kb, doc, multilingual):
    swapper = NameSwapper(KnowledgeBase.open(kb), 1, 0)
    for copy in range(20):
        new = swapper.swap(multilingual, doc, copy)
        first, second = new.ents[0].text, new.ents[2].text
        assert first == second or {first, second} == {"Ada Lovelace", "Lovelace"}


def test_a_copy_is_always_the_same_and_differs_from_others(kb, doc, multilingual):
    texts = [
        [NameSwapper(KnowledgeBase.open(kb), 1, 0).swap(multilingual, doc, copy).text for copy in range(8)]
        for _ in range(2)
    ]
    assert texts[0] == texts[1]
    assert len(set(texts[0])) > 2


def test_names_are_those_of_the_language(kb, doc, multilingual):
    set_language(doc, "zh")
    new = NameSwapper(KnowledgeBase.open(kb), 1, 0).swap(multilingual, doc)
    assert {name for _, name in names(new)} <= {"艾达", "诺特", "罗马"}


def test_entities_of_other_types_keep_their_names(kb, doc, multilingual):
    doc.set_ents([Span(doc, 0, 1, label="THING"), Span(doc, 4, 5, label="LOC")])
    new = NameSwapper(KnowledgeBase.open(kb), 1, 0).swap(multilingual, doc)
    assert names(new)[0] == ("THING", "Curie")
    assert names(new)[1][1] in {"Rome", "Oslo", "Lima"}


def test_where_there_is_nothing_to_swap_the_example_comes_alone(kb, multilingual):
    example = Example(multilingual.make_doc("Nobody."), multilingual.make_doc("Nobody."))
    assert list(create_name_swapper(str(kb), copies=3)(multilingual, example)) == [example]


def test_a_reader_takes_it_from_the_registry(kb, doc, multilingual, tmp_path):
    write_docs(tmp_path / "train.spacy", [doc])
    augment = registry.augmenters.get("spacy_xlre.swap_names.v1")(kb=str(kb), copies=2)
    examples = list(Corpus(tmp_path / "train.spacy", augmenter=augment)(multilingual))
    assert examples[0].reference.text == doc.text
    assert len(examples) == 3
    for example in examples:
        assert example.predicted.text == example.reference.text
        assert not example.predicted.ents


def test_a_missing_knowledge_base_is_a_clear_error(tmp_path):
    with pytest.raises(XlreError, match="kb build"):
        create_name_swapper(str(tmp_path / "none"))


def test_names_are_sampled_evenly_over_all_entities(kb):
    base = KnowledgeBase.open(kb)
    assert base.sample_names("en") == {
        "PER": [tuple(group) for _, group, _ in PEOPLE],
        "LOC": [tuple(group) for _, group, _ in PLACES],
    }
    assert sum(map(len, base.sample_names("en", limit=3).values())) == 3
    assert base.sample_names("tlh") == {}
