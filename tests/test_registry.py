"""Every name that setup.cfg registers is found by spaCy under that name."""

import configparser
from pathlib import Path
from typing import Iterator, Tuple

import pytest
import spacy
from spacy.util import registry

SETUP = Path(__file__).parent.parent / "setup.cfg"
# Registries that only packages of the ecosystem add, with the package that has to be imported first.
ADDED = {"span_getters": "spacy_transformers"}


def registered() -> Iterator[Tuple[str, str]]:
    setup = configparser.ConfigParser(delimiters=("=",), interpolation=None)
    setup.optionxform = str  # type: ignore[assignment, method-assign]
    setup.read(SETUP, encoding="utf-8")
    for group, lines in setup["options.entry_points"].items():
        for line in lines.strip().splitlines():
            if group.startswith("spacy_"):
                yield group.removeprefix("spacy_"), line.partition("=")[0].strip()


def test_something_is_registered():
    assert ("factories", "xlre_relation") in set(registered())


@pytest.mark.parametrize(("group", "name"), sorted(registered()))
def test_spacy_finds_it_by_name(group, name):
    if group in ADDED:
        pytest.importorskip(ADDED[group])
    if group == "factories":
        assert name in spacy.blank("xx").factories
    elif group == "cli":
        assert registry.cli.get_entry_point(name) is not None
    else:
        assert callable(registry.get(group, name))
