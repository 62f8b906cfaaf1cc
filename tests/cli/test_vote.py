import pytest
from spacy.tokens import Doc, Span
from typer.testing import CliRunner

from spacy_xlre.cli.plugin import app
from spacy_xlre.corpus.docbin import read_docs, write_docs
from spacy_xlre.tokens import Relation, get_relations, get_unknown, set_language, set_relations

FUNCTIONS = """
import spacy
from spacy_xlre.labeling.functions import by_pair

@spacy.registry.misc("test_vote.reads.v1")
def create(word: str):
    return by_pair(lambda doc, head, tail: "P" if doc[1].text == word else "NA")
"""
CONFIG = """
[functions]

[functions.one]
@misc = "test_vote.reads.v1"
word = "stated"

[functions.two]
@misc = "test_vote.reads.v1"
word = "stated"
"""


@pytest.fixture
def labels(tmp_path, multilingual):
    docs = []
    for number in range(12):
        doc = Doc(
            multilingual.vocab, words=["Ada", "stated" if number % 3 else "silent", "Rome"], sent_starts=[1, 0, 0]
        )
        doc.set_ents([Span(doc, i, i + 1, label="X", kb_id=str(i)) for i in (0, 2)])
        set_relations(doc, [Relation(doc.ents[0], "P", doc.ents[1], weight=0.5)])
        set_language(doc, "en", bitext=str(number))
        docs.append(doc)
    write_docs(tmp_path / "labels.spacy", docs)
    (tmp_path / "functions.py").write_text(FUNCTIONS)
    (tmp_path / "votes.cfg").write_text(CONFIG)
    return tmp_path / "labels.spacy"


def run(*words):
    return CliRunner().invoke(app, ["vote", *map(str, words)])


def test_labels_that_the_functions_do_not_see_become_unknown(labels, tmp_path, multilingual):
    output = tmp_path / "voted.spacy"
    result = run(labels, tmp_path / "votes.cfg", "--output", output, "--code", tmp_path / "functions.py")
    assert result.exit_code == 0, result.output
    said = " ".join(result.output.split())
    assert "4 of 12 relations and 0 of 0 NA pairs made unknown, 0 relations added" in said
    assert "labels 12 66.7" in said
    docs = list(read_docs(output, multilingual.vocab))
    assert [len(get_unknown(doc)) for doc in docs] == [0 if number % 3 else 1 for number in range(12)]
    assert all(0.4 < relation.weight <= 0.5 for doc in docs for relation in get_relations(doc))


def test_a_config_without_functions_is_refused(labels, tmp_path):
    (tmp_path / "votes.cfg").write_text("[functions]\n")
    result = run(labels, tmp_path / "votes.cfg", "--output", tmp_path / "voted.spacy")
    assert result.exit_code == 1
    assert "names no labelling function" in result.stderr
    assert not (tmp_path / "voted.spacy").exists()


@pytest.mark.parametrize("config", [CONFIG.replace("reads", "unheard_of"), CONFIG + "[", CONFIG.replace("word", "wrd")])
def test_a_config_whose_functions_cannot_be_made_is_named(labels, tmp_path, config):
    (tmp_path / "votes.cfg").write_text(config, encoding="utf-8")
    words = [labels, tmp_path / "votes.cfg", "--output", tmp_path / "voted.spacy", "--code", tmp_path / "functions.py"]
    result = run(*words)
    assert result.exit_code == 1
    assert "[X616]" in result.output
    assert "votes.cfg" in result.output
