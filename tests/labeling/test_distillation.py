"""Labels that carry a teacher's opinion, and what a component learns from them."""

import numpy as np
import pytest
import spacy
from hypothesis import given
from hypothesis import strategies as st
from spacy.tokens import Span
from spacy.training import Example
from typer.testing import CliRunner

from spacy_xlre.cli.plugin import app
from spacy_xlre.corpus.docbin import read_docs, write_docs
from spacy_xlre.labeling.distillation import mixed, mixed_independent, probabilities, soften
from spacy_xlre.labeling.second_opinion import score_pairs
from spacy_xlre.ml.relations.both_directions import join_directions, reversed_pairs
from spacy_xlre.pipeline.targets import make_targets
from spacy_xlre.tokens import (
    PairNegative,
    Relation,
    get_negatives,
    get_relations,
    get_unknown,
    set_bitext_id,
    set_language,
    set_relations,
)
from spacy_xlre.tokens.directions import Directions

# Ada, Rome: both directions.
FORTH, BACK = (0, 1, 3, 4), (3, 4, 0, 1)
SCORES = {FORTH: {"born": 0.75, "died": 0.5}, BACK: {"born": 0.5, "died": 0.0}}
TAUGHT = probabilities(SCORES, one_direction=False)


@pytest.fixture
def doc():
    doc = spacy.blank("xx")("Ada lived in Rome")
    doc.ents = [Span(doc, 0, 1, label="PER"), Span(doc, 3, 4, label="LOC")]
    return doc


def shares(doc):
    relations = {(r.head.start, r.tail.start, r.label): pytest.approx(r.weight) for r in get_relations(doc)}
    return relations, {(n.head.start, n.tail.start): pytest.approx(n.weight) for n in get_negatives(doc)}


def test_scores_against_na_become_probabilities_beside_na():
    apart = probabilities(SCORES, one_direction=False)
    assert apart[FORTH] == pytest.approx({"born": 3 / 5, "died": 1 / 5})
    assert apart[BACK] == pytest.approx({"born": 1 / 2, "died": 0.0})
    together = probabilities(SCORES, one_direction=True)
    assert together[FORTH] == pytest.approx({"born": 3 / 6, "died": 1 / 6})
    assert together[BACK] == pytest.approx({"born": 1 / 6, "died": 0.0})


@given(
    st.dictionaries(st.sampled_from("abc"), st.floats(0.0, 1.0)),
    st.dictionaries(st.sampled_from("abc"), st.floats(0.0, 1.0), min_size=1),
    st.floats(0.0, 1.0),
)
def test_shares_of_a_target_are_a_distribution_with_na(labels, scores, share):
    taught = probabilities({FORTH: scores}, one_direction=True)[FORTH]
    target = mixed(labels, taught, share)
    assert all(value >= 0.0 for value in target.values())
    assert sum(target.values()) <= 1.0 + 1e-9


@pytest.mark.parametrize(
    ("born", "died"), [(0.6, 0.3), (0.9, 0.7), (1.0, 1.0), (0.6, 0.001)], ids=["below one", "above", "both", "faint"]
)
def test_independent_labels_reach_the_student_as_the_teacher_sees_them(doc, born, died):
    set_relations(doc, [Relation(doc.ents[0], "born", doc.ents[1])])
    taught = [{FORTH: {"born": born, "died": died}, BACK: {"born": 0.0, "died": 0.2}}]
    assert soften([doc], taught, share=0.5, exclusive=False) == 2
    found, weights = targets(doc, exclusive=False)
    np.testing.assert_allclose(found, [[0.5 + born / 2, died / 2 if died > 0.01 else 0.0], [0.0, 0.1]], rtol=1e-5)
    np.testing.assert_allclose(weights, 1.0)


def test_several_independent_labels_of_little_weight_keep_their_targets_and_gain_weight(doc):
    head, tail = doc.ents
    set_relations(doc, [Relation(head, label, tail, weight=0.4) for label in ("born", "died")])
    soften([doc], [{FORTH: {"born": 0.5, "died": 0.5}, BACK: {"born": 0.0, "died": 0.0}}], share=0.5, exclusive=False)
    found, weights = targets(doc, exclusive=False)
    np.testing.assert_allclose(found, [[0.75, 0.75], [0.0, 0.0]], atol=1e-6)
    np.testing.assert_allclose(weights, 1.0, atol=1e-6)


@given(
    st.dictionaries(st.sampled_from("abc"), st.floats(0.0, 1.0)),
    st.dictionaries(st.sampled_from("abc"), st.floats(0.0, 1.0), min_size=1),
    st.floats(0.0, 1.0),
)
def test_each_independent_label_lies_between_what_is_labelled_and_what_is_taught(labels, taught, share):
    for label, value in mixed_independent(labels, taught, share).items():
        bounds = sorted([float(label in labels), taught.get(label, 0.0)])
        assert bounds[0] - 1e-9 <= value <= bounds[1] + 1e-9


