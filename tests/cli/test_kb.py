import json
from pathlib import Path
from typing import List

import pytest
from typer.testing import CliRunner

from spacy_xlre.cli import kb as kb_commands  # noqa: F401  registers the commands
from spacy_xlre.cli.app import app
from spacy_xlre.errors import XlreError
from spacy_xlre.kb import KnowledgeBase

ENTITIES = [
    {"id": "curie", "type": "PER", "names": {"en": ["Marie Curie"], "de": ["Marie Curie"]}},
    {"id": "warsaw", "type": "LOC", "names": {"en": ["Warsaw"], "de": ["Warschau"]}},
    {"id": "warsaw-indiana", "type": "LOC", "names": {"en": ["Warsaw"]}},
]


@pytest.fixture
def arguments(tmp_path: Path) -> List[str]:
    """Source files and the destination, as `kb build` takes them."""
    (tmp_path / "e.jsonl").write_text("\n".join(map(json.dumps, ENTITIES)))
    (tmp_path / "f.tsv").write_text("curie\tP19\twarsaw\n")
    (tmp_path / "p.jsonl").write_text('{"id": "P19", "names": {"en": "place of birth"}, "head_types": ["PER"]}\n')
    return [str(tmp_path / name) for name in ("e.jsonl", "f.tsv", "p.jsonl", "kb")]


def run(*words: str, exit_code: int = 0) -> str:
    result = CliRunner().invoke(app, ["kb", *words])
    assert result.exit_code == exit_code, result.output
    return " ".join(result.output.split())


def test_build_says_what_it_took_over(arguments: List[str]):
    output = run("build", *arguments)
    assert "3 entities, 5 names, 1 properties, 1 facts; 0 rejected" in output
    assert KnowledgeBase.open(arguments[-1]).languages == ("de", "en")


def test_build_says_what_it_left_out_and_where_to_look(arguments: List[str], tmp_path: Path):
    with (tmp_path / "f.tsv").open("a") as file_:
        file_.write("curie\tP19\tatlantis\ncurie\tP19\twarsaw\n")
    rejects = tmp_path / "rejects.tsv"
    output = run("build", *arguments, "--rejects", str(rejects))
    assert "2 rejected" in output
    assert "unknown entity: 1; duplicate fact: 1" in output
    assert len(rejects.read_text().splitlines()) == 3


def test_info_shows_counts_by_language_and_property(arguments: List[str]):
    run("build", *arguments)
    output = run("info", arguments[-1])
    assert "entities 3" in output
    assert "en 3 2 0 1 0" in output
    assert "P19 place of birth 1 PER any" in output


def test_query_shows_every_candidate_with_its_facts(arguments: List[str]):
    run("build", *arguments)
    output = run("query", arguments[-1], "Warsaw", "--lang", "en")
    assert output.index("warsaw LOC prior 0.67") < output.index("warsaw-indiana LOC prior 0.33")
    assert "curie P19 warsaw" in output
    assert "de Warschau" in output


def test_query_takes_an_id(arguments: List[str]):
    run("build", *arguments)
    assert "curie P19 warsaw" in run("query", arguments[-1], "curie", "--lang", "en")


def test_query_for_an_unknown_name_or_language_ends_with_one_message(arguments: List[str]):
    run("build", *arguments)
    assert "[X108]" in run("query", arguments[-1], "Atlantis", "--lang", "en", exit_code=1)
    assert "[X107]" in run("query", arguments[-1], "Warsaw", "--lang", "fr", exit_code=1)


@pytest.mark.parametrize("words", [["info"], ["query", "Warsaw", "--lang", "en"]])
def test_a_folder_that_is_no_knowledge_base_ends_with_one_message(tmp_path: Path, words: List[str]):
    output = run(words[0], str(tmp_path), *words[1:], exit_code=1)
    assert "[X101]" in output
    assert "Traceback" not in output


def test_a_file_with_broken_utf8_ends_with_one_message_and_leaves_the_old_one(arguments: List[str], tmp_path: Path):
    run("build", *arguments)
    (tmp_path / "f.tsv").write_bytes(b"curie\tP19\twarsaw\ncurie\tP19\tK\xf6ln\n")
    output = run("build", *arguments, exit_code=1)
    assert "[X001]" in output
    assert "f.tsv, line 2" in output
    assert run("query", arguments[-1], "Warsaw", "--lang", "de", exit_code=1)
    assert "curie P19 warsaw" in run("query", arguments[-1], "Warschau", "--lang", "de")


def test_an_interrupted_build_says_that_it_can_be_repeated(arguments: List[str], monkeypatch: pytest.MonkeyPatch):
    def interrupt(*args: object, **kwargs: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("spacy_xlre.kb.build.build_kb", interrupt)
    assert "kb build: interrupted" in run("build", *arguments, exit_code=1)


def test_messages_of_errors_are_one_line(arguments: List[str]):
    with pytest.raises(XlreError) as error:
        KnowledgeBase.open(arguments[-1])
    assert "\n" not in str(error.value)
