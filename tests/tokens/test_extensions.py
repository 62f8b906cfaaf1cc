import spacy
from spacy.tokens import Doc, Span

from spacy_xlre.tokens import Relation, make_bitext, register_extensions, set_relations


def test_the_getters_are_there_after_the_import_of_the_package():
    doc = spacy.blank("xx")("Curie Warsaw")
    set_relations(doc, [Relation(Span(doc, 0, 1), "P19", Span(doc, 1, 2))])
    assert [relation.label for relation in doc._.relations] == ["P19"]
    assert doc._.alignment is None
    assert make_bitext(spacy.blank("xx"), {"en": "a", "de": "b"})._.alignment is None


def test_registering_twice_leaves_somebody_elses_extension_alone():
    ours = Doc.get_extension("relations")
    Doc.set_extension("relations", default="theirs", force=True)
    try:
        register_extensions()
        assert spacy.blank("xx")("a")._.relations == "theirs"
    finally:
        Doc.set_extension("relations", getter=ours[2], force=True)
