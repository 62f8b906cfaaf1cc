import json

import common
import pytest
from common import Row, arguments, command_line, finish, machine, mean_and_spread, median_and_spread, wanted


@pytest.fixture
def results(tmp_path, monkeypatch):
    monkeypatch.setattr(common, "RESULTS", tmp_path / "benchmarks" / "results")
    monkeypatch.setattr(common, "CHECKOUT", tmp_path)
    return common.RESULTS


@pytest.mark.parametrize(
    ("value", "goal", "reached"),
    [
        (69.0, ">= 69", True),
        (68.9, ">= 69", False),
        (0.1, "<= 0.1", True),
        (0.11, "<=0.1", False),
        (1, "< 1", False),
        (2, "> 1", True),
        (3, "= 3", True),
        (5, "", None),
    ],
)
def test_a_row_knows_whether_its_goal_is_reached(value, goal, reached):
    assert Row("r", "f", value, goal=goal).reached is reached


def test_a_goal_must_be_a_comparison():
    with pytest.raises(ValueError, match="'about 69' is not a comparison"):
        Row("zh-en", "AER", 11.0, goal="about 69")


def test_one_value_has_no_spread():
    assert mean_and_spread([2.0]) == (2.0, None)
    assert mean_and_spread([1.0, 2.0, 6.0]) == (3.0, pytest.approx(2.6458, abs=1e-4))
    assert median_and_spread([1.0, 2.0, 6.0]) == (2.0, pytest.approx(2.6458, abs=1e-4))


def test_results_are_kept_with_all_that_explains_them(results, capsys):
    finish(
        "word_alignment",
        [Row("zh-en", "AER", 11.0, 0.5, "<= 11.5", "AccAlign 11.5")],
        arguments(data="d").parse_args([]),
    )
    content = json.loads((results / "word_alignment.json").read_text(encoding="utf-8"))
    assert list(content) == ["benchmark", "command", "date", "machine", "seeds", "rows"]
    assert content["benchmark"] == "word_alignment"
    assert content["seeds"] == [0, 1, 2]
    told = {"row": "zh-en", "figure": "AER", "value": 11.0, "spread": 0.5, "goal": "<= 11.5", "peer": "AccAlign 11.5"}
    assert content["rows"] == [{**told, "run": None}]
    assert "zh-en  AER" in capsys.readouterr().out


@pytest.mark.parametrize("option", [["--quick"], ["--only", "zh"]])
def test_a_partial_run_does_not_replace_results(results, option, capsys):
    finish("word_alignment", [Row("zh-en", "AER", 11.0)], arguments(data="d").parse_args([]))
    finish("word_alignment", [Row("zh-en", "AER", 99.0)], arguments(data="d").parse_args(option))
    assert json.loads((results / "word_alignment.json").read_text(encoding="utf-8"))["rows"][0]["value"] == 11.0
    partial = json.loads((results / "word_alignment.partial.json").read_text(encoding="utf-8"))
    assert partial["partial"] is True
    assert "not kept" in capsys.readouterr().out


def test_an_added_run_keeps_the_figures_that_it_does_not_measure(results):
    rows = [Row("zh-en", "AER", 11.0), Row("en-fr", "AER", 3.0)]
    finish("word_alignment", rows, arguments(data="d").parse_args(["--seeds", "0"]))
    added = [Row("es", "AER", 14.0), Row("en-fr", "AER", 2.5)]
    finish("word_alignment", added, arguments(data="d").parse_args(["--add", "--seeds", "1", "2"]))
    content = json.loads((results / "word_alignment.json").read_text(encoding="utf-8"))
    figures = [(row["row"], row["value"], row["run"]) for row in content["rows"]]
    assert figures == [("zh-en", 11.0, 1), ("en-fr", 2.5, None), ("es", 14.0, None)]
    assert content["seeds"] == [1, 2]
    assert [(run["seeds"], set(run)) for run in content["earlier"]] == [([0], {"command", "date", "machine", "seeds"})]


def test_a_row_that_is_measured_alone_is_kept_when_it_is_added(results):
    finish("word_alignment", [Row("zh-en", "AER", 11.0), Row("es", "AER", 14.0)], arguments(data="d").parse_args([]))
    finish("word_alignment", [Row("es", "AER", 13.0)], arguments(data="d").parse_args(["--only", "es", "--add"]))
    rows = json.loads((results / "word_alignment.json").read_text(encoding="utf-8"))["rows"]
    assert [(row["row"], row["value"]) for row in rows] == [("zh-en", 11.0), ("es", 13.0)]


def test_rows_say_which_earlier_run_measured_them_and_runs_without_rows_are_forgotten(results):
    def add(seed, *names):
        rows = [Row(name, "F1", float(seed)) for name in names]
        finish("word_alignment", rows, arguments(data="d").parse_args(["--add", "--seeds", str(seed)]))
        content = json.loads((results / "word_alignment.json").read_text(encoding="utf-8"))
        runs = [*content.get("earlier", []), content]
        seeds = {row["row"]: runs[(row["run"] or len(runs)) - 1]["seeds"] for row in content["rows"]}
        return seeds, [run["seeds"] for run in runs]

    assert add(5, "a", "b") == ({"a": [5], "b": [5]}, [[5]])
    assert add(6, "b", "c", "d") == ({"a": [5], "b": [6], "c": [6], "d": [6]}, [[5], [6]])
    assert add(7, "a", "c") == ({"a": [7], "b": [6], "c": [7], "d": [6]}, [[6], [7]])
    assert add(8, "b") == ({"a": [7], "b": [8], "c": [7], "d": [6]}, [[6], [7], [8]])


def test_two_rows_of_one_name_and_figure_are_refused(results):
    with pytest.raises(ValueError, match="two rows have the same name"):
        common.write_results("b", [Row("r", "f", 1.0), Row("r", "f", 2.0)], seeds=[])
    assert not results.exists()


def test_the_command_names_no_machine_path(tmp_path, monkeypatch):
    monkeypatch.setattr(common, "CHECKOUT", tmp_path / "checkout")
    argv = ["--data", str(tmp_path / "data"), f"--other={tmp_path / 'data'}", "--only", "zh en"]
    assert command_line("b", argv) == "python benchmarks/b.py --data ../data --other=../data --only 'zh en'"


def test_the_machine_is_described_without_its_name():
    described = machine()
    assert {"cpu", "cores", "memory_gb", "python", "spacy", "torch"} <= set(described)
    assert common.platform.node() not in json.dumps(described).split('"')


def test_only_selects_rows_by_a_part_of_their_name():
    args = arguments(data="d").parse_args(["--only", "zh"])
    assert wanted(args, "zh-en, trained")
    assert not wanted(args, "en-fr")


def test_data_is_required_unless_the_benchmark_has_a_default_or_none(capsys):
    with pytest.raises(SystemExit):
        arguments().parse_args([])
    assert "--data" in capsys.readouterr().err
    assert not hasattr(arguments(needs_data=False).parse_args([]), "data")
