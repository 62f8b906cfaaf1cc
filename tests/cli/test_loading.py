"""Pipelines, code and GPUs that commands are given."""

import pytest
import spacy
from typer.testing import CliRunner

from spacy_xlre.cli.loading import load_pipeline, use_gpu
from spacy_xlre.cli.plugin import app
from spacy_xlre.corpus.docbin import write_docs
from spacy_xlre.errors import XlreError
from spacy_xlre.tokens import Relation, set_relations

CODE = """
import spacy
from spacy_xlre.pipeline.candidates import create_candidates
spacy.registry.misc("test_loading.own_candidates.v1")(create_candidates)
"""


@pytest.fixture
def own(tmp_path):
    """A pipeline that needs code of its own, and a file with that code."""
    (tmp_path / "own.py").write_text(CODE, encoding="utf-8")
    nlp = spacy.blank("xx")
    nlp.add_pipe("xlre_relation").add_label("born")
    nlp.initialize()
    nlp.to_disk(tmp_path / "model")
    config = tmp_path / "model" / "config.cfg"
    changed = config.read_text(encoding="utf-8").replace("spacy_xlre.candidates.v1", "test_loading.own_candidates.v1")
    config.write_text(changed, encoding="utf-8")
    return tmp_path / "model", tmp_path / "own.py"


def run(*words):
    return CliRunner().invoke(app, [str(word) for word in words])


def test_code_of_ones_own_is_imported_first_and_its_lack_is_named(own, tmp_path):
    model, code = own
    gold = spacy.blank("xx")("Ada was born in Rome")
    gold.set_ents([spacy.tokens.Span(gold, 0, 1, label="PER"), spacy.tokens.Span(gold, 4, 5, label="LOC")])
    set_relations(gold, [Relation(gold.ents[0], "born", gold.ents[1])])
    write_docs(tmp_path / "gold.spacy", [gold])
    commands = [
        ("evaluate", model, tmp_path / "gold.spacy"),
        ("suggest", model, tmp_path / "gold.spacy", "--output", tmp_path / "tasks.jsonl"),
        ("distill", model, tmp_path / "gold.spacy", "--output", tmp_path / "soft.spacy"),
        ("ensemble", model, model, "--output", tmp_path / "both"),
        ("package", model, tmp_path / "packages", "--no-wheel"),
    ]
    for words in commands:
        result = run(*words)
        assert result.exit_code == 1, words
        assert "[X704]" in result.output
        assert "--code" in result.output
    for words in commands:
        result = run(*words, "--code", code)
        assert result.exit_code == 0, (words, result.output)
    packages = {path.name for path in (tmp_path / "packages").rglob("own.py")}
    assert packages == {"own.py"}


def test_an_untrained_component_is_warned_of(own, tmp_path):
    model, code = own
    result = run("package", model, tmp_path / "packages", "--no-wheel", "--code", code)
    assert "the relation component has learned nothing" in " ".join(result.output.split())
    nlp = load_pipeline(model, code)
    classifier = nlp.get_pipe("xlre_relation").model.get_ref("classifier")
    output = classifier.get_ref("output_layer")
    output.set_param("W", output.get_param("W") + 1)
    nlp.to_disk(model)
    result = run("package", model, tmp_path / "packages", "--no-wheel", "--code", code)
    assert "learned nothing" not in " ".join(result.output.split())


def test_a_damaged_pipeline_and_none_at_all_are_told_apart(own):
    model, _ = own
    (model / "config.cfg").write_text("[nlp\n", encoding="utf-8")
    with pytest.raises(XlreError, match="X704"):
        load_pipeline(model)
    with pytest.raises(XlreError, match="X701"):
        load_pipeline(model.parent / "nothing")


def test_a_gpu_that_cannot_be_used_is_an_error_of_one_line(monkeypatch):
    def refuse(gpu_id, silent):
        raise ValueError("Cannot use GPU,\nCuPy is not installed")

    monkeypatch.setattr("spacy.cli._util.setup_gpu", refuse)
    with pytest.raises(XlreError, match=r"\[X705\] GPU 3 cannot be used \(Cannot use GPU, CuPy is not installed\)"):
        use_gpu(3)
