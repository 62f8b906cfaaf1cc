"""Why a pair has its label: the reasons that `spacy xlre label --explain` shows."""

import json

import pytest
from typer.testing import CliRunner

from spacy_xlre.cli.plugin import app
from spacy_xlre.corpus.docbin import write_docs
from spacy_xlre.kb.build import build_kb
from spacy_xlre.kb.store import KnowledgeBase
from spacy_xlre.labeling.explanation import Examples, Explanation
from spacy_xlre.labeling.label import Labeler
from spacy_xlre.labeling.settings import LabelingSettings
from spacy_xlre.tokens import (
    Bead,
    Link,
    PairAlignment,
    get_segments,
    make_bitext,
    set_alignment,
    set_bitext_id,
    split_sentences,
)

ENTITIES = {"ada": "PER", "bob": "PER", "london": "LOC", "paris": "LOC"}
PROPERTIES = [{"id": "P19", "head_types": ["PER"], "tail_types": ["LOC"], "functional": True}]
TEXT = "Ada knew London. Ada saw London and Paris. Bob was in Paris."


@pytest.fixture
def kb(tmp_path):
    entities = [
        {"id": i, "type": t, "names": {lang: [i.title()] for lang in ("en", "de")}} for i, t in ENTITIES.items()
    ]
    for name, records in (("entities.jsonl", entities), ("properties.jsonl", PROPERTIES)):
        (tmp_path / name).write_text("".join(json.dumps(record) + "\n" for record in records))
    (tmp_path / "facts.tsv").write_text("ada\tP19\tlondon\n")
    build_kb(*(tmp_path / name for name in ("entities.jsonl", "facts.tsv", "properties.jsonl")), tmp_path / "kb")
    return tmp_path / "kb"


@pytest.fixture
def bitext(multilingual):
    doc = make_bitext(multilingual, {"en": TEXT, "de": TEXT})
    set_bitext_id(doc, "t1")
    en, de = get_segments(doc).values()
    for segment in (en, de):
        split_sentences(segment, "en")
    links = [Link(i, i, 1.0) for i in range(len(en))]
    set_alignment(doc, [PairAlignment(en, de, [Bead((0, len(en)), (0, len(de)), 0.9)], links)])
    return doc


def explained(kb, bitext, **settings):
    found = []
    list(Labeler(KnowledgeBase.open(kb), LabelingSettings(**settings), found.append)(bitext))
    return [e for e in found if e.lang == "en"]


def named(explanation):
    return tuple(side.split(" ")[0] for side in (explanation.head, explanation.tail))


def test_each_decision_has_its_reason(kb, bitext):
    reasons = {(named(e), e.sentence): (e.decision, e.reason) for e in explained(kb, bitext)}
    first, second, third = "Ada knew London.", "Ada saw London and Paris.", "Bob was in Paris."
    decision, reason = reasons[("Ada", "London"), first]
    assert decision == "relation"
    assert reason.startswith("P19: agreement ")
    assert "P(s,t) 0.90" in reason
    assert reasons[("Ada", "London"), second] == ("unknown", "P19: labelled in 1 sentences before")
    assert reasons[("Ada", "Paris"), second] == ("NA", "no fact, and P19 of ada has another value")
    assert reasons[("Bob", "Paris"), third][1] == "no fact, and little is known of one of them (0 and 0 facts)"


def test_pairs_that_stand_far_apart_and_light_labels_say_so(kb, bitext):
    far = [e for e in explained(kb, bitext, max_gap=0) if named(e) == ("Ada", "London")]
    assert far[0].reason == "P19: more than 0 tokens between the names"
    light = [e for e in explained(kb, bitext, min_weight=0.99) if named(e) == ("Ada", "London")]
    assert light[0].reason.startswith("P19: weight below 0.99: agreement ")


def explanation(decision):
    return Explanation("t", "en", "A b.", "A", "b", decision, 0.5, "why")


def test_examples_are_of_all_decisions_and_all_are_counted():
    examples = Examples(4)
    for decision in ["NA"] * 9 + ["unknown"] * 2 + ["relation"]:
        examples(explanation(decision))
    assert [e.decision for e in examples.chosen()] == ["relation", "NA", "NA", "unknown"]
    assert examples.counts == {"NA": 9, "unknown": 2, "relation": 1}
    assert str(explanation("NA")) == "NA, weight 0.50: A → b\n  why\n  t (en): A b."


def test_the_command_shows_them(kb, bitext, tmp_path):
    write_docs(tmp_path / "aligned.spacy", [bitext])
    words = ["label", tmp_path / "aligned.spacy", kb, "--output", tmp_path / "out.spacy", "--explain", "3"]
    result = CliRunner().invoke(app, [str(word) for word in words])
    assert result.exit_code == 0, result.output
    assert result.output.count("weight ") >= 3
    assert "relation, weight" in result.output
    assert "[ada, matched:2/2]" in result.output
