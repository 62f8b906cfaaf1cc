import json

import pytest
from typer.testing import CliRunner

from spacy_xlre.cli.plugin import app


def run(*words):
    return CliRunner().invoke(app, [str(word) for word in words])


@pytest.fixture
def source(tmp_path):
    fact = {"predicate_id": "P19", "sub_uri": "Q1", "sub_label": "Ada", "obj_uri": "Q2", "obj_label": ""}
    (tmp_path / "P19.jsonl").write_text(json.dumps(fact) + "\n")
    return tmp_path / "P19.jsonl"


def test_files_are_imported_and_counted(source, tmp_path):
    result = run("kb", "import", source, "--format", "xfactr", "--output", tmp_path / "out", "--languages", "en")
    assert result.exit_code == 0, result.output
    assert "1 entities, 1 names, 1 properties, 0 facts; 0 records rejected" in " ".join(result.output.split())
    assert "1 facts left out: entity without a name" in " ".join(result.output.split())


def test_types_are_named_by_class(source, tmp_path):
    result = run("kb", "import", source, "--format", "xfactr", "--output", tmp_path / "out", "--type", "Q5")
    assert result.exit_code == 1
    assert "X114" in result.output
