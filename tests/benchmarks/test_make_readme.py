import json

from common import CHECKOUT
from make_readme import README, render

CONTENT = {
    "benchmark": "word_alignment",
    "command": "python benchmarks/word_alignment.py --data ../data",
    "date": "2026-01-31",
    "machine": {
        "cpu": "Some CPU",
        "cores": 2,
        "memory_gb": 23.5,
        "python": "3.11.7",
        "spacy": "3.8",
        "torch": "2.13.0",
    },
    "seeds": [0, 1],
    "rows": [
        {"row": "zh-en", "figure": "AER", "value": 12.0, "spread": 0.25, "goal": "<= 11.5", "peer": "AccAlign 11.5"},
        {"row": "en-fr", "figure": "AER", "value": 2.75, "spread": None, "goal": "<= 2.8", "peer": ""},
    ],
}


def test_a_section_tells_what_how_where_and_whether_it_was_reached(tmp_path):
    (tmp_path / "word_alignment.json").write_text(json.dumps(CONTENT), encoding="utf-8")
    (tmp_path / "word_alignment.md").write_text("Sure links count once.\n", encoding="utf-8")
    page = render(tmp_path, tmp_path)
    assert page.split("\n\n", 2)[2] == "\n".join(
        [
            "## word_alignment",
            "",
            "Sure links count once.",
            "",
            "| row | figure | value | ± | goal | reached | peer |",
            "| --- | --- | --- | --- | --- | --- | --- |",
            "| zh-en | AER | 12.00 | 0.2500 | <= 11.5 | no | AccAlign 11.5 |",
            "| en-fr | AER | 2.750 |  | <= 2.8 | yes |  |",
            "",
            "`python benchmarks/word_alignment.py --data ../data` on 2026-01-31; seeds 0, 1; "
            "2 cores of Some CPU, 23.5 GB, Python 3.11.7, spacy 3.8, torch 2.13.0.",
            "",
        ]
    )


def test_a_section_tells_of_earlier_runs_whose_rows_it_keeps(tmp_path):
    earlier = {key: CONTENT[key] for key in ("command", "machine")}
    runs = [{**earlier, "date": "2026-01-29", "seeds": []}, {**earlier, "date": "2026-01-30", "seeds": [7]}]
    rows = [{**CONTENT["rows"][0], "row": str(run), "run": run} for run in (2, 1, None)]
    content = {**CONTENT, "earlier": runs, "rows": rows}
    (tmp_path / "word_alignment.json").write_text(json.dumps(content), encoding="utf-8")
    page = render(tmp_path, tmp_path).strip()
    lines = [line for line in page.splitlines() if line.startswith("| ")]
    assert lines[0].endswith("| peer | run |")
    assert [line.split(" | ")[-1].strip(" |") for line in lines[2:]] == ["2", "1", ""]
    first, second = page.rpartition("\n\n")[2].splitlines()
    assert first.startswith("1. `python")
    assert "on 2026-01-29; 2 cores" in first
    assert second.startswith("2. `python")
    assert "on 2026-01-30; seeds 7; 2 cores" in second


def test_partial_runs_are_left_out(tmp_path):
    (tmp_path / "word_alignment.partial.json").write_text(json.dumps(CONTENT), encoding="utf-8")
    assert "word_alignment" not in render(tmp_path, tmp_path)


def test_the_committed_page_is_up_to_date():
    page = render(CHECKOUT / "benchmarks" / "results", CHECKOUT / "benchmarks" / "notes")
    assert README.read_text(encoding="utf-8") == page, "run python benchmarks/make_readme.py"
