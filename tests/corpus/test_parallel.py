import json

import pytest

from spacy_xlre.corpus.parallel import read_parallel
from spacy_xlre.errors import XlreError
from spacy_xlre.files import Rejects


def lines(path, *rows):
    path.write_text("".join(row + "\n" for row in rows), encoding="utf-8")
    return path


def read(*paths, **options):
    rejects = Rejects(None)
    return list(read_parallel(paths, rejects, **options)), rejects


def test_each_line_of_aligned_files_is_a_bitext(tmp_path):
    found, rejects = read(lines(tmp_path / "a.en", "One.", "Two."), lines(tmp_path / "a.de", "Eins.", "Zwei."))
    assert found == [("a:1", {"en": "One.", "de": "Eins."}), ("a:2", {"en": "Two.", "de": "Zwei."})]
    assert rejects.count == 0


def test_blank_lines_separate_documents(tmp_path):
    found, _ = read(
        lines(tmp_path / "a.en", "One.", "Two.", "", "Three."),
        lines(tmp_path / "a.de", "Eins.", "Zwei.", "", "Drei."),
        documents=True,
    )
    assert found == [("a:1", {"en": "One.\nTwo.", "de": "Eins.\nZwei."}), ("a:4", {"en": "Three.", "de": "Drei."})]


def test_unequal_line_counts_are_an_error_with_both_counts(tmp_path):
    with pytest.raises(XlreError, match=r"a\.en has 2, .*a\.de has 1 lines.*line 2"):
        read(lines(tmp_path / "a.en", "One.", "Two."), lines(tmp_path / "a.de", "Eins."))


def test_an_unknown_language_code_is_an_error(tmp_path):
    with pytest.raises(XlreError, match=r"\[X518\] .*a\.text: line-aligned files are named by language"):
        read(lines(tmp_path / "a.text", "One."), lines(tmp_path / "a.de", "Eins."))
    with pytest.raises(XlreError, match="'klingonish'"):
        read(lines(tmp_path / "a.en", "One."), lines(tmp_path / "a.de", "Eins."), langs=["klingonish"])


def test_an_empty_segment_is_rejected_with_its_line(tmp_path):
    found, rejects = read(lines(tmp_path / "a.en", "One.", " "), lines(tmp_path / "a.de", "Eins.", "Zwei."))
    assert [id_ for id_, _ in found] == ["a:1"]
    assert [(row[1], row[2]) for row in rejects.rows] == [("2", "empty text for en; nothing is left to align")]


def test_broken_utf8_names_file_and_line(tmp_path):
    (tmp_path / "a.en").write_bytes(b"fine\nbroken \xff\n")
    with pytest.raises(XlreError, match=r"a\.en, line 2: not valid UTF-8"):
        read(tmp_path / "a.en", lines(tmp_path / "a.de", "gut", "kaputt"))


def test_json_lines_hold_texts_by_language(tmp_path):
    record = {"id": "x", "texts": {"en": "One.", "de": "Eins.", "fr": ""}}
    path = lines(tmp_path / "a.jsonl", json.dumps(record))
    found, rejects = read(path, langs=["en", "de"])
    assert found == [("x", {"en": "One.", "de": "Eins."})]
    assert rejects.count == 0
    _, rejects = read(path)
    assert "the rest is kept" in rejects.rows[0][2]


@pytest.mark.parametrize(
    "line", ["{", '{"id": "x"}', '{"texts": {"en": 1}}', "[]", '{"texts": {"en": "a", "??": "b"}}']
)
def test_a_broken_json_line_names_file_and_line(tmp_path, line):
    good = json.dumps({"texts": {"en": "One.", "de": "Eins."}})
    with pytest.raises(XlreError, match=r"a\.jsonl, line 2"):
        read(lines(tmp_path / "a.jsonl", good, line))


def test_a_missing_file_is_an_error(tmp_path):
    with pytest.raises(XlreError, match="no such file"):
        read(tmp_path / "nothing.jsonl")


def test_rejects_are_written_when_the_block_ends(tmp_path):
    with Rejects(tmp_path / "out" / "rejects.tsv") as rejects:
        rejects.add("a.en", 3, "empty", "tab\there")
    assert (tmp_path / "out" / "rejects.tsv").read_text().splitlines() == [
        "file\tline\treason\tcontent",
        'a.en\t3\tempty\t"tab\there"',
    ]


def test_rejects_of_a_failed_run_are_not_half_written(tmp_path):
    def failing():
        with Rejects(tmp_path / "rejects.tsv") as rejects:
            rejects.add("a.en", 3, "empty")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        failing()
    assert list(tmp_path.iterdir()) == []
