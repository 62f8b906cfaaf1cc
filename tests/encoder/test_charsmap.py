import pytest
from hypothesis import given
from hypothesis import strategies as st
from tokenizers import normalizers

from spacy_xlre.encoder.charsmap import build_charsmap, with_compositions

characters = st.characters(exclude_characters="\0", exclude_categories=["Cs"])
replacements = st.dictionaries(characters, st.text(characters, max_size=4), min_size=1, max_size=50)


def normalise(text, table):
    return normalizers.Precompiled(build_charsmap(table)).normalize_str(text)


@given(replacements)
def test_each_character_becomes_its_replacement(table):
    normaliser = normalizers.Precompiled(build_charsmap(table))
    assert {char: normaliser.normalize_str(char) for char in table} == table


@given(replacements, characters)
def test_other_characters_stay(table, char):
    assert normalise(char, table) == table.get(char, char)


def test_replacements_apply_inside_text():
    assert normalise("ﬁne\tart\x07", {"ﬁ": "fi", "\t": " ", "\x07": ""}) == "fine art"


@pytest.mark.parametrize(("decomposed", "composed"), [("cafe\u0301", "café"), ("Zu\u0308rich", "Zürich")])
def test_a_letter_and_a_mark_are_composed(decomposed, composed):
    assert normalise(decomposed, with_compositions({"\t": " "})) == composed


def test_the_order_of_arabic_marks_stays():
    shadda_then_fatha = "د\u0651\u064e"
    assert normalise(shadda_then_fatha, with_compositions({"\t": " "})) == shadda_then_fatha


def test_what_compositions_give_is_replaced_too():
    assert with_compositions({"é": "e"})["e\u0301"] == "e"
