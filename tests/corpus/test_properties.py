"""What a properties file says about labels."""

import json

import pytest

from spacy_xlre.corpus.properties import read_inverse, read_symmetric, read_types
from spacy_xlre.errors import XlreError

PROPERTIES = [
    {"id": "P361", "names": {"en": "part of"}, "inverse": "P527"},
    {"id": "P527", "names": {"en": "has part"}, "inverse": "P361"},
    {"id": "P26", "names": {"en": "spouse"}, "symmetric": True, "head_types": ["PER"], "tail_types": ["PER"]},
    {"id": "P19", "names": {"en": "place of birth"}, "inverse": None},
]


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "properties.jsonl"
    path.write_text("".join(json.dumps(prop) + "\n" for prop in PROPERTIES), encoding="utf-8")
    return str(path)


def test_types_symmetric_and_inverse_labels_are_read(path):
    assert read_types(path)["P26"] == {"head": ["PER"], "tail": ["PER"]}
    assert read_symmetric(path) == ["P26"]
    assert read_inverse(path) == {"P527": "P361"}


def test_a_line_that_is_no_property_is_named(tmp_path):
    path = tmp_path / "properties.jsonl"
    path.write_text('{"names": {}}\n', encoding="utf-8")
    with pytest.raises(XlreError, match="X505"):
        read_inverse(str(path))
