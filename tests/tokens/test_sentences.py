"""Sentence boundaries: nothing of the text is lost or moved, whatever the text."""

from typing import List

import pytest
import spacy
from hypothesis import given
from hypothesis import strategies as st

from spacy_xlre.tokens import split_sentences
from spacy_xlre.tokens.blank import blank_multilingual

NLP = spacy.blank("xx")
MULTILINGUAL = blank_multilingual()
# Marks, spaces of several bytes and digits, between which the splitter's own rules have slipped.
TRICKY = st.text(st.sampled_from("aB1 .!?。！？»”)\n\r\t\u2028\u00a0\u3000\u0301\u200d👍।؟"), max_size=40)
LANGS = st.sampled_from(
    ["en", "de", "fr", "zh", "ja", "th", "my", "hi", "ar", "zh-Hant", "pt-BR", "sr-Latn", "xx", "tlh"]
)


def sentences(text: str, lang: str) -> List[str]:
    return [text[start:end].strip() for start, end in split_sentences(text, lang)]


@given(st.one_of(TRICKY, st.text(st.characters(exclude_categories=["Cs"]))), LANGS)
def test_the_sentences_join_to_the_text(text, lang):
    ranges = split_sentences(text, lang)
    assert [position for start, end in ranges for position in range(start, end)] == list(range(len(text)))
    assert all(text[start:end].strip() for start, end in ranges) or not text.strip()


@given(TRICKY, LANGS)
def test_every_token_is_told_whether_it_starts_a_sentence(text, lang):
    doc = MULTILINGUAL.make_doc(text)
    ranges = split_sentences(doc, lang)
    assert [(sent.start, sent.end) for sent in doc.sents] == ranges if len(doc) else ranges == []


@pytest.mark.parametrize(
    ("lang", "expected"),
    [
        ("en", ["Mr. Smith came.", "He left."]),
        ("de", ["Das ist z. B. gut.", "Am 3. Oktober war es.", "Ja."]),
        ("fr", ["Il naquit en 40 av. J.-C. à Rome.", "Puis il partit."]),
        ("zh", ["他来了。", "1982年他走了！", "“好吗？”", "他说。"]),
        ("de", ["Sie gründeten Siemens.", "1867 schied er aus.", "Im 4. Jahrhundert war das so."]),
        ("hi", ["वह आया।", "वह गया।"]),
    ],
)
def test_sentences_end_where_a_reader_ends_them(lang, expected):
    text = ("" if lang == "zh" else " ").join(expected)
    assert sentences(text, lang) == expected


def test_an_empty_line_ends_a_sentence():
    assert sentences("A heading\n \nThe text", "en") == ["A heading", "The text"]


def test_a_script_that_the_splitter_panics_on_is_kept_whole(monkeypatch):
    class PanicException(BaseException):
        pass

    def panic(lang: str, text: str) -> List[str]:
        raise PanicException("byte index 6 is not a char boundary")

    monkeypatch.setattr("sentencex.segment", panic)
    assert sentences("One. Two.", "en") == ["One. Two."]


def test_an_interruption_is_no_panic(monkeypatch):
    def interrupt(lang: str, text: str) -> List[str]:
        raise KeyboardInterrupt

    monkeypatch.setattr("sentencex.segment", interrupt)
    with pytest.raises(KeyboardInterrupt):
        split_sentences("One. Two.", "en")


def test_spaces_belong_to_the_sentence_before_them():
    assert split_sentences("  One.  Two. ", "en") == [(0, 8), (8, 13)]


def test_a_boundary_inside_a_token_is_left_out():
    doc = spacy.tokens.Doc(NLP.vocab, words=["One.Two", "three", "."])
    assert split_sentences(doc, "en") == [(0, 3)]


def test_a_span_is_split_and_the_rest_left_alone():
    doc = NLP("Intro text. One here. Two there.")
    assert split_sentences(doc[3:], "en") == [(3, 6), (6, 9)]
    assert [token.is_sent_start for token in doc[:4]] == [True, None, None, True]
