import spacy
from typer.testing import CliRunner

from spacy_xlre.cli.plugin import app


def run(*words):
    return CliRunner().invoke(app, [str(word) for word in words])


def test_pipelines_on_disk_become_one(tmp_path):
    for name in ("a", "b"):
        nlp = spacy.blank("xx")
        nlp.add_pipe("xlre_relation").add_label("born")
        nlp.initialize()
        nlp.to_disk(tmp_path / name)
    result = run("ensemble", tmp_path / "a", tmp_path / "b", "--output", tmp_path / "both")
    assert result.exit_code == 0, result.output
    assert len(spacy.load(tmp_path / "both").get_pipe("xlre_relation").model.layers) == 2


def test_what_is_no_pipeline_is_named(tmp_path):
    result = run("ensemble", tmp_path / "a", tmp_path / "b", "--output", tmp_path / "both")
    assert result.exit_code == 1
    assert "X701" in result.output
    assert not (tmp_path / "both").exists()
