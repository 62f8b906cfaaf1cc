"""`project.yml`: each step of a workflow finds what it needs, in the checkout or from a step before it."""

from pathlib import Path
from typing import Any, Dict

import pytest
from weasel.util.config import load_project_config

CHECKOUT = Path(__file__).resolve().parent.parent


def load(**variables: str) -> Dict[str, Any]:
    return load_project_config(CHECKOUT, overrides={f"vars.{name}": value for name, value in variables.items()})


@pytest.mark.parametrize("workflow", ["all", "own"])
def test_every_step_finds_what_it_needs(workflow):
    project = load()
    commands = {command["name"]: command for command in project["commands"]}
    made = set()
    for step in project["workflows"][workflow]:
        for needed in commands[step]["deps"]:
            assert needed in made or (CHECKOUT / needed).exists(), f"{step} needs {needed}"
        made.update(commands[step]["outputs"])


def test_your_own_files_take_the_place_of_the_corpus():
    own = {name: f"mine/{name}" for name in ("text", "entities", "facts", "properties")}
    project = load(**own)
    commands = {command["name"]: command for command in project["commands"]}
    needed = {path for step in project["workflows"]["own"] for path in commands[step]["deps"]}
    assert needed >= set(own.values())
    scripts = " ".join(line for step in project["workflows"]["own"] for line in commands[step]["script"])
    for path in own.values():
        assert path in scripts


def test_only_the_main_job_reads_gold_documents():
    project = load(text="mine/text")
    commands = {command["name"]: command for command in project["commands"]}
    for step in project["workflows"]["own"]:
        assert not any("dev.jsonl" in line or "test.jsonl" in line for line in commands[step]["script"])
