"""The training reader of relations."""

import pytest
import spacy
from spacy.tokens import Doc, Span

from spacy_xlre import Relation, get_relations, set_relations
from spacy_xlre.corpus.docbin import write_docs
from spacy_xlre.corpus.relation_docs import create_relation_reader
from spacy_xlre.errors import XlreError


def docs(nlp, count):
    for _ in range(count):
        doc = Doc(nlp.vocab, words=["Ada", "met", "Bob"])
        doc.ents = [Span(doc, 0, 1, label="PER"), Span(doc, 2, 3, label="PER")]
        set_relations(doc, [Relation(doc.ents[0], "met", doc.ents[1])])
        yield doc


def test_predicted_docs_keep_entities_and_lose_relations(tmp_path):
    nlp = spacy.blank("xx")
    write_docs(tmp_path / "train.spacy", docs(nlp, 3))
    examples = list(create_relation_reader(str(tmp_path / "train.spacy"))(nlp))
    assert [[ent.text for ent in eg.predicted.ents] for eg in examples] == [["Ada", "Bob"]] * 3
    assert [len(get_relations(eg.predicted)) for eg in examples] == [0] * 3
    assert [len(get_relations(eg.reference)) for eg in examples] == [1] * 3


def test_a_limit_ends_the_reading(tmp_path):
    nlp = spacy.blank("xx")
    write_docs(tmp_path / "train.spacy", docs(nlp, 3))
    assert len(list(create_relation_reader(str(tmp_path / "train.spacy"), limit=2)(nlp))) == 2


def test_files_without_docs_and_missing_ones_are_named(tmp_path):
    nlp = spacy.blank("xx")
    write_docs(tmp_path / "empty.spacy", [])
    with pytest.raises(XlreError, match="X516"):
        list(create_relation_reader(str(tmp_path / "empty.spacy"))(nlp))
    with pytest.raises(XlreError, match="X002"):
        list(create_relation_reader(str(tmp_path / "missing.spacy"))(nlp))
