"""`spacy xlre links`: import and export of word alignments."""

import pytest
from typer.testing import CliRunner

from spacy_xlre.cli.plugin import app
from spacy_xlre.corpus.bitexts import create_bitext_reader
from spacy_xlre.errors import XlreError
from spacy_xlre.tokens import get_alignment
from spacy_xlre.tokens.languages import split_pair


def run(*words, exit_code=0):
    result = CliRunner().invoke(app, ["links", *map(str, words)])
    assert result.exit_code == exit_code, result.output
    return result.output


@pytest.fixture
def imported(tmp_path):
    (tmp_path / "text").write_text("the cat ||| die Katze\n", encoding="utf-8")
    (tmp_path / "links").write_text("0-0 1-1\n", encoding="utf-8")
    run("import", tmp_path / "text", tmp_path / "links", tmp_path / "out.spacy", "--languages", "en,de")
    return tmp_path / "out.spacy"


def test_links_come_back_as_they_were_read(imported, tmp_path):
    run("export", imported, tmp_path / "text2", tmp_path / "links2", "--pair", "en-de")
    assert (tmp_path / "text2").read_text() == (tmp_path / "text").read_text()
    assert (tmp_path / "links2").read_text() == (tmp_path / "links").read_text()


def test_imported_links_are_gold_for_training(imported, multilingual):
    (eg,) = create_bitext_reader(str(imported))(multilingual)
    assert get_alignment(eg.predicted) is None
    assert len(get_alignment(eg.reference).pairs[0].links) == 2
    assert [token.text for token in eg.predicted] == [token.text for token in eg.reference]


def test_a_reader_of_text_without_bitexts_says_so(tmp_path, multilingual):
    from spacy_xlre.corpus.docbin import write_docs

    write_docs(tmp_path / "plain.spacy", [multilingual.make_doc("plain")])
    with pytest.raises(XlreError, match="X406"):
        list(create_bitext_reader(str(tmp_path / "plain.spacy"))(multilingual))


def test_a_pair_that_is_not_there_is_an_error(imported, tmp_path):
    output = run("export", imported, tmp_path / "t", tmp_path / "l", "--pair", "en-fr", exit_code=1)
    assert "[X015] There is no pair 'en-fr' in a bitext of en, de" in output
    assert not (tmp_path / "t").exists()


def test_two_languages_must_be_named(tmp_path):
    assert "X509" in run("import", tmp_path / "a", tmp_path / "b", tmp_path / "c", "--languages", "en", exit_code=1)


def test_a_pair_may_hold_languages_with_hyphens():
    assert split_pair("en-zh-Hant", ["zh-Hant", "en"]) == ("en", "zh-Hant")
