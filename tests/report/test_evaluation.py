"""A pipeline that knows one rule (a person and a place of a sentence are P19) on gold Docs of two languages."""

import json
from dataclasses import replace

import pytest
from typer.testing import CliRunner

from spacy_xlre.cli.plugin import app
from spacy_xlre.corpus.docbin import write_docs
from spacy_xlre.corpus.gold import gold_docs
from spacy_xlre.corpus.marked import MarkedBead, MarkedDocument, parse_marks
from spacy_xlre.errors import XlreError
from spacy_xlre.report.evaluation import evaluate_pipeline, evaluation_data, evaluation_tables
from spacy_xlre.report.tables import to_text
from spacy_xlre.tokens import get_language, get_relations, set_bitext_id, set_relations

SENTENCES = {
    "en": ["[[Ada|ada]] was born in [[London|london]].", "[[Ada|ada]] saw [[Paris|paris]]."],
    "de": ["[[Ada|ada]] wurde in [[London|london]] geboren.", "[[Ada|ada]] sah [[Paris|paris]]."],
}
TYPES = {"ada": "PER", "london": "LOC", "paris": "LOC"}


@pytest.fixture
def gold(multilingual):
    beads = [
        MarkedBead({"en": [0], "de": [0]}, [("ada", "P19", "london")], []),
        MarkedBead({"en": [1], "de": [1]}, [], [("ada", "P19", "paris")]),
    ]
    sentences = {lang: [parse_marks(text) for text in texts] for lang, texts in SENTENCES.items()}
    return list(gold_docs(multilingual, MarkedDocument("d", "", TYPES, sentences, beads)))


@pytest.fixture
def nlp(multilingual, gold):
    """The component answers P19 to every pair that its types allow, whatever the text."""
    from spacy.training import Example

    multilingual.add_pipe("sentencizer")
    ruler = multilingual.add_pipe("entity_ruler", name="ner")
    ruler.add_patterns([{"label": "PER", "pattern": "Ada"}, {"label": "LOC", "pattern": "London"}])
    multilingual.add_pipe("xlre_relation", config={"threshold": 0.0})
    examples = [Example(multilingual.make_doc(doc.text), doc) for doc in gold]
    types = {"P19": {"head": ["PER"], "tail": ["LOC"]}}
    relation = multilingual.get_pipe("xlre_relation")
    relation.initialize(lambda: examples, nlp=multilingual, types=types)
    return multilingual


def test_gold_entities_take_the_place_of_the_pipelines_own(nlp, gold):
    result = evaluate_pipeline(nlp, gold, gold_entities=True)
    counts = result.counts()
    assert {lang: (c.tp, c.fp, c.fn) for lang, c in counts.items()} == {
        "de": (1, 1, 0),
        "en": (1, 1, 0),
        "all": (2, 2, 0),
    }
    assert result.trap_rate() == 1.0


def test_end_to_end_uses_the_pipelines_own_entities(nlp, gold):
    result = evaluate_pipeline(nlp, gold, gold_entities=False)
    assert result.counts()["all"].fp == 0
    assert result.trap_rate() == 0.0
    entities = result.entity_counts()["all"]
    assert (entities.tp, entities.fp, entities.fn) == (6, 0, 2)


def test_a_gold_relation_whose_pair_was_no_candidate_is_a_miss(nlp, gold):
    nlp.remove_pipe("ner")
    result = evaluate_pipeline(nlp, gold, gold_entities=False)
    assert result.counts()["all"].fn == 2
    assert evaluation_data(result)["candidate_recall"] == 0.0


def test_figures_of_the_whole_ranking_do_not_depend_on_the_threshold(nlp, gold):
    nlp.get_pipe("xlre_relation").cfg["threshold"] = 1.0
    result = evaluate_pipeline(nlp, gold, gold_entities=True)
    data = evaluation_data(result)
    assert (result.predicted, data["languages"]["all"]["right"]) == (set(), 0)
    assert data["precision_at"] == {"100": 0.5, "200": 0.5, "300": 0.5}
    assert data["precision_recall_area"] > 0.0
    assert nlp.get_pipe("xlre_relation").cfg["threshold"] == 1.0


