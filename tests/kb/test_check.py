"""Looking a knowledge base over."""

import json
import sqlite3

import pytest
from typer.testing import CliRunner

from spacy_xlre.cli.plugin import app
from spacy_xlre.errors import XlreError
from spacy_xlre.kb.build import build_kb
from spacy_xlre.kb.check import check_kb
from spacy_xlre.kb.schema import DATABASE

ENTITIES = [
    {"id": "a", "type": "PER", "names": {"en": ["Ada", "1984"]}},
    {"id": "l", "type": "LOC", "names": {"en": ["London"]}},
    {"id": "p", "type": "LOC", "names": {"en": ["Paris"]}},
    {"id": "n", "type": "LOC", "names": {}},
]
PROPERTIES = [
    {"id": "born", "head_types": ["PER"], "tail_types": ["LOC"], "functional": True},
    {"id": "unused"},
]


def build(tmp_path, facts, entities=ENTITIES, properties=PROPERTIES):
    for name, records in (("entities.jsonl", entities), ("properties.jsonl", properties)):
        (tmp_path / name).write_text("".join(json.dumps(record) + "\n" for record in records))
    (tmp_path / "facts.tsv").write_text("".join("\t".join(fact) + "\n" for fact in facts))
    build_kb(*(tmp_path / name for name in ("entities.jsonl", "facts.tsv", "properties.jsonl")), tmp_path / "kb")
    return tmp_path / "kb"


def test_a_sound_one_has_no_findings(tmp_path):
    entities = [{**ENTITIES[0], "names": {"en": ["Ada"]}}, *ENTITIES[1:3]]
    assert check_kb(build(tmp_path, [("a", "born", "l")], entities, PROPERTIES[:1])) == []


def test_contradictions_and_unused_parts_are_counted_with_an_example(tmp_path):
    kb = build(tmp_path, [("a", "born", "l"), ("a", "born", "p"), ("l", "born", "p")])
    found = {finding.what: (finding.count, finding.example) for finding in check_kb(kb)}
    assert found == {
        "facts of born whose head is no PER": (1, "l born p"),
        "subjects of born, which is functional, with several objects": (1, "a with 2"),
        "entities without a name": (1, "n"),
        "properties without facts": (1, "unused"),
        "names in en that are never looked for": (1, "'1984' or 'X'"),
    }


def test_a_store_that_lost_rows_or_bytes_is_damaged(tmp_path):
    kb = build(tmp_path, [("a", "born", "l")])
    database = kb / "1" / DATABASE
    with sqlite3.connect(database) as db:
        db.execute("DELETE FROM facts")
    with pytest.raises(XlreError, match=r"X102.*0 facts instead of 1"):
        check_kb(kb)
    database.write_bytes(database.read_bytes()[:5000])
    with pytest.raises(XlreError, match="X102"):
        check_kb(kb)


def test_the_commands_say_so(tmp_path):
    kb = build(tmp_path, [("a", "born", "l"), ("l", "born", "p")])
    result = CliRunner().invoke(app, ["kb", "check", str(kb)])
    assert result.exit_code == 0
    assert "1 facts of born whose head is no PER" in " ".join(result.output.split())
    assert CliRunner().invoke(app, ["kb", "check", str(tmp_path)]).exit_code == 1