def test_labels_are_mixed_with_what_the_teacher_thinks(doc):
    set_relations(doc, [Relation(doc.ents[0], "born", doc.ents[1])])
    assert soften([doc], [TAUGHT], share=0.5) == 2
    relations, negatives = shares(doc)
    assert relations == {(0, 3, "born"): 0.8, (0, 3, "died"): 0.1, (3, 0, "born"): 0.25}
    assert negatives == {(0, 3): 0.1, (3, 0): 0.75}


def test_weights_of_labels_stay(doc):
    head, tail = doc.ents
    set_relations(doc, [Relation(head, "born", tail, weight=0.5)], negatives=[PairNegative(tail, head, 0.2)])
    soften([doc], [TAUGHT], share=0.5)
    relations, negatives = shares(doc)
    assert relations == {(0, 3, "born"): 0.4, (0, 3, "died"): 0.05, (3, 0, "born"): 0.05}
    assert negatives == {(0, 3): 0.05, (3, 0): 0.15}


def test_without_a_share_the_labels_stay(doc):
    set_relations(doc, [Relation(doc.ents[0], "born", doc.ents[1])])
    soften([doc], [TAUGHT], share=0.0)
    assert shares(doc) == ({(0, 3, "born"): 1.0}, {(0, 3): 0.0, (3, 0): 1.0})


def test_unknown_pairs_and_pairs_without_an_opinion_stay_as_they_are(doc):
    pairs = doc.ents, doc.ents[::-1]
    set_relations(doc, [Relation(*_around("died", pairs[1]), weight=0.4)], unknown=[pairs[0]])
    soften([doc], [{FORTH: TAUGHT[FORTH]}], share=1.0)
    assert shares(doc) == ({(3, 0, "died"): 0.4}, {})
    assert [(head.start, tail.start) for head, tail in get_unknown(doc)] == [(0, 3)]


def _around(label, pair):
    return pair[0], label, pair[1]


def test_a_component_reads_shares_as_one_target(doc):
    nlp = spacy.blank("xx")
    relation = nlp.add_pipe("xlre_relation")
    relation.add_label("born")
    relation.add_label("died")
    head, tail = doc.ents
    set_relations(
        doc,
        [Relation(head, "born", tail, weight=0.5), Relation(head, "died", tail, weight=0.1)],
        negatives=[PairNegative(head, tail, 0.2), PairNegative(tail, head, 0.3)],
    )
    examples = [Example(doc.copy(), doc)]
    pairs = relation._training_candidates(examples)
    found = make_targets(
        examples, pairs, relation.labels, exclusive=True, directions=Directions(), na_weight=1.0, label_weights={}
    )
    np.testing.assert_allclose(found.targets, [[0.625, 0.125, 0.25], [0, 0, 1]], rtol=1e-6)
    np.testing.assert_allclose(found.weights[:, 0], [0.8, 0.3], rtol=1e-6)


def targets(doc, labels=("born", "died"), **settings):
    """What a component with these labels learns from a Doc: targets and weights, rows of FORTH and BACK."""
    nlp = spacy.blank("xx")
    rules = {key: settings.pop(key) for key in ("symmetric", "inverse", "types") if key in settings}
    relation = nlp.add_pipe("xlre_relation", config={"candidates": rules, **settings})
    for label in labels:
        relation.add_label(label)
    examples = [Example(doc.copy(), doc)]
    pairs = relation._training_candidates(examples)
    found = relation._targets(examples, pairs)
    if not relation.cfg["one_direction"]:
        return found.targets, found.weights
    joined = join_directions(np.zeros_like(found.targets), found.targets, found.weights, reversed_pairs(pairs))
    return joined.targets, joined.weights


ONE_DIRECTION = probabilities(SCORES, one_direction=True)


@pytest.mark.parametrize("one_direction", [False, True])
@pytest.mark.parametrize("found", [[], [(0, "born")], [(0, "born"), (0, "died")], [(0, "born"), (1, "died")]], ids=str)
def test_without_a_share_a_component_learns_what_it_learned_before(doc, found, one_direction):
    both = doc.ents, doc.ents[::-1]
    set_relations(doc, [Relation(*_around(label, both[back]), weight=0.4) for back, label in found])
    before = targets(doc, one_direction=one_direction)
    soften([doc], [ONE_DIRECTION if one_direction else TAUGHT], share=0.0, one_direction=one_direction)
    for old, new in zip(before, targets(doc, one_direction=one_direction)):
        np.testing.assert_allclose(new, old, atol=1e-5)


