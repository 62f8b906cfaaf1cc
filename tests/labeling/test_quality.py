import pytest

from spacy_xlre.corpus.gold import gold_docs
from spacy_xlre.corpus.marked import MarkedBead, MarkedDocument, parse_marks
from spacy_xlre.errors import XlreError
from spacy_xlre.labeling.quality import label_quality
from spacy_xlre.tokens import Relation, set_bitext_id, set_relations


@pytest.fixture
def gold(multilingual):
    sentence = parse_marks("[[Ada|ada]] left [[London|london]] for [[Paris|paris]].")
    bead = MarkedBead({"en": [0]}, [("ada", "P19", "london")], [("ada", "P20", "paris")])
    types = {"ada": "PER", "london": "LOC", "paris": "LOC"}
    (doc,) = gold_docs(multilingual, MarkedDocument("d", "", types, {"en": [sentence]}, [bead]))
    return doc


def labels(gold, *triples):
    doc = gold.copy()
    spans = {e.text: e for e in doc.ents}
    set_relations(doc, [Relation(spans[h], label, spans[t]) for h, label, t in triples])
    return doc


def test_right_wrong_missed_and_trapped_labels_are_counted(gold):
    doc = labels(gold, ("Ada", "P19", "London"), ("Ada", "P20", "Paris"), ("Ada", "P27", "London"))
    quality = label_quality([doc], [gold])["en"]
    assert (quality.counts.tp, quality.counts.fp, quality.counts.fn) == (1, 2, 0)
    assert quality.trap_rate == 1.0


def test_languages_are_pooled(gold):
    assert label_quality([labels(gold)], [gold])["all"].counts.fn == 1


def test_labels_of_other_documents_are_refused(gold):
    doc = labels(gold)
    set_bitext_id(doc, "other")
    with pytest.raises(XlreError, match="no gold Doc"):
        label_quality([doc], [gold])
