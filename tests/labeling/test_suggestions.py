"""Questions for annotators, and what their answers do."""

import json

import pytest
import spacy
from spacy.tokens import Doc, Span
from spacy.training import Example
from typer.testing import CliRunner

from spacy_xlre import Relation, get_relations, set_relations
from spacy_xlre.cli.plugin import app
from spacy_xlre.corpus.docbin import read_docs, write_docs
from spacy_xlre.errors import XlreError
from spacy_xlre.labeling.suggestions import make_task, read_answer, read_tasks, suggest, take_answers
from spacy_xlre.tokens import PairNegative, get_negatives, get_unknown, set_language

TEXTS = [
    ("Ada was born in Paris .", [(0, 1, "PER"), (4, 5, "LOC")]),
    ("Ada died in Rome .", [(0, 1, "PER"), (3, 4, "LOC")]),
    ("Bob was born in Rome and saw Paris .", [(0, 1, "PER"), (4, 5, "LOC"), (7, 8, "LOC")]),
    ("Nobody is here .", []),
    ("Ada married Bob .", [(0, 1, "PER"), (2, 3, "PER")]),
]


def make_doc(vocab, text, entities):
    doc = Doc(vocab, words=text.split())
    doc.ents = [Span(doc, start, end, label=label) for start, end, label in entities]
    return doc


@pytest.fixture(scope="module")
def nlp():
    spacy.util.fix_random_seed(0)
    nlp = spacy.blank("xx")
    nlp.add_pipe("xlre_relation")

    def examples():
        for number, (text, entities) in enumerate(TEXTS[:3]):
            doc = make_doc(nlp.vocab, text, entities)
            set_relations(doc, [Relation(doc.ents[0], "died" if number == 1 else "born", doc.ents[1])])
            yield Example(doc.copy(), doc)

    optimizer = nlp.initialize(examples)
    for _ in range(3):
        nlp.update(list(examples()), sgd=optimizer)
    return nlp


@pytest.fixture
def docs(nlp):
    docs = [make_doc(nlp.vocab, *text) for text in TEXTS]
    for number, doc in enumerate(docs):
        set_language(doc, "en", bitext=f"t{number}")
    return docs


def test_the_least_sure_pairs_come_first_and_few_of_one_doc(nlp, docs):
    found = suggest(nlp, docs, 100, per_doc=2)
    assert [s.distance for s in found] == sorted(s.distance for s in found)
    per_doc = [s.doc for s in found]
    assert max(per_doc.count(doc) for doc in per_doc) == 2
    assert suggest(nlp, docs, 3, per_doc=2) == found[:3]


def test_what_is_labelled_already_is_not_asked_and_what_is_unknown_is(nlp, docs):
    doc = docs[2]
    first, second, third = doc.ents
    set_relations(
        doc,
        [Relation(first, "born", second)],
        negatives=[PairNegative(second, first)],
        unknown=[(first, third)],
    )
    asked = {(s.head, s.tail) for s in suggest(nlp, [doc], 100, per_doc=100)}
    places = {ent.text: (ent.start, ent.end) for ent in doc.ents}
    assert (places["Bob"], places["Rome"]) not in asked
    assert (places["Rome"], places["Bob"]) not in asked
    assert (places["Bob"], places["Paris"]) in asked


def task_of(nlp, docs, index=0):
    (suggestion,) = suggest(nlp, [docs[index]], 1)
    return make_task(docs[index], suggestion)


def test_a_task_shows_text_entities_and_relation_in_both_layouts(nlp, docs):
    task = json.loads(json.dumps(task_of(nlp, docs)))
    (relation,) = task["relations"]
    for span, region in zip(task["spans"], task["predictions"][0]["result"]):
        assert task["text"][span["start"] : span["end"]] == region["value"]["text"]
        assert task["tokens"][span["token_start"]]["start"] == span["start"]
    assert relation["label"] == task["predictions"][0]["result"][2]["labels"][0] == task["xlre"]["label"]
    assert (relation["head_span"], relation["child_span"]) == tuple(task["spans"])
    assert task["data"]["text"] == task["text"] == docs[0].text.strip()


def test_only_the_sentences_of_the_pair_are_shown(nlp):
    doc = make_doc(nlp.vocab, "Nobody . Ada was born in Paris . Nobody .", [(2, 3, "PER"), (6, 7, "LOC")])
    for token in doc:
        token.is_sent_start = token.i in (0, 2, 8)
    (suggestion,) = suggest(nlp, [doc], 1)
    task = make_task(doc, suggestion)
    assert task["text"] == "Ada was born in Paris ."
    assert {task["text"][s["start"] : s["end"]] for s in task["spans"]} == {"Ada", "Paris"}


