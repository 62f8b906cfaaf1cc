import subprocess

import pytest
import spacy
from spacy.tokens import Doc, Span
from typer.testing import CliRunner

from spacy_xlre.cli import review as module
from spacy_xlre.cli.plugin import app
from spacy_xlre.corpus.docbin import read_docs, write_docs
from spacy_xlre.labeling.pairs import words_key
from spacy_xlre.labeling.vote_files import read_votes
from spacy_xlre.tokens import (
    PairNegative,
    Relation,
    get_negatives,
    get_relations,
    get_unknown,
    set_language,
    set_relations,
)

# Fast overrides of spaCy's usual training.
QUICK = ["--training.max_epochs", "1", "--training.max_steps", "2"]
TWO_MODELS = ["--folds", "2", "--jobs", "2"]


@pytest.fixture
def config(tmp_path):
    nlp = spacy.blank("xx")
    nlp.add_pipe("xlre_relation")
    nlp.config.to_disk(tmp_path / "train.cfg")
    return tmp_path / "train.cfg"


@pytest.fixture
def labels(tmp_path, multilingual):
    docs = []
    for number in range(4):
        for lang in ("en", "de"):
            doc = Doc(multilingual.vocab, words=["Ada", "loves", "Rome"], sent_starts=[1, 0, 0])
            doc.set_ents([Span(doc, i, i + 1, label="X", kb_id=id) for i, id in ((0, "ada"), (2, "rome"))])
            ada, rome = doc.ents
            set_relations(doc, [Relation(ada, "P", rome)], negatives=[PairNegative(rome, ada)])
            set_language(doc, lang, bitext=str(number))
            docs.append(doc)
    write_docs(tmp_path / "labels.spacy", docs)
    return tmp_path / "labels.spacy"


def run(*words):
    return CliRunner().invoke(app, ["review", *map(str, words)])


def counts(path, vocab):
    docs = list(read_docs(path, vocab))
    return [sum(len(read(doc)) for doc in docs) for read in (get_relations, get_negatives, get_unknown)]


def test_labels_are_reviewed_by_models_of_the_other_texts(tmp_path, labels, config, multilingual):
    output = tmp_path / "out" / "reviewed.spacy"
    result = run(labels, config, "--output", output, "--min-relation", 0, "--max-na", 1, *QUICK)
    assert result.exit_code == 0, result.output
    assert "0 of 8 relations and 0 of 8 NA pairs made unknown" in " ".join(result.output.split())
    assert counts(output, multilingual.vocab) == [8, 8, 0]
    assert list(output.parent.iterdir()) == [output]


def test_the_bounds_decide(tmp_path, labels, config, multilingual):
    output = tmp_path / "reviewed.spacy"
    assert run(labels, config, "--output", output, "--min-relation", 1, "--max-na", 0, *QUICK).exit_code == 0
    assert counts(output, multilingual.vocab) == [0, 0, 16]


def test_an_interrupted_review_goes_on_with_the_models_that_it_has(tmp_path, labels, config, monkeypatch):
    train, trained = module._train, []

    def interrupted(config, folder, *rest):
        if len(trained) == 1:
            raise KeyboardInterrupt
        train(config, folder, *rest)
        trained.append(folder)

    monkeypatch.setattr(module, "_train", interrupted)
    output = tmp_path / "reviewed.spacy"
    first = run(labels, config, "--output", output, *QUICK)
    assert first.exit_code == 1
    assert "spacy xlre review: interrupted" in first.output
    assert not output.exists()
    again = []
    monkeypatch.setattr(module, "_train", lambda *args: again.append(train(*args)))
    assert run(labels, config, "--output", output, *QUICK).exit_code == 0
    # Of three folds.
    assert len(again) == 2
    assert output.exists()


def test_several_models_are_trained_at_a_time(tmp_path, labels, config, multilingual):
    output = tmp_path / "reviewed.spacy"
    result = run(labels, config, "--output", output, "--jobs", 2, "--min-relation", 0, "--max-na", 1, *QUICK)
    assert result.exit_code == 0, result.output
    assert counts(output, multilingual.vocab) == [8, 8, 0]


def test_a_training_that_fails_ends_with_one_line(tmp_path, labels, config):
    result = run(labels, config, "--output", tmp_path / "reviewed.spacy", "--training.optimizer.no_such_setting", 1)
    assert result.exit_code == 1
    assert "ended with code" in result.output
    assert not (tmp_path / "reviewed.spacy").exists()


def test_components_can_be_left_out(tmp_path, labels, multilingual):
    nlp = spacy.blank("xx")
    nlp.add_pipe("xlre_relation")
    nlp.add_pipe("textcat")  # which could not be trained here: there are no categories
    nlp.config.to_disk(tmp_path / "train.cfg")
    output = tmp_path / "reviewed.spacy"
    result = run(labels, tmp_path / "train.cfg", "--output", output, "--pipeline", "xlre_relation", *QUICK)
    assert result.exit_code == 0, result.output


def test_fewer_bitexts_than_folds_end_with_one_line(tmp_path, labels, config):
    result = run(labels, config, "--output", tmp_path / "reviewed.spacy", "--folds", 5)
    assert result.exit_code == 1
    assert "fewer bitexts than there are folds (5)" in result.output
    assert not (tmp_path / "reviewed.spacy").exists()