def test_candidates_and_those_beyond_the_budget_are_counted(nlp, gold):
    relation = nlp.get_pipe("xlre_relation")
    relation.candidates = replace(relation.candidates, max_pairs=1)
    data = evaluation_data(evaluate_pipeline(nlp, gold, gold_entities=True))
    assert (data["candidates"], data["candidates_left_out"], data["candidate_recall"]) == (2, 2, 0.0)


def test_na_counts_as_a_label_in_figures_of_their_own(nlp, gold):
    nlp.get_pipe("xlre_relation").cfg["threshold"] = 1.0
    data = evaluation_data(evaluate_pipeline(nlp, gold, gold_entities=True))["with_na"]
    # Of the four candidates two are rightly NA.
    assert (data["right"], data["wrong"], data["missed"], data["p"]) == (2, 2, 2, 0.5)
    assert data["macro_f"] == pytest.approx((2 * 2 / (2 * 2 + 2) + 0.0) / 2)


def test_tables_show_every_language_and_label(nlp, gold):
    with_gold = evaluate_pipeline(nlp, gold, gold_entities=True)
    own = evaluate_pipeline(nlp, gold, gold_entities=False)
    by_language, by_label = (to_text(table) for table in evaluation_tables(with_gold, own))
    assert all(word in by_language for word in ("de", "en", "all", "end to end F1", "entity F1"))
    assert "P19" in by_label
    assert "end to end" not in to_text(evaluation_tables(with_gold, None)[0])


def test_a_pipeline_without_the_component_is_an_error(multilingual, gold):
    with pytest.raises(XlreError, match=r"X324.*no relation component"):
        evaluate_pipeline(multilingual, gold, gold_entities=True)


def test_the_command_prints_a_table_and_writes_json_and_markdown(tmp_path, nlp, gold):
    nlp.to_disk(tmp_path / "model")
    write_docs(tmp_path / "gold.spacy", gold)
    words = ["evaluate", tmp_path / "model", tmp_path / "gold.spacy", "--output", tmp_path / "out" / "test"]
    result = CliRunner().invoke(app, [str(word) for word in words])
    assert result.exit_code == 0, result.output
    assert "Relations by language" in result.output
    data = json.loads((tmp_path / "out" / "test.json").read_text())
    assert data["gold_entities"]["languages"]["all"]["r"] == 1.0
    assert "| all |" in (tmp_path / "out" / "test.md").read_text()


def test_a_missing_pipeline_ends_with_one_line(tmp_path):
    result = CliRunner().invoke(app, ["evaluate", str(tmp_path / "nothing"), str(tmp_path / "gold.spacy")])
    assert result.exit_code == 1
    assert "not a trained pipeline" in result.output


def test_docs_without_ids_count_each_for_itself_even_with_the_same_text(nlp, gold):
    (doc,) = (doc for doc in gold if get_language(doc) == "en")
    set_bitext_id(doc, "")
    counts = evaluate_pipeline(nlp, [doc, doc.copy(), doc.copy()], gold_entities=True).counts()["en"]
    assert (counts.tp, counts.fp, counts.fn) == (3, 3, 0)


def test_predictions_about_unknown_pairs_do_not_count(nlp, gold):
    (doc,) = (doc for doc in gold if get_language(doc) == "en")
    found = evaluate_pipeline(nlp, [doc], gold_entities=True)
    (wrong,) = found.predicted - found.gold
    unknown = [
        (head, tail)
        for head in doc.ents
        for tail in doc.ents
        if (head.start_char, tail.start_char) == (wrong.head[0], wrong.tail[0])
    ]
    set_relations(doc, get_relations(doc), unknown=unknown)
    judged = evaluate_pipeline(nlp, [doc], gold_entities=True)
    assert judged.predicted == judged.gold == found.gold
    assert set(judged.scores) == set(found.scores) - {wrong}
    assert judged.candidates == found.candidates - {wrong.pair}


def test_docs_without_any_relation_are_warned_of(tmp_path, nlp, gold):
    nlp.to_disk(tmp_path / "model")
    for doc in gold:
        set_relations(doc, [])
    write_docs(tmp_path / "empty.spacy", gold)
    result = CliRunner().invoke(app, ["evaluate", str(tmp_path / "model"), str(tmp_path / "empty.spacy")])
    assert result.exit_code == 0, result.output
    assert "holds no relations" in " ".join(result.output.split())
