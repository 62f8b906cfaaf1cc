import math
import sys

import pytest

from spacy_xlre.corpus.filters import (
    LengthNorm,
    copied,
    empty,
    improbable,
    length_norm,
    load_identifier,
    log_ratio,
    near_key,
    unlike_length,
    wrong_language,
    wrong_script,
)
from spacy_xlre.errors import XlreError
from spacy_xlre.tokens import Bead, PairAlignment, get_segments, make_bitext


@pytest.mark.parametrize("text", ["", " \n", "… – 12 %", "😀 !", "\u0301"])
def test_a_text_without_a_letter_is_empty(text):
    assert empty(text) == "there is no letter in it"


@pytest.mark.parametrize("text", ["a", "12 км", "中", "ไ", "ا"])
def test_a_text_with_a_letter_is_not_empty(text):
    assert empty(text) is None


@pytest.mark.parametrize(
    ("text", "lang"),
    [
        ("The cat", "en"),
        ("Кошка", "ru"),
        ("猫が好き", "ja"),
        ("고양이 貓", "ko"),
        ("Mačka", "sr"),
        ("Мачка", "sr"),
        ("猫", "zh-Hant"),
        ("使用 Microsoft Windows 的 API", "zh"),
        ("the cat", "xx"),
        ("12", "ru"),
    ],
)
def test_a_text_in_a_script_of_its_language_is_right(text, lang):
    assert wrong_script(text, lang, 0.2) is None


@pytest.mark.parametrize(
    ("text", "lang"), [("The cat", "ru"), ("Кошка", "en"), ("cat", "ja"), ("Мачка", "sr-Latn"), ("猫が", "ar")]
)
def test_a_text_in_another_script_is_found(text, lang):
    assert wrong_script(text, lang, 0.2) == f"0% of its letters are of the script of {lang}"
    assert wrong_script(text, lang, 0.0) is None


def identify(text):
    return {"en": 0.05, "de": 0.9, "no": 0.03, "da": 0.02}


def test_a_text_that_looks_like_another_language_is_found():
    assert wrong_language("Hund", "en", identify, 0.1) == "it looks like de, not en"
    assert wrong_language("Hund", "de", identify, 0.1) is None
    assert wrong_language("Hund", "en", identify, 0.01) is None
    assert wrong_language("Hund", "en", identify, 0.0) is None
    assert wrong_language("Hund", "en", None, 0.1) is None


def test_a_language_stands_for_those_that_are_nearly_the_same():
    probs = {"no": 0.05, "da": 0.9, "de": 0.05}
    assert wrong_language("hund", "nb", lambda text: probs, 0.1) is None
    assert wrong_language("hund", "nb", lambda text: {**probs, "de": 0.9}, 0.1) == "it looks like de, not nb"


@pytest.mark.parametrize("lang", ["ja", "xx", "zh-Hant"])
def test_of_a_language_that_the_identifier_does_not_know_nothing_is_found(lang):
    assert wrong_language("Hund", lang, identify, 0.1) is None


def test_the_identifier_tells_languages_apart():
    pytest.importorskip("py3langid")
    found = load_identifier()
    assert wrong_language("Der Hund hat heute nicht geschlafen.", "en", found, 0.1) == "it looks like de, not en"
    assert wrong_language("Der Hund hat heute nicht geschlafen.", "de-CH", found, 0.1) is None
    assert wrong_language("狗今天没有睡觉。", "zh-TW", found, 0.1) is None


def test_a_missing_identifier_is_named_with_the_way_out(monkeypatch):
    monkeypatch.setitem(sys.modules, "py3langid", None)
    monkeypatch.setitem(sys.modules, "py3langid.langid", None)
    with pytest.raises(XlreError, match=r"X514.*spacy-xlre\[filter\].*--no-identify"):
        load_identifier()


@pytest.fixture
def sides(multilingual):
    return lambda **texts: get_segments(make_bitext(multilingual, texts)).values()


def test_a_copy_is_found(sides):
    assert copied(*sides(en="The dog has slept.", de="The dog has slept."), 0.4) == "100% of the words are the same"
    assert copied(*sides(en="The dog has slept.", de="The dog hat geschlafen."), 0.4) is None
    assert copied(*sides(en="a dog has slept", de="a dog schlecht gut"), 0.4) == "50% of the words are the same"
    assert copied(*sides(en="a dog has slept well", de="a dog has slept well"), 1.0) is None


def test_names_and_numbers_may_be_the_same(sides):
    assert copied(*sides(en="Angela Merkel, 1954", de="Angela Merkel, 1954"), 0.4) is None
    assert copied(*sides(en="the end", de="The end!"), 0.4) is None
    assert copied(*sides(en="the end", de="the end."), 0.4) == "the texts are the same"


def test_related_languages_may_share_more(sides):
    assert copied(*sides(da="en hund har sovet godt", nb="en hund har sovet bra"), 0.6) is None
    assert copied(*sides(da="en hund har sovet godt", de="en hund har sovet bra"), 0.6) is not None


def test_a_length_far_from_the_usual_is_found():
    norm = LengthNorm(0.0, 0.2)
    assert unlike_length("a" * 100, "b" * 120, norm, 2.5) is None
    assert unlike_length("a" * 100, "b" * 30, norm, 2.5) == "the target is much too short (4.4 spreads from usual)"
    assert "too long" in unlike_length("a" * 100, "b" * 400, norm, 2.5)
    assert unlike_length("a" * 100, "b" * 400, norm, math.inf) is None


def test_scripts_that_say_more_with_a_character_are_measured_so():
    assert abs(log_ratio("A dog did not sleep well today.", "狗今天没有睡好。")) < 0.2
    assert log_ratio("a b", "ab") == 0.0


def test_what_is_usual_is_the_corpus_own_with_enough_bitexts():
    assert length_norm([]) == LengthNorm()
    assert length_norm([0.5]).centre < 0.05
    assert length_norm([0.4, 0.5, 0.6] * 100).centre == pytest.approx(0.5, abs=0.05)
    assert length_norm([0.5] * 1000).spread == 0.15


def aligned(sides, *probs):
    source, target = sides(en="a b c d", de="e f g h")
    beads = [Bead((i, i + 1), (i, i + 1) if prob else (i, i), prob) for i, prob in enumerate(probs)]
    return PairAlignment(source, target, beads)


def test_the_mean_probability_counts_by_length_and_text_left_out_counts_as_nothing(sides):
    assert improbable(aligned(sides, 0.9, 0.5), 0.7, 0.0) is None
    assert improbable(aligned(sides, 0.9, 0.4), 0.7, 0.0) == "P(s,t) is 0.650"
    assert improbable(aligned(sides, 0.9, 0.0), 0.7, 0.0) == "P(s,t) is 0.600"
    assert improbable(aligned(sides, 0.9, 0.4), 0.5, 0.5) == "P(s,t) of a bead is 0.400"
    assert improbable(aligned(sides, 0.9, 0.0), 0.5, 0.5) is None


def test_without_an_alignment_nothing_is_improbable(sides):
    assert improbable(None, 1.0, 1.0) is None
    assert improbable(aligned(sides), 1.0, 1.0) is None


def test_texts_that_differ_in_case_spaces_and_punctuation_have_one_key():
    assert near_key("Hello,  World!") == near_key("hello world") == near_key("ＨＥＬＬＯ ｗｏｒｌｄ")
    assert near_key("hello 1") != near_key("hello 2")
    assert near_key("!?") != near_key("...")
