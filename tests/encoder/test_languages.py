import sys

import pytest

from spacy_xlre.encoder.languages import characters, piece_frequencies, scripts_of, word_frequencies
from spacy_xlre.errors import XlreError

VOCABULARY = [(piece, -5.0) for piece in ("a", "▁ö", "в", "京", "▁", "ab", "京都", "...", '▁",', "9", "１", "\u0301")]


@pytest.mark.parametrize(
    ("codes", "scripts"),
    [
        (["en", "de"], {"Latn"}),
        (["zh"], {"Hani"}),
        (["zh-Hant", "sr", "sr-Latn"], {"Hani", "Cyrl", "Latn"}),
        (["ja"], {"Hani", "Hira", "Kana"}),
        (["ko"], {"Hang", "Hani"}),
        (["th"], {"Thai"}),
    ],
)
def test_the_scripts_of_languages(codes, scripts):
    assert scripts_of(codes) == scripts


@pytest.mark.parametrize("code", ["qq", "english", "", "xx", "und", "mul"])
def test_a_code_that_names_no_language_is_refused(code):
    with pytest.raises(XlreError, match=rf"\[X010\] '{code}'"):
        scripts_of(["en", code])


def test_single_characters_of_the_scripts_and_punctuation_are_found():
    assert list(characters(VOCABULARY, {"Latn"})) == ["a", "▁ö", "▁", "...", '▁",', "9", "１", "\u0301"]
    assert list(characters(VOCABULARY, {"Hani"})) == ["京", "▁", "...", '▁",', "9", "１", "\u0301"]


def test_a_language_without_a_list_gets_no_neighbours_list():
    assert word_frequencies("sw", 10) is None
    assert list(word_frequencies("hr", 3)) == list(word_frequencies("sh", 3))
    assert len(word_frequencies("pt-BR", 10)) == 10


def test_pieces_of_frequent_words_are_found_with_capitals_and_inside_words(full_tokenizer, full_vocabulary):
    found = piece_frequencies(full_tokenizer, full_vocabulary, "de", 2000)
    assert found["▁haus"] < found["▁Haus"] + found["▁haus"]
    assert found["▁der"] > found["▁Der"] > found["der"] > 0
    # The list has "weiss" and "grosse".
    assert found["▁weiß"] > 1e-5
    assert found["▁große"] > 1e-5


def test_pieces_that_span_words_are_found_where_words_have_no_spaces(full_tokenizer, full_vocabulary):
    found = piece_frequencies(full_tokenizer, full_vocabulary, "zh", 3000)
    assert found["我们的"] > 1e-5
    assert "お金" not in found


def test_without_a_word_list_the_script_decides_where_words_have_no_spaces(full_tokenizer, full_vocabulary):
    found = piece_frequencies(full_tokenizer, full_vocabulary, "th", 3000)
    assert found["ประเทศ"] > 0
    assert piece_frequencies(full_tokenizer, full_vocabulary, "sw", 3000) is None


def test_greek_and_turkish_letters_that_folding_lost_are_back(full_tokenizer, full_vocabulary):
    assert "▁της" in piece_frequencies(full_tokenizer, full_vocabulary, "el", 100)
    assert "▁İlk" in piece_frequencies(full_tokenizer, full_vocabulary, "tr", 300)


def test_missing_wordfreq_is_reported_with_the_command_that_installs_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "wordfreq", None)
    with pytest.raises(XlreError, match=r'\[X208\].*pip install "spacy-xlre\[languages\]"'):
        word_frequencies("en", 10)