def test_both_directions_of_a_weak_label_stay_weak(doc):
    set_relations(doc, [Relation(doc.ents[0], "born", doc.ents[1], weight=0.25)])
    soften([doc], [ONE_DIRECTION], share=0.5, one_direction=True)
    found, weights = targets(doc, one_direction=True)
    np.testing.assert_allclose(weights, [[0.25]], atol=1e-6)
    np.testing.assert_allclose(found, [[3 / 4, 1 / 12, 1 / 12, 0, 1 / 12]], atol=1e-6)


@pytest.mark.parametrize("one_direction", [False, True])
def test_a_teacher_can_decide_on_unknown_pairs_alone(doc, one_direction):
    set_relations(doc, [], negatives=[PairNegative(*doc.ents[::-1], 0.5)], unknown=[doc.ents])
    taught = ONE_DIRECTION if one_direction else TAUGHT
    assert soften([doc], [taught], share=0.5, one_direction=one_direction, teach_unknown=True) == 2
    assert get_unknown(doc) == []
    found, weights = targets(doc, one_direction=one_direction)
    if one_direction:
        np.testing.assert_allclose(found, [[3 / 6, 1 / 6, 1 / 6, 0, 1 / 6]], atol=1e-6)
        np.testing.assert_allclose(weights, [[0.5]], atol=1e-6)
    else:
        np.testing.assert_allclose(found, [[0.6, 0.2, 0.2], [0.25, 0.0, 0.75]], atol=1e-6)
        np.testing.assert_allclose(weights, [[1.0], [0.5]], atol=1e-6)


def test_an_unknown_pair_without_an_opinion_stays_unknown_whatever_the_teacher_may_decide(doc):
    set_relations(doc, [], unknown=[doc.ents])
    soften([doc], [{}], share=0.5, teach_unknown=True)
    assert [(head.start, tail.start) for head, tail in get_unknown(doc)] == [(0, 3)]


def test_where_one_direction_is_unknown_both_stay_as_they_are(doc):
    set_relations(doc, [], negatives=[PairNegative(*doc.ents[::-1], 0.25)], unknown=[doc.ents])
    assert soften([doc], [ONE_DIRECTION], share=0.5, one_direction=True) == 0
    assert shares(doc) == ({}, {(3, 0): 0.25})
    assert targets(doc, one_direction=True)[1].tolist() == [[0.0]]


@pytest.mark.parametrize(
    ("label", "pair", "rules"),
    [("died", 1, {"symmetric": ["died"]}), ("killed in", 1, {"inverse": {"killed in": "died"}})],
)
def test_symmetric_and_inverse_labels_are_mixed_the_way_round_in_which_they_are_learned(doc, label, pair, rules):
    set_relations(doc, [Relation(*_around(label, doc.ents[::-1]))])
    directions = Directions(frozenset(rules.get("symmetric", ())), rules.get("inverse", {}))
    soften([doc], [{FORTH: {"died": 0.5}, BACK: {"died": 0.0}}], share=0.5, directions=directions)
    np.testing.assert_allclose(targets(doc, **rules)[0], [[0, 0.75, 0.25], [0, 0, 1]], atol=1e-6)


def test_independent_labels_learn_shares_too(doc):
    soften([doc], [TAUGHT], share=0.5)
    found, weights = targets(doc, exclusive=False)
    np.testing.assert_allclose(found, [[0.3, 0.1], [0.25, 0.0]], atol=1e-6)
    np.testing.assert_allclose(weights, 1.0)


def test_factors_on_labels_count_for_mixed_targets_too(doc):
    set_relations(doc, [Relation(doc.ents[0], "born", doc.ents[1])])
    soften([doc], [TAUGHT], share=0.5)
    weights = targets(doc, label_weights={"born": 3.0}, na_weight=2.0)[1]
    np.testing.assert_allclose(weights, [[0.8 * 3 + 0.1 + 0.1 * 2], [0.25 * 3 + 0.75 * 2]], rtol=1e-5)


def test_a_label_that_its_types_exclude_leaves_a_pair_unknown(doc):
    set_relations(doc, [Relation(*_around("born", doc.ents[::-1])), Relation(*_around("died", doc.ents))])
    found, weights = targets(doc, types={"born": {"head": ["PER"], "tail": ["LOC"]}})
    assert weights.tolist() == [[1.0], [0.0]]
    assert found[0].tolist() == [0.0, 1.0, 0.0]


