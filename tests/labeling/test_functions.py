"""Labelling functions: by pair, by types, by patterns, by models."""

import json
from typing import Dict, List

import pytest
import spacy
from spacy.tokens import Doc, Span

from spacy_xlre.errors import XlreError
from spacy_xlre.labeling.functions import by_pair, create_pipeline_votes, create_stored_votes, create_type_votes
from spacy_xlre.labeling.patterns import create_pattern_votes, read_patterns
from spacy_xlre.labeling.vote_files import write_votes
from spacy_xlre.tokens import PairNegative, Relation, set_language, set_relations
from spacy_xlre.tokens.blank import blank_multilingual

NLP = blank_multilingual()
TYPES = {"P19": {"head": ["PER"], "tail": ["LOC"]}, "P26": {"head": ["PER"], "tail": ["PER"]}}


def make_doc(text: str, lang: str = "en", **types: str) -> Doc:
    """Make a Doc in which each named word is an entity, and every ordered pair of them is NA."""
    doc = NLP(text)
    doc.set_ents([Span(doc, t.i, t.i + 1, label=types[t.text], kb_id=t.text) for t in doc if t.text in types])
    pairs = [(a, b) for a in doc.ents for b in doc.ents if a.start != b.start]
    set_relations(doc, [], negatives=[PairNegative(head, tail) for head, tail in pairs])
    for token in doc:
        token.is_sent_start = token.i == 0 or doc[token.i - 1].text in (".", "。")
    set_language(doc, lang, bitext="b")
    return doc


def read(votes: Dict, doc: Doc) -> List[str]:
    return [f"{doc[a:b].text} {label} {doc[c:d].text}" for (a, b, c, d), label in votes.items()]


def test_a_function_of_a_pair_votes_on_every_pair_that_something_is_said_of():
    doc = make_doc("Ada left Rome for Paris", Ada="PER", Rome="LOC", Paris="LOC")
    ada, rome, paris = doc.ents
    set_relations(doc, [Relation(ada, "P", rome)], negatives=[PairNegative(rome, ada)], unknown=[(ada, paris)])
    seen = []

    def judge(doc, head, tail):
        seen.append((head.text, tail.text, head.label_))
        return "P" if tail.text == "Rome" else None

    assert read(by_pair(judge)([doc])[0], doc) == ["Ada P Rome"]
    assert sorted(seen) == [("Ada", "Paris", "PER"), ("Ada", "Rome", "PER"), ("Rome", "Ada", "LOC")]


def test_types_vote_na_where_no_label_allows_them():
    doc = make_doc("Ada left Rome", Ada="PER", Rome="LOC")
    assert read(create_type_votes(TYPES)([doc])[0], doc) == ["Rome NA Ada"]
    assert create_type_votes({**TYPES, "P61": {"tail": ["PER"]}})([doc]) == [{}]


@pytest.fixture
def patterns(tmp_path):
    def write(*rows, types=None):
        path = tmp_path / "patterns.jsonl"
        path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
        return create_pattern_votes(str(path), types)

    return write


def pattern(lang="en", label="P19", **more):
    return {"lang": lang, "label": label, **more}


@pytest.mark.parametrize(
    ("row", "text", "found"),
    [
        (pattern(between="born in"), "Ada was Born in Rome .", ["Ada P19 Rome"]),
        (pattern(between="born in"), "Rome was born in Ada .", ["Rome P19 Ada"]),
        (pattern(between="born in", head="last"), "Rome was born in Ada .", ["Ada P19 Rome"]),
        (pattern(between="born in"), "Ada lived in Rome .", []),
        (pattern(between="born in"), "Ada left Rome . She was born in Paris .", []),
        (pattern(after="born"), "In Rome was Ada born .", ["Rome P19 Ada"]),
        (pattern(after="born"), "Ada left Rome . Born .", []),
        (pattern(before="native", head="last"), "The native of Rome Ada left .", ["Ada P19 Rome"]),
        (pattern(between="was", after="too"), "Ada was in Rome too .", ["Ada P19 Rome"]),
        (pattern(between="was", after="too"), "Ada was in Rome .", []),
        (pattern(between=[{"LOWER": {"IN": ["born", "raised"]}}]), "Ada raised Rome .", ["Ada P19 Rome"]),
        (pattern(lang="de", between="born in"), "Ada born in Rome .", []),
    ],
)
def test_a_pattern_holds_in_its_region_of_the_sentence(patterns, row, text, found):
    doc = make_doc(text, Ada="PER", Rome="LOC")
    assert read(patterns(row)([doc])[0], doc) == found


