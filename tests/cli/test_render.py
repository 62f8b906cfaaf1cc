"""`spacy xlre render`: a page of alignments."""

from typer.testing import CliRunner

from spacy_xlre.cli.plugin import app
from spacy_xlre.corpus.docbin import write_docs
from spacy_xlre.tokens import Link, PairAlignment, get_segments, make_bitext, set_alignment, set_bitext_id


def bitext(nlp, id_, with_links=True):
    doc = make_bitext(nlp, {"en": f"Ada {id_}", "de": "Ada", "fr": "Ada"})
    set_bitext_id(doc, id_)
    if with_links:
        en, de, fr = get_segments(doc).values()
        set_alignment(doc, [PairAlignment(en, de, [], [Link(0, 0)]), PairAlignment(en, fr, [], [Link(0, 0)])])
    return doc


def run(*words, exit_code=0):
    result = CliRunner().invoke(app, ["render", *map(str, words)])
    assert result.exit_code == exit_code, result.output
    return result.output


def test_all_bitexts_and_pairs_are_on_one_page(tmp_path, multilingual):
    write_docs(tmp_path / "a.spacy", [bitext(multilingual, "one"), bitext(multilingual, "two")])
    run(tmp_path / "a.spacy", tmp_path / "a.html")
    page = (tmp_path / "a.html").read_text(encoding="utf-8")
    assert page.count("<h2>") == 2
    assert page.count("<svg") == 4
    run(tmp_path / "a.spacy", tmp_path / "b.html", "--doc", "two", "--pair", "de-en")
    page = (tmp_path / "b.html").read_text(encoding="utf-8")
    assert "<h2>two</h2>" in page
    assert page.count("<svg") == 1


def test_what_cannot_be_shown_is_one_line(tmp_path, multilingual):
    write_docs(tmp_path / "plain.spacy", [multilingual.make_doc("no bitext")])
    write_docs(tmp_path / "raw.spacy", [bitext(multilingual, "one", with_links=False)])
    write_docs(tmp_path / "a.spacy", [bitext(multilingual, "one")])
    page = tmp_path / "page.html"
    assert "[X406]" in run(tmp_path / "plain.spacy", page, exit_code=1)
    assert "[X407]" in run(tmp_path / "raw.spacy", page, exit_code=1)
    assert "[X407]" in run(tmp_path / "a.spacy", page, "--pair", "de-fr", exit_code=1)
    assert "[X015]" in run(tmp_path / "a.spacy", page, "--pair", "en-it", exit_code=1)
    assert "[X416]" in run(tmp_path / "a.spacy", page, "--doc", "three", exit_code=1)
    assert not page.exists()