def test_pairs_stay_in_their_bags(doc):
    head, tail = doc.ents
    set_relations(doc, [Relation(head, "born", tail, bag="ada|rome")])
    soften([doc], [TAUGHT], share=0.5)
    assert {(r.head.start, r.bag) for r in get_relations(doc)} == {(0, "ada|rome"), (3, "")}
    doc.set_ents([Span(doc, ent.start, ent.end, label=ent.label_, kb_id=f"Q{ent.start}") for ent in doc.ents])
    set_relations(doc, [])
    soften([doc], [TAUGHT], share=0.5)
    assert {(r.head.start, r.bag) for r in get_relations(doc)} == {(0, "Q0|Q3"), (3, "Q3|Q0")}


def test_probabilities_that_were_joined_from_several_pairs_are_shares():
    assert mixed({}, {"born": 1.2, "died": 0.4}, 1.0) == pytest.approx({"born": 0.75, "died": 0.25})


def teacher(path, **config):
    nlp = spacy.blank("xx")
    nlp.add_pipe("xlre_relation", config=config).add_label("born")
    nlp.initialize()
    nlp.to_disk(path)
    return path


def test_the_command_writes_labels_with_the_opinion_of_a_pipeline(doc, tmp_path):
    write_docs(tmp_path / "labels.spacy", [doc, spacy.blank("xx")("No names here")])
    words = ["distill", teacher(tmp_path / "teacher"), tmp_path / "labels.spacy", "--output", tmp_path / "soft.spacy"]
    result = CliRunner().invoke(app, [str(word) for word in words])
    assert result.exit_code == 0, result.output
    assert "2 pairs" in " ".join(result.output.split())
    first, second = read_docs(tmp_path / "soft.spacy", doc.vocab)
    # An untrained teacher finds a label as likely as none.
    assert shares(first) == ({(0, 3, "born"): 0.25, (3, 0, "born"): 0.25}, {(0, 3): 0.75, (3, 0): 0.75})
    assert not get_relations(second)


def test_languages_of_a_bitext_learn_from_one_another(tmp_path, monkeypatch):
    def version(lang, words):
        doc = spacy.blank("xx")(words)
        doc.ents = [Span(doc, 0, 1, label="PER", kb_id="Q1"), Span(doc, 3, 4, label="LOC", kb_id="Q2")]
        set_bitext_id(doc, "one")
        set_language(doc, lang)
        return doc

    write_docs(tmp_path / "labels.spacy", [version("en", "Ada lived in Rome"), version("de", "Ada lebte in Rom")])
    known = iter([[{FORTH: {"born": 0.9}}, {FORTH: {"born": 0.5}}]] * 2)
    monkeypatch.setattr("spacy_xlre.labeling.second_opinion.score_pairs", lambda nlp, docs: next(known))
    for option, expected in (("--by-bitext", [0.7, 0.7]), ("", [0.9, 0.5])):
        words = ["distill", teacher(tmp_path / "teacher"), tmp_path / "labels.spacy", "--share", "1", option]
        words += ["--output", tmp_path / "soft.spacy"]
        result = CliRunner().invoke(app, [str(word) for word in words if word])
        assert result.exit_code == 0, result.output
        found = read_docs(tmp_path / "soft.spacy", spacy.blank("xx").vocab)
        assert [get_relations(doc)[0].weight for doc in found] == pytest.approx(expected)


def test_a_teacher_of_independent_labels_says_what_it_thinks_of_each(doc, tmp_path):
    set_relations(doc, [Relation(doc.ents[0], "born", doc.ents[1])])
    write_docs(tmp_path / "labels.spacy", [doc])
    path = teacher(tmp_path / "teacher", exclusive=False)
    words = ["distill", path, tmp_path / "labels.spacy", "--output", tmp_path / "soft.spacy", "--share", "0.2"]
    result = CliRunner().invoke(app, [str(word) for word in words])
    assert result.exit_code == 0, result.output
    (found,) = read_docs(tmp_path / "soft.spacy", spacy.blank("xx").vocab)
    nlp = spacy.load(path)
    (scores,) = score_pairs(nlp, [doc])
    learned = targets(found, labels=nlp.get_pipe("xlre_relation").labels, exclusive=False)[0]
    assert learned[0, 0] == pytest.approx(0.8 + 0.2 * scores[FORTH]["born"])
    assert learned[1, 0] == pytest.approx(0.2 * scores[BACK]["born"])


def test_what_cannot_teach_is_named(doc, tmp_path):
    write_docs(tmp_path / "labels.spacy", [doc])
    spacy.blank("xx").to_disk(tmp_path / "blank")
    for path, code in ((tmp_path / "nothing", "X701"), (tmp_path / "blank", "X324")):
        words = ["distill", path, tmp_path / "labels.spacy", "--output", tmp_path / "soft.spacy"]
        result = CliRunner().invoke(app, [str(word) for word in words])
        assert result.exit_code == 1
        assert code in result.output
        assert not (tmp_path / "soft.spacy").exists()
