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
    set_relations(doc, [Relation(spans[h], label, spans[t], weight=w) for h, label, t, w in triples])
    return doc


def test_right_wrong_missed_and_trapped_labels_are_counted(gold):
    doc = labels(gold, ("Ada", "P19", "London", 1.0), ("Ada", "P20", "Paris", 0.3), ("Ada", "P27", "London", 1.0))
    quality = label_quality([doc], [gold])["en"]
    assert (quality.right, quality.wrong, quality.missed) == (1, 2, 0)
    assert (quality.precision, quality.recall, quality.f1) == (pytest.approx(1 / 3), 1.0, pytest.approx(0.5))
    assert quality.trap_rate == 1.0


def test_languages_are_pooled(gold):
    assert label_quality([labels(gold)], [gold])["all"].missed == 1


def test_a_label_of_weight_zero_does_not_count(gold):
    assert label_quality([labels(gold, ("Ada", "P20", "Paris", 0.0))], [gold])["en"].wrong == 0


def test_labels_of_other_documents_are_refused(gold):
    doc = labels(gold)
    set_bitext_id(doc, "other")
    with pytest.raises(XlreError, match="no gold Doc"):
        label_quality([doc], [gold])
