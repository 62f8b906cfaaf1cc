"""What a properties file says about labels."""

import json

import pytest

from spacy_xlre.corpus.properties import read_inverse, read_symmetric, read_types
from spacy_xlre.errors import XlreError
from spacy_xlre.tokens.directions import Directions

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


@pytest.mark.parametrize(
    ("pairs", "expected"),
    [
        ([("P1", "P1")], {}),
        ([("P361", "P527"), ("P527", "P361"), ("P1", "P361")], {"P527": "P361"}),
        ([("P1", "P361"), ("P361", "P527"), ("P527", "P361")], {"P361": "P1"}),
        ([("P1", "P2"), ("P3", "P1")], {"P2": "P1"}),
    ],
)
def test_inverse_labels_form_no_chain_whatever_the_file_says(tmp_path, pairs, expected):
    path = tmp_path / "properties.jsonl"
    rows = [{"id": one, "names": {"en": one}, "inverse": other} for one, other in pairs]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    assert read_inverse(str(path)) == expected
    Directions(frozenset(), read_inverse(str(path)))