def test_a_missing_config_ends_with_one_line(tmp_path, labels):
    result = run(labels, tmp_path / "none.cfg", "--output", tmp_path / "reviewed.spacy")
    assert result.exit_code == 1
    assert "none.cfg" in result.output


def test_votes_are_written_for_each_pair(tmp_path, labels, config, multilingual):
    votes = tmp_path / "votes.jsonl"
    result = run(labels, config, "--output", tmp_path / "out.spacy", "--votes", votes, *QUICK)
    assert result.exit_code == 0, result.output
    read = read_votes(votes)
    assert set(read) == {words_key(doc) for doc in read_docs(labels, multilingual.vocab)}
    assert all(set(own) == {(0, 1, 2, 3), (2, 3, 0, 1)} for own in read.values())


def test_a_training_is_not_cut_short_though_its_scores_do_not_rise(tmp_path, labels, config, monkeypatch):
    commands = []

    def refuse(words, **settings):
        commands.append(words)
        return subprocess.CompletedProcess(words, returncode=1)

    monkeypatch.setattr(module.subprocess, "run", refuse)
    result = run(labels, config, "--output", tmp_path / "reviewed.spacy", *QUICK)
    assert "X604" in result.output
    assert "--training.patience=0" in commands[0]


def test_models_of_other_code_are_not_gone_on_with(tmp_path, labels, config, monkeypatch):
    folders = []
    monkeypatch.setattr(module, "_train", lambda config, folder, *rest: folders.append(folder.name))
    for content in ("", "", "changed = True"):
        (tmp_path / "own.py").write_text(content, encoding="utf-8")
        run(labels, config, "--output", tmp_path / "out.spacy", "--code", tmp_path / "own.py", "--folds", 2, *QUICK)
    first, second, third = (set(folders[start : start + 2]) for start in (0, 2, 4))
    assert first == second
    assert not first & third


def test_a_training_that_would_never_end_is_refused(tmp_path, labels, config):
    endless = ["--training.max_epochs=0", "--training.max_steps", 0, "--gpu-id", -1]
    result = run(labels, config, "--output", tmp_path / "reviewed.spacy", *endless)
    assert result.exit_code == 1
    assert "X613" in result.output


CODE = """
import spacy
from spacy_xlre.ml.relations.losses import create_cross_entropy
spacy.registry.misc("test_review.own_loss.v1")(lambda: create_cross_entropy(0.2))
"""


def test_functions_of_the_users_own_are_known_in_training_and_after(tmp_path, labels, config, multilingual):
    (tmp_path / "own.py").write_text(CODE, encoding="utf-8")
    own = ["--components.xlre_relation.loss", '{"@misc": "test_review.own_loss.v1"}', "--code", tmp_path / "own.py"]
    output = tmp_path / "reviewed.spacy"
    result = run(labels, config, "--output", output, "--min-relation", 0, "--max-na", 1, *own, *TWO_MODELS, *QUICK)
    assert result.exit_code == 0, result.output
    assert counts(output, multilingual.vocab) == [8, 8, 0]


def test_probabilities_among_all_labels_can_vote(tmp_path, labels, config):
    votes = tmp_path / "votes.jsonl"
    settings = ["--components.xlre_relation.one_direction", "true", "--training.optimizer.learn_rate", 0.0, *QUICK]
    words = ["--by-probability", "--votes", votes, "--output", tmp_path / "out.spacy", *TWO_MODELS, *settings]
    result = run(labels, config, *words)
    assert result.exit_code == 0, result.output
    # To models that learned nothing P is as likely as NA, and as P in the other direction.
    assert {own[0, 1, 2, 3]["P"] for own in read_votes(votes).values()} == {0.3333}


def test_independent_labels_have_no_probabilities_among_all(tmp_path, labels, config):
    words = ["--by-probability", "--components.xlre_relation.exclusive", "false", *QUICK]
    result = run(labels, config, "--output", tmp_path / "reviewed.spacy", *words)
    assert result.exit_code == 1
    assert "X614" in result.output


def test_a_config_without_a_relation_component_is_refused_before_anything_is_trained(tmp_path, labels, config):
    spacy.blank("xx").config.to_disk(config)
    result = run(labels, config, "--output", tmp_path / "reviewed.spacy", *QUICK)
    assert result.exit_code == 1
    assert "[X324]" in result.output
    assert not (tmp_path / "reviewed.spacy.folds").exists()


def test_the_components_of_a_config_may_be_a_variable(config):
    text = config.read_text(encoding="utf-8").replace('pipeline = ["xlre_relation"]', "pipeline = ${vars.pipeline}")
    config.write_text(f'{text}\n[vars]\npipeline = ["xlre_relation"]\n', encoding="utf-8")
    module._check_config(config, QUICK, by_probability=True)
    config.write_text(config.read_text(encoding="utf-8").replace("factory", "source"), encoding="utf-8")
    module._check_config(config, QUICK, by_probability=True)


def test_an_option_that_there_is_not_is_named_before_anything_is_trained(tmp_path, labels, config):
    result = run(labels, config, "--output", tmp_path / "reviewed.spacy", "--min-relatoin", 0.3)
    assert result.exit_code == 1
    assert "[X617] '--min-relatoin'" in result.output
