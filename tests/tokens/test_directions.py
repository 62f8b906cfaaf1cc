"""Symmetric and inverse labels are written in one way."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spacy_xlre.errors import XlreError
from spacy_xlre.tokens.directions import Directions

DIRECTIONS = Directions(frozenset({"spouse", "borders"}), {"has part": "part of", "married to": "spouse"})


@pytest.mark.parametrize(
    ("label", "head_first", "expected"),
    [
        ("born in", True, ("born in", False)),
        ("born in", False, ("born in", False)),
        ("spouse", True, ("spouse", False)),
        ("spouse", False, ("spouse", True)),
        ("has part", True, ("part of", True)),
        ("has part", False, ("part of", True)),
        ("married to", True, ("spouse", False)),
        ("married to", False, ("spouse", True)),
    ],
)
def test_each_relation_has_one_form(label, head_first, expected):
    assert DIRECTIONS.canonical(label, head_first) == expected


@given(st.sampled_from(["born in", "spouse", "has part", "part of", "married to", "borders"]), st.booleans())
def test_the_one_form_stays_as_it_is(label, head_first):
    once, turned = DIRECTIONS.canonical(label, head_first)
    assert DIRECTIONS.canonical(once, head_first != turned) == (once, False)


def test_chains_of_inverse_labels_are_refused():
    with pytest.raises(XlreError, match=r"X312.*'a' is replaced by 'b', which is replaced by 'c'"):
        Directions(inverse={"a": "b", "b": "c"})
