import pytest
from hypothesis import given
from hypothesis import strategies as st

from spacy_xlre.kb.names import clean_name, fold, is_matchable, name_key

TEXTS = st.text(st.characters(exclude_categories=["Cs"]))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("L’Équipe", "L'Équipe"),
        ("Mexiko‑Stadt", "Mexiko-Stadt"),
        ("New\u00a0York", "New York"),
        (" New  York\t", "New York"),
        ("Agne\u0300s", "Agnès"),
        ("加西亚・马尔克斯", "加西亚·马尔克斯"),
    ],
)
def test_spellings_of_one_name_have_one_key(one, other):
    assert name_key(one) == name_key(other)


@pytest.mark.parametrize(
    ("one", "other"), [("Paris", "paris"), ("Ems", "Em"), ("Köln", "Koln"), ("St. Paul", "St Paul")]
)
def test_other_differences_make_another_name(one, other):
    assert name_key(one) != name_key(other)


@given(TEXTS)
def test_folding_keeps_the_length(text):
    assert len(fold(text)) == len(text)


@given(TEXTS)
def test_a_key_is_its_own_key(text):
    assert name_key(name_key(text)) == name_key(text)


def test_a_clean_name_keeps_its_characters():
    assert clean_name(" L’Équipe  1 ") == "L’Équipe 1"


@pytest.mark.parametrize("key", ["Paris", "U2", "X1a", "14-bis", "法", "あ", "K2 b", "吴哥"])
def test_names_with_letters_are_looked_for(key):
    assert is_matchable(key)


@pytest.mark.parametrize("key", ["1984", "X", "2:0", "é", "", "...", "7-7", "X."])
def test_numbers_and_letters_are_not_looked_for(key):
    assert not is_matchable(key)
