import json

import pytest
from typer.testing import CliRunner

from spacy_xlre.cli.plugin import app
from spacy_xlre.corpus.docbin import read_docs
from spacy_xlre.tokens import get_bitext_id, get_language, get_segments


@pytest.fixture
def run():
    def invoke(*words):
        return CliRunner().invoke(app, [str(word) for word in words])

    return invoke


def test_parallel_text_becomes_bitexts_with_a_rejects_file(tmp_path, run, multilingual):
    (tmp_path / "a.en").write_text("One.\n\n")
    (tmp_path / "a.de").write_text("Eins.\nZwei.\n")
    result = run("corpus", tmp_path / "a.en", tmp_path / "a.de", "--output", tmp_path / "out.spacy")
    assert result.exit_code == 0, result.output
    (bitext,) = read_docs(tmp_path / "out.spacy", multilingual.vocab)
    assert {lang: span.text for lang, span in get_segments(bitext).items()} == {"en": "One.", "de": "Eins."}
    assert get_bitext_id(bitext) == "a:1"
    assert "empty text for en" in (tmp_path / "out.rejects.tsv").read_text()


@pytest.mark.parametrize(
    ("english", "german", "message"),
    [
        (b"One.\nTwo.\n", b"Eins.\n", "not line-aligned"),
        (b"fine\n\xff\n", b"gut\nnein\n", "a.en, line 2: not valid UTF-8"),
    ],
)
def test_broken_files_end_with_one_line_and_leave_nothing(tmp_path, run, english, german, message):
    (tmp_path / "a.en").write_bytes(english)
    (tmp_path / "a.de").write_bytes(german)
    result = run("corpus", tmp_path / "a.en", tmp_path / "a.de", "--output", tmp_path / "out.spacy")
    assert result.exit_code == 1
    assert message in " ".join(result.output.split())
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.de", "a.en"]


def test_an_unknown_language_code_ends_with_one_line(tmp_path, run):
    (tmp_path / "a.jsonl").write_text(json.dumps({"texts": {"en": "One.", "de": "Eins."}}))
    result = run("corpus", tmp_path / "a.jsonl", "--output", tmp_path / "out.spacy", "--languages", "en,klingonish")
    assert result.exit_code == 1
    assert "'klingonish' is not a language code" in result.output


def test_ctrl_c_ends_with_one_line_and_leaves_nothing_half_written(tmp_path, run, monkeypatch):
    (tmp_path / "a.jsonl").write_text(json.dumps({"texts": {"en": "One.", "de": "Eins."}}))

    def interrupted(*args, **kwargs):
        raise KeyboardInterrupt

    monkeypatch.setattr("spacy_xlre.tokens.make_bitext", interrupted)
    command = ("corpus", tmp_path / "a.jsonl", "--output", tmp_path / "out.spacy")
    result = run(*command)
    assert result.exit_code == 1
    assert "interrupted" in result.output
    assert [path.name for path in tmp_path.iterdir()] == ["a.jsonl"]
    monkeypatch.undo()
    assert run(*command).exit_code == 0


def test_marked_documents_become_gold_docs(tmp_path, run, assets, multilingual):
    result = run(
        "gold", assets / "dev.jsonl", "--output", tmp_path / "dev.spacy", "--properties", assets / "properties.jsonl"
    )
    assert result.exit_code == 0, result.output
    docs = list(read_docs(tmp_path / "dev.spacy", multilingual.vocab))
    assert len(docs) == 25
    assert {get_language(doc) for doc in docs} == {"en", "de", "es", "fr", "zh"}
    borders = [r for doc in docs for r in doc._.relations if r.label == "P47"]
    assert borders
    assert all(r.head.start < r.tail.start for r in borders)


def test_files_that_hold_nothing_to_use_are_an_error_and_say_where_the_reasons_are(tmp_path, run):
    (tmp_path / "a.en").write_text("One.\n", encoding="utf-8")
    result = run("corpus", tmp_path / "a.en", "--output", tmp_path / "out.spacy")
    assert result.exit_code == 1
    assert "[X519]" in result.output
    assert "out.rejects.tsv" in result.output
    assert not (tmp_path / "out.spacy").exists()


@pytest.mark.parametrize("output", ["folder", "file/out.spacy"])
def test_an_output_that_cannot_be_written_is_named(tmp_path, run, output):
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").write_text("", encoding="utf-8")
    for lang in ("en", "de"):
        (tmp_path / f"a.{lang}").write_text("One.\n", encoding="utf-8")
    result = run("corpus", tmp_path / "a.en", tmp_path / "a.de", "--output", tmp_path / output)
    assert result.exit_code == 1
    assert "[X520]" in result.output
