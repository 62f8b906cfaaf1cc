import csv
import json
import sys

import pytest
from typer.testing import CliRunner

from spacy_xlre.cli.plugin import app
from spacy_xlre.corpus.docbin import read_docs, write_docs
from spacy_xlre.tokens import Bead, PairAlignment, get_segments, make_bitext, set_alignment, set_bitext_id

TEXTS = [
    {"en": "The dog has slept well.", "de": "Der Hund hat gut geschlafen."},
    {"en": "The dog has slept.", "de": "The dog has slept."},
    {"en": "It rains.", "de": "Es regnet.", "ru": "It rains."},
    {"en": "It rains.", "de": "Es regnet!"},
]


@pytest.fixture
def run():
    def invoke(*words):
        result = CliRunner().invoke(app, ["filter", *(str(word) for word in words)])
        return result.exit_code, " ".join(result.output.split())

    return invoke


@pytest.fixture
def bitexts(tmp_path, multilingual):
    docs = []
    for number, texts in enumerate(TEXTS):
        doc = make_bitext(multilingual, texts)
        set_bitext_id(doc, f"d{number}")
        docs.append(doc)
    write_docs(tmp_path / "in.spacy", docs)
    return tmp_path / "in.spacy"


def read_rows(path):
    with path.open(encoding="utf-8", newline="") as file_:
        return list(csv.DictReader(file_, dialect="excel-tab"))


def test_good_bitexts_are_written_and_the_rest_is_listed_with_reasons(tmp_path, run, bitexts, multilingual):
    code, output = run(bitexts, tmp_path / "out.spacy", "--no-identify")
    assert code == 0, output
    assert "2 of 4 bitexts kept" in output
    for row in ("copied 1 0", "script 0 1", "duplicate 1 0"):
        assert row in output
    kept = list(read_docs(tmp_path / "out.spacy", multilingual.vocab))
    assert [list(get_segments(doc)) for doc in kept] == [["en", "de"]] * 2
    rows = read_rows(tmp_path / "out.rejects.tsv")
    assert [row["line"] for row in rows] == ["2", "3", "4"]
    assert rows[1]["reason"] == "script (ru): 0% of its letters are of the script of ru"
    assert json.loads(rows[1]["content"]) == {"id": "d2", "texts": {"ru": "It rains."}}


def test_every_filter_can_be_switched_off(tmp_path, run, bitexts):
    off = ["--min-prob", 0, "--no-identify", "--min-script", 0, "--max-length", 0, "--max-copied", 1]
    code, output = run(bitexts, tmp_path / "out.spacy", *off, "--duplicates", "keep")
    assert code == 0
    assert "4 of 4 bitexts kept" in output
    assert read_rows(tmp_path / "out.rejects.tsv") == []


def test_bitexts_without_an_alignment_are_filtered_with_a_warning(tmp_path, run, bitexts, multilingual):
    assert "are not aligned" in run(bitexts, tmp_path / "out.spacy", "--no-identify")[1]
    docs = list(read_docs(bitexts, multilingual.vocab))
    for doc in docs:
        source, target = list(get_segments(doc).values())[:2]
        set_alignment(doc, [PairAlignment(source, target, [Bead((0, len(source)), (0, len(target)), 0.05)])])
    write_docs(bitexts, docs)
    code, output = run(bitexts, tmp_path / "out.spacy", "--no-identify", "--rejects", tmp_path / "left.tsv")
    assert code == 0
    assert "not aligned" not in output
    assert "0 of 4 bitexts kept" in output
    assert "P(s,t) is 0.050" in read_rows(tmp_path / "left.tsv")[0]["reason"]


def test_languages_are_told_apart(tmp_path, run, multilingual):
    pytest.importorskip("py3langid")
    texts = {"en": "The dog has slept well tonight.", "de": "Le chien a bien dormi cette nuit."}
    write_docs(tmp_path / "in.spacy", [make_bitext(multilingual, texts)])
    code, _ = run(tmp_path / "in.spacy", tmp_path / "out.spacy")
    assert code == 0
    assert read_rows(tmp_path / "out.rejects.tsv")[0]["reason"] == "language (de): it looks like fr, not de"


@pytest.mark.parametrize(
    ("words", "message"),
    [(("--duplicates", "twice"), "[X513]"), (("--no-identify", "--duplicates", "all"), "near, exact, keep")],
)
def test_a_wrong_option_ends_with_one_line(tmp_path, run, bitexts, words, message):
    code, output = run(bitexts, tmp_path / "out.spacy", "--no-identify", *words)
    assert code == 1
    assert message in output
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in.spacy"]


def test_a_missing_identifier_ends_with_the_command_that_installs_it(tmp_path, run, bitexts, monkeypatch):
    monkeypatch.setitem(sys.modules, "py3langid", None)
    monkeypatch.setitem(sys.modules, "py3langid.langid", None)
    code, output = run(bitexts, tmp_path / "out.spacy")
    assert code == 1
    assert "spacy-xlre[filter]" in output


@pytest.mark.parametrize("content", [None, b"no docbin"])
def test_a_wrong_input_ends_with_one_line(tmp_path, run, content):
    if content is not None:
        (tmp_path / "in.spacy").write_bytes(content)
    code, output = run(tmp_path / "in.spacy", tmp_path / "out.spacy", "--no-identify")
    assert code == 1
    assert "in.spacy" in output


def test_a_file_without_bitexts_ends_with_one_line(tmp_path, run, multilingual):
    write_docs(tmp_path / "in.spacy", [multilingual("No bitext.")])
    assert "holds no bitexts" in run(tmp_path / "in.spacy", tmp_path / "out.spacy", "--no-identify")[1]
