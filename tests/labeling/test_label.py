"""Where in a text a fact is labelled, and with which weight."""

import pytest

from spacy_xlre.errors import XlreError
from spacy_xlre.kb.build import build_kb
from spacy_xlre.kb.store import KnowledgeBase
from spacy_xlre.labeling.label import Labeler
from spacy_xlre.labeling.settings import LabelingSettings
from spacy_xlre.tokens import (
    Bead,
    Link,
    PairAlignment,
    get_bitext_id,
    get_language,
    get_relations,
    get_segments,
    get_unknown,
    make_bitext,
    set_alignment,
    set_language,
    split_sentences,
)

ENTITIES = """
{"id": "ada", "type": "PER", "names": {"en": ["Ada"], "de": ["Ada"]}}
{"id": "london", "type": "LOC", "names": {"en": ["London"], "de": ["London"]}}
"""
PROPERTIES = """
{"id": "P19", "names": {}, "head_types": ["PER"], "tail_types": ["LOC"], "symmetric": false}
{"id": "P20", "names": {}, "head_types": ["PER"], "tail_types": ["LOC"], "symmetric": false}
"""


@pytest.fixture
def make_kb(tmp_path):
    def make(*properties):
        facts = "".join(f"ada\t{name}\tlondon\n" for name in properties)
        contents = {"entities.jsonl": ENTITIES.strip(), "facts.tsv": facts, "properties.jsonl": PROPERTIES.strip()}
        for name, content in contents.items():
            (tmp_path / name).write_text(content)
        build_kb(*(tmp_path / name for name in contents), tmp_path / "kb")
        return KnowledgeBase.open(tmp_path / "kb")

    return make


def aligned(nlp, text, prob):
    """Make a bitext of a text and its word-by-word translation."""
    doc = make_bitext(nlp, {"en": text, "de": text})
    en, de = get_segments(doc).values()
    for segment in (en, de):
        split_sentences(segment, "en")
    links = [Link(i, i, 1.0) for i in range(len(en))]
    set_alignment(doc, [PairAlignment(en, de, [Bead((0, len(en)), (0, len(de)), prob)], links)])
    return doc


def english(docs):
    return {get_language(found): found for found in docs}["en"]


def label(kb, nlp, text, prob=1.0, **settings):
    """Label a text and its word-by-word translation; return the English Doc."""
    return english(Labeler(kb, LabelingSettings(**settings))(aligned(nlp, text, prob)))


def places(pairs):
    return [(head.start, tail.start) for head, tail in pairs]


def relations(doc):
    return [(r.head.start, r.label, r.tail.start) for r in get_relations(doc)]


def test_a_fact_is_labelled_where_it_is_first_mentioned_and_unknown_later(make_kb, multilingual):
    doc = label(make_kb("P19"), multilingual, "Ada knew London. Ada loved London.")
    assert relations(doc) == [(0, "P19", 2)]
    assert places(get_unknown(doc)) == [(4, 6)]
    both = label(make_kb("P19"), multilingual, "Ada knew London. Ada loved London.", max_statements=2)
    assert relations(both) == [(0, "P19", 2), (4, "P19", 6)]


def test_a_fact_is_labelled_in_some_texts_only_and_unknown_in_the_others(make_kb, multilingual):
    labeler = Labeler(make_kb("P19", "P20"), LabelingSettings(max_texts=2))
    found = [english(labeler(aligned(multilingual, "Ada knew London.", 1.0))) for _ in range(3)]
    assert [len(relations(doc)) for doc in found] == [2, 2, 0]
    assert places(get_unknown(found[2])) == [(0, 2)]


def test_a_pair_that_stands_far_apart_is_unknown_and_leaves_the_fact_to_a_nearer_one(make_kb, multilingual):
    far = f"Ada {'walked on and ' * 8}saw London. Ada loved London."
    doc = label(make_kb("P19"), multilingual, far)
    assert [label for _, label, _ in relations(doc)] == ["P19"]
    assert relations(doc)[0][0] > 20
    assert places(get_unknown(doc))[0][0] == 0


def test_facts_between_the_same_two_share_the_weight(make_kb, multilingual):
    alone = get_relations(label(make_kb("P19"), multilingual, "Ada knew London."))
    shared = get_relations(label(make_kb("P19", "P20"), multilingual, "Ada knew London."))
    assert sorted(r.label for r in shared) == ["P19", "P20"]
    assert [r.weight for r in shared] == pytest.approx([alone[0].weight / 2] * 2)


def test_a_label_weighs_as_much_as_the_texts_are_translations(make_kb, multilingual):
    kb = make_kb("P19")
    sure, unsure = (get_relations(label(kb, multilingual, "Ada knew London.", prob=p))[0] for p in (1.0, 0.5))
    assert unsure.weight == pytest.approx(sure.weight / 2)


def test_a_text_in_one_language_is_labelled_as_it_is(make_kb, multilingual):
    doc = multilingual("Ada knew London. Ada loved London.")
    for token in doc:
        token.is_sent_start = token.i in (0, 4)
    set_language(doc, "en", bitext="b7")
    (found,) = Labeler(make_kb("P19"), LabelingSettings(method="monolingual"))(doc)
    assert relations(found) == [(0, "P19", 2), (4, "P19", 6)]
    assert (found.text, get_language(found), get_bitext_id(found)) == (doc.text, "en", "b7")
    with pytest.raises(XlreError, match="X006"):
        list(Labeler(make_kb("P19"))(doc))


def test_an_entity_without_a_type_is_an_entity_all_the_same(tmp_path, multilingual):
    (tmp_path / "e.jsonl").write_text('{"id": "ada", "names": {"en": ["Ada"]}}\n')
    (tmp_path / "f.tsv").write_text("ada\tP19\tada\n")
    (tmp_path / "p.jsonl").write_text('{"id": "P19"}\n')
    build_kb(*(tmp_path / name for name in ("e.jsonl", "f.tsv", "p.jsonl")), tmp_path / "kb")
    kb, doc = KnowledgeBase.open(tmp_path / "kb"), multilingual("Ada left.")
    set_language(doc, "en")
    (found,) = Labeler(kb, LabelingSettings(method="monolingual"))(doc)
    assert [(ent.text, ent.label_, ent.kb_id_) for ent in found.ents] == [("Ada", "ENTITY", "ada")]
