from typer.testing import CliRunner

from spacy_xlre.cli.plugin import app
from spacy_xlre.corpus.docbin import read_docs
from spacy_xlre.tokens import get_language, get_relations


def test_data_sets_become_gold_docs_with_a_rejects_file(tmp_path, multilingual):
    (tmp_path / "a.txt").write_text('1\t"<e1> Ada </e1> met <e2> Bob </e2>"\nmet(e1,e2)\n\n2\t"<e1>Ada</e1>"\nOther\n')
    words = ["convert", tmp_path / "a.txt", "-f", "semeval", "-l", "de", "-o", tmp_path / "a.spacy"]
    result = CliRunner().invoke(app, [str(word) for word in words])
    assert result.exit_code == 0, result.output
    assert "1 Docs, 1 rejected" in " ".join(result.output.split())
    (doc,) = read_docs(tmp_path / "a.spacy", multilingual.vocab)
    assert (get_language(doc), len(get_relations(doc))) == ("de", 1)
    assert "with text between" in (tmp_path / "a.rejects.tsv").read_text()


def test_a_file_of_another_format_is_named_and_nothing_is_left(tmp_path):
    (tmp_path / "a.txt").write_text("hello\n")
    words = ["convert", tmp_path / "a.txt", "-f", "crossre", "-o", tmp_path / "a.spacy"]
    result = CliRunner().invoke(app, [str(word) for word in words])
    assert result.exit_code == 1
    assert "X515" in result.output
    assert not (tmp_path / "a.spacy").exists()


def test_a_file_without_sentences_and_a_language_that_is_none_are_errors(tmp_path):
    (tmp_path / "a.txt").write_text("", encoding="utf-8")
    words = ["convert", tmp_path / "a.txt", "--format", "semeval", "--output", tmp_path / "out.spacy"]
    for more, code in (([], "X519"), (["--language", "??"], "X010")):
        result = CliRunner().invoke(app, [str(word) for word in (*words, *more)])
        assert result.exit_code == 1
        assert code in result.output
