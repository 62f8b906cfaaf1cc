import pytest
from hypothesis import given
from hypothesis import strategies as st

from spacy_xlre.kb.names import clean_name, fold, is_matchable
from spacy_xlre.kb.spelling import Spelling

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
    assert Spelling().key(one) == Spelling().key(other)


@pytest.mark.parametrize(
    ("one", "other"), [("Paris", "paris"), ("Ems", "Em"), ("Köln", "Koln"), ("St. Paul", "St Paul")]
)
def test_other_differences_make_another_name(one, other):
    assert Spelling().key(one) != Spelling().key(other)


@given(TEXTS)
def test_folding_keeps_the_length(text):
    assert len(fold(text)) == len(text)


SPELLINGS = st.builds(Spelling, st.sampled_from(["en", "ru", "tr", "ar", "fa", "de-AT"]), st.booleans(), st.booleans())


@given(TEXTS, SPELLINGS)
def test_a_key_is_its_own_key(text, spelling):
    assert spelling.key(spelling.key(text)) == spelling.key(text)


@given(TEXTS, SPELLINGS)
def test_a_spelling_keeps_the_length(text, spelling):
    assert len(spelling.fold(text)) == len(text)


@pytest.mark.parametrize(
    ("spelling", "one", "other"),
    [
        (Spelling("en", ignore_case=True), "NASA", "Nasa"),
        (Spelling("tr", ignore_case=True), "DİYARBAKIR", "Diyarbakır"),
        (Spelling("es", ignore_diacritics=True), "Ciudad de México", "Ciudad de Mexico"),
        (Spelling("fr", ignore_case=True, ignore_diacritics=True), "États-Unis", "etats-unis"),
        (Spelling("ru"), "Королёв", "Королев"),
        (Spelling("ar"), "أحمد", "احمد"),
    ],
)
def test_differences_that_do_not_count_in_a_language(spelling, one, other):
    assert spelling.key(one) == spelling.key(other)


@pytest.mark.parametrize(
    ("spelling", "one", "other"),
    [
        (Spelling("es", ignore_case=True), "México", "Mexico"),
        (Spelling("es", ignore_diacritics=True), "México", "méxico"),
        (Spelling("bg"), "ё", "е"),
        (Spelling("tr", ignore_case=True), "Isparta", "isparta"),
        (Spelling("ko", ignore_diacritics=True), "서울", "서우"),
    ],
)
def test_differences_that_count_in_a_language(spelling, one, other):
    assert spelling.key(one) != spelling.key(other)


def test_a_clean_name_keeps_its_characters():
    assert clean_name(" L’Équipe  1 ") == "L’Équipe 1"


@pytest.mark.parametrize("key", ["Paris", "U2", "X1a", "14-bis", "法", "あ", "K2 b", "吴哥"])
def test_names_with_letters_are_looked_for(key):
    assert is_matchable(key)


@pytest.mark.parametrize("key", ["1984", "X", "2:0", "é", "", "...", "7-7", "X."])
def test_numbers_and_letters_are_not_looked_for(key):
    assert not is_matchable(key)


@pytest.mark.parametrize(("key", "lang"), [("de", "fr"), ("He", "en"), ("the", "en-GB"), ("из", "ru"), ("us", "en")])
def test_stop_words_of_the_language_are_not_looked_for(key, lang):
    assert is_matchable(key)
    assert not is_matchable(key, lang)


@pytest.mark.parametrize(("key", "lang"), [("US", "en"), ("de", "en"), ("He Man", "en"), ("法", "zh"), ("de", "zz")])
def test_capitals_longer_names_and_words_of_other_languages_are_looked_for(key, lang):
    assert is_matchable(key, lang)
