import json

import numpy as np
import pytest

from spacy_xlre.errors import XlreError
from spacy_xlre.report.tables import Table, format_number, to_markdown, to_text, write_report

SCORES = Table(
    "Relations by language",
    ["language", "pairs", "F1", "better"],
    [["en", 150, 0.91666, True], ["zh", 1200, 0.8, False], ["all", None, float("nan"), None]],
    note="Gold entities.",
)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (12, "12"),
        (0, "0"),
        (0.0, "0.0000"),
        (0.91666, "0.9167"),
        (-0.5, "-0.5000"),
        (0.00012, "1.2e-04"),
        (25.4, "25.40"),
        (999.96, "1000.0"),
        (1234567.8, "1234568"),
        (float("nan"), "–"),
        (np.float32(0.25), "0.2500"),
        (np.int64(7), "7"),
    ],
)
def test_numbers_are_short_and_have_no_exponent_unless_tiny(value, text):
    assert format_number(value) == text


def test_markdown_has_a_heading_aligned_numbers_and_the_note():
    assert to_markdown(SCORES).splitlines() == [
        "### Relations by language",
        "",
        "| language | pairs | F1 | better |",
        "| --- | ---: | ---: | --- |",
        "| en | 150 | 0.9167 | yes |",
        "| zh | 1200 | 0.8000 | no |",
        "| all | – | – | – |",
        "",
        "Gold entities.",
    ]


def test_markdown_cells_cannot_break_the_table():
    assert to_markdown(Table("", ["a|b"], [["c|d\ne"]])).splitlines() == ["| a\\|b |", "| --- |", "| c\\|d e |"]


def test_text_is_aligned():
    assert to_text(SCORES).splitlines() == [
        "Relations by language",
        "",
        "language  pairs      F1  better",
        "--------  -----  ------  ------",
        "en          150  0.9167  yes",
        "zh         1200  0.8000  no",
        "all           –       –  –",
        "",
        "Gold entities.",
    ]


def test_wide_characters_take_two_columns_and_marks_none():
    assert to_text(Table("", ["name", "n"], [["北京", 1], ["Ne\u0301e", 2]])).splitlines() == [
        "name  n",
        "----  -",
        "北京  1",
        "Ne\u0301e   2",
    ]


def test_a_table_without_rows_shows_its_header():
    assert to_text(Table("", ["a", "b"])).splitlines() == ["a  b", "-  -"]


def test_a_row_with_a_missing_cell_is_an_error():
    with pytest.raises(XlreError, match=r"\[X750\] Table 'T', row 2: 1 cells for 2 columns"):
        Table("T", ["a", "b"], [[1, 2], [3]])


def test_a_report_is_written_for_people_and_for_programs(tmp_path):
    data = {"f1": np.float32(0.5), "n": np.int64(3), "missing": float("nan"), "by": {"zh": [1.5, float("inf")]}}
    markdown, json_ = write_report(tmp_path / "new" / "test-0.1", [SCORES, SCORES], data, title="Evaluation")
    assert (markdown.name, json_.name) == ("test-0.1.md", "test-0.1.json")
    text = markdown.read_text(encoding="utf-8")
    assert text.startswith("# Evaluation\n\n### Relations by language\n")
    assert text.count("### Relations by language") == 2
    assert json.loads(json_.read_text(encoding="utf-8")) == {
        "f1": 0.5,
        "n": 3,
        "missing": None,
        "by": {"zh": [1.5, None]},
    }
    assert sorted(path.name for path in json_.parent.iterdir()) == ["test-0.1.json", "test-0.1.md"]


def test_a_report_that_cannot_be_written_leaves_the_old_one(tmp_path):
    markdown, json_ = write_report(tmp_path / "test", [SCORES], {"f1": 0.5})
    with pytest.raises(TypeError):
        write_report(tmp_path / "test", [], {"f1": object()})
    assert "150" in markdown.read_text(encoding="utf-8")
    assert json.loads(json_.read_text(encoding="utf-8")) == {"f1": 0.5}