def answered(task, answer):
    return {**task, "answer": answer}


def test_answers_become_relations_and_negatives_of_full_weight(nlp, docs):
    tasks = [task_of(nlp, docs, index) for index in (0, 1, 4)]
    head, tail = (Span(docs[0], *tasks[0]["xlre"][side]) for side in ("head", "tail"))
    set_relations(docs[0], [], unknown=[(head, tail)])
    answers = [answered(task, answer) for task, answer in zip(tasks, ("accept", "reject", "ignore"))]
    assert take_answers(docs, enumerate(answers, start=1), lambda *args: pytest.fail(str(args))) == 2
    (relation,) = get_relations(docs[0])
    assert (relation.label, relation.weight, relation.source) == (tasks[0]["xlre"]["label"], 1.0, "annotated")
    assert ({relation.head.label_, relation.tail.label_}, get_unknown(docs[0])) == ({"PER", "LOC"}, [])
    (negative,) = get_negatives(docs[1])
    assert [negative.head.start, negative.head.end] == tasks[1]["xlre"]["head"]
    assert (get_relations(docs[4]), get_negatives(docs[4])) == ([], [])


def test_a_later_answer_to_the_same_question_counts(nlp, docs):
    task = task_of(nlp, docs)
    answers = [answered(task, "reject"), answered(task, "accept")]
    take_answers(docs, enumerate(answers, start=1), lambda *args: pytest.fail(str(args)))
    assert (len(get_relations(docs[0])), get_negatives(docs[0])) == (1, [])


@pytest.mark.parametrize(
    ("annotations", "answer"),
    [
        ([{"result": [{"type": "relation", "labels": ["met"]}, {"type": "labels"}]}], "met"),
        ([{"result": [{"type": "relation"}]}], "born"),
        ([{"result": [{"type": "labels"}]}], ""),
        ([{"result": [], "was_cancelled": True}], None),
        ([], None),
    ],
)
def test_exports_of_label_studio_are_answers_too(annotations, answer):
    assert read_answer({"annotations": annotations, "xlre": {"label": "born"}}) == answer


def test_another_label_chosen_in_prodigy_counts():
    assert read_answer({"answer": "accept", "relations": [{"label": "met"}]}) == "met"
    assert read_answer({"answer": "accept", "relations": []}) == ""


def test_answers_that_fit_no_text_are_rejected_with_their_line(nlp, docs):
    task = answered(task_of(nlp, docs), "accept")
    other = {**task, "xlre": {**task["xlre"], "doc": "?"}}
    outside = {**task, "xlre": {**task["xlre"], "head": [90, 91]}}
    lines = [(n, json.dumps(t)) for n, t in enumerate([other, outside, {"text": "a"}, {**task, "answer": "maybe"}], 1)]
    rejected = []
    tasks = read_tasks([*lines, (5, "{"), (6, "[")], lambda *row: rejected.append(row))
    assert take_answers(docs, tasks, lambda *row: rejected.append(row)) == 0
    assert [line for line, _, _ in rejected] == [1, 2, 3, 4, 5]
    assert [reason.split(":")[0] for _, reason, _ in rejected] == [
        "the text that it is about is not among the Docs",
        "no two entities of the text",
        "no task of 'spacy xlre suggest' with an answer",
        "no task of 'spacy xlre suggest' with an answer",
        "bad JSON",
    ]


def test_a_pipeline_without_the_component_is_an_error():
    with pytest.raises(XlreError, match="X324"):
        suggest(spacy.blank("xx"), [], 1)


def test_the_commands_write_tasks_and_take_answers(nlp, docs, tmp_path):
    nlp.to_disk(tmp_path / "model")
    write_docs(tmp_path / "docs.spacy", docs)

    def run(*words):
        result = CliRunner().invoke(app, [str(word) for word in words])
        assert result.exit_code == 0, result.output
        return " ".join(result.output.split())

    words = ("suggest", tmp_path / "model", tmp_path / "docs.spacy", "--output", tmp_path / "tasks.jsonl", "-n", "2")
    assert "2 questions about" in run(*words)
    tasks = [json.loads(line) for line in (tmp_path / "tasks.jsonl").read_text().splitlines()]
    answers = "".join(json.dumps(answered(task, "accept")) + "\n" for task in tasks)
    (tmp_path / "answers.jsonl").write_text(answers + "nothing\n")
    words = ("answers", tmp_path / "answers.jsonl", tmp_path / "docs.spacy", "--output", tmp_path / "out.spacy")
    assert "2 answers taken, 1 rejected" in run(*words)
    labelled = [relation for doc in read_docs(tmp_path / "out.spacy", nlp.vocab) for relation in get_relations(doc)]
    assert [relation.source for relation in labelled] == ["annotated", "annotated"]