def test_a_pattern_does_not_reach_over_another_entity(patterns):
    doc = make_doc("Ada and Bob was born in Rome .", Ada="PER", Bob="PER", Rome="LOC")
    assert read(patterns(pattern(between="born in"))([doc])[0], doc) == ["Bob P19 Rome"]


def test_a_pattern_can_be_held_to_the_types_of_its_label(patterns):
    doc = make_doc("Rome was born in Ada .", Ada="PER", Rome="LOC")
    assert read(patterns(pattern(between="born in", head="any"), types=TYPES)([doc])[0], doc) == ["Ada P19 Rome"]


def test_the_first_pattern_that_holds_votes(patterns):
    doc = make_doc("Ada was born in Rome .", Ada="PER", Rome="LOC")
    votes = patterns(pattern(between="in", label="P20"), pattern(between="born in"))([doc])[0]
    assert read(votes, doc) == ["Ada P20 Rome"]


def test_chinese_phrases_are_cut_as_texts_are(patterns):
    doc = make_doc("Ada 生于 Rome 。", lang="zh", Ada="PER", Rome="LOC")
    assert read(patterns(pattern(lang="zh", between="生于"))([doc])[0], doc) == ["Ada P19 Rome"]


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ({"lang": "en", "label": "P19"}, "there is none of before, between, after"),
        ({"between": "born"}, "there is no lang and no label"),
        (pattern(between=""), "an empty region"),
        (pattern(between="born", head="second"), "the head is 'second', not one of first, last, any"),
        (pattern(between="born", betwen="x"), "there is no key betwen"),
        (pattern(between=[{"LOWR": "born"}]), "LOWR"),
        (pattern(between=[1]), ""),
        (["en"], ""),
    ],
)
def test_a_line_that_is_no_pattern_is_named(tmp_path, row, reason):
    path = tmp_path / "patterns.jsonl"
    path.write_text(f"\n{json.dumps(row)}\n", encoding="utf-8")
    with pytest.raises(XlreError, match=rf"\[X606\] .*patterns.jsonl, line 2: .*{reason}"):
        list(read_patterns(path))


@pytest.mark.parametrize(("score", "found"), [(0.7, ["Ada P Rome"]), (0.3, []), (0.05, ["Ada NA Rome"])])
def test_stored_votes_are_a_label_na_or_nothing(tmp_path, score, found):
    doc = make_doc("Ada left Rome", Ada="PER", Rome="LOC")
    write_votes(tmp_path / "votes.jsonl", [doc], [{(0, 1, 2, 3): {"P": score, "Q": 0.01}}])
    votes = create_stored_votes(str(tmp_path / "votes.jsonl"))([doc, make_doc("Ada", lang="de", Ada="PER")])
    assert [read(own, doc) for own in votes] == [found, []]


def test_a_pipeline_votes_what_it_reads(tmp_path):
    doc = make_doc("Ada left Rome", Ada="PER", Rome="LOC")
    nlp = spacy.blank("xx")
    nlp.add_pipe("xlre_relation")
    gold = NLP("Ada left Rome")
    gold.set_ents([Span(gold, ent.start, ent.end, label=ent.label_) for ent in doc.ents])
    set_relations(gold, [Relation(gold.ents[0], "P", gold.ents[1])])
    nlp.initialize(lambda: [spacy.training.Example(nlp.make_doc(gold.text), gold)])
    nlp.to_disk(tmp_path / "model")
    sure = create_pipeline_votes(str(tmp_path / "model"), min_relation=0.0)([doc])[0]
    assert read(sure, doc) == ["Ada P Rome", "Rome P Ada"]
    assert create_pipeline_votes(str(tmp_path / "model"), min_relation=1.0, max_na=0.0)([doc]) == [{}]
