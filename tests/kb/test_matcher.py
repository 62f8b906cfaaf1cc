from pathlib import Path
from typing import Any, Callable, Dict, List, Sequence, Tuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from spacy.matcher import PhraseMatcher
from spacy.tokens import Doc

from spacy_xlre.kb import KnowledgeBase, MentionMatcher, build_kb
from spacy_xlre.kb.inflection import elision, endings
from spacy_xlre.kb.learned_inflection import Inflections
from spacy_xlre.kb.names import is_matchable
from spacy_xlre.kb.spelling import Spelling
from spacy_xlre.tokens.blank import blank_multilingual
from spacy_xlre.tokens.tokenizer import MultilingualTokenizer

from .conftest import write_jsonl, write_tsv

NLP = blank_multilingual()
KEY = Spelling().key
Find = Callable[..., List[str]]

NAMES: Dict[str, List[str]] = {
    "en": [
        "New York",
        "New York City",
        "York",
        "Paris",
        "iPhone",
        "the Hague",
        "Marie Curie",
        "1984",
        "X",
        "K2",
        "NASA",
    ],
    "de": ["Bach", "Johann Sebastian Bach", "Frankreich", "Hans", "Em", "Nordrhein-Westfalen", "Polen", "V-Fall"],
    "es": ["Mohamed V", "Ciudad de México", "Louis", "París"],
    "fr": ["Agnès Varda", "université de Paris", "L'Équipe", "musée de l'Ermitage", "Louis", "Paris", "Équipe"],
    "zh": ["加西亚·马尔克斯", "马尔克斯", "北京", "北京大学", "法", "美国", "霸王别姬", "NBA球星"],
    "th": ["กรุงเทพ"],
}


def make_kb(folder: Path, names: Dict[str, Sequence[str]], **policy: Any) -> KnowledgeBase:
    folder.mkdir(exist_ok=True)
    rows = [{"id": f"{lang}:{i}", "names": {lang: [name]}} for lang in names for i, name in enumerate(names[lang])]
    properties = write_jsonl(folder / "p.jsonl", [{"id": "P1"}])
    facts = write_tsv(folder / "f.tsv", [])
    entities = write_jsonl(folder / "e.jsonl", rows)
    return KnowledgeBase.open(build_kb(entities, facts, properties, folder / "kb", **policy).path)


@pytest.fixture(scope="module")
def names_kb(tmp_path_factory: pytest.TempPathFactory) -> KnowledgeBase:
    return make_kb(tmp_path_factory.mktemp("names"), NAMES)


@pytest.fixture
def find(names_kb: KnowledgeBase) -> Find:
    """Return the texts of the mentions in a text."""

    def run(lang: str, text: str, **settings: Any) -> List[str]:
        doc = NLP(text)
        return [doc[m.start : m.end].text for m in MentionMatcher(names_kb, lang, **settings)(doc)]

    return run


def test_a_mention_has_its_tokens_name_and_candidates(names_kb: KnowledgeBase):
    doc = NLP("He left New York for Paris.")
    first, second = MentionMatcher(names_kb, "en")(doc)
    assert (first.start, first.end, first.name, first.inflected) == (2, 4, "New York", False)
    assert first.candidates == [("en:0", 1.0)]
    assert doc[second.start : second.end].text == "Paris"


def test_the_longest_name_wins(find: Find):
    assert find("en", "New York City, New York and York") == ["New York City", "New York", "York"]
    assert find("zh", "北京大学在北京。") == ["北京大学", "北京"]
    assert find("zh", "加西亚·马尔克斯，马尔克斯") == ["加西亚·马尔克斯", "马尔克斯"]


def test_all_names_are_found_where_they_may_overlap(find: Find):
    everything = {"overlapping": True, "parts": True}
    assert find("en", "in New York City.", **everything) == ["New York City", "New York", "York"]
    assert find("zh", "北京大学在北京。", **everything) == ["北京大学", "北京", "北京"]
    assert find("fr", "l'université de Paris", **everything) == ["université de Paris", "Paris"]


@pytest.mark.parametrize("text", ["Yorkshire", "NewYork", "Parisian", "a comparison of parishes", "new york", "PARIS"])
def test_parts_of_words_and_other_cases_are_no_mentions(find: Find, text):
    assert find("en", f"It is {text} here") == []


@pytest.mark.parametrize("text", ["(Paris)", "Paris's", "Paris’s", "«Paris», he", "Paris-based", "Paris/London"])
def test_marks_beside_a_name_do_not_hide_it(find: Find, text):
    assert find("en", f"It is {text}") == ["Paris"]


def test_names_in_scripts_without_spaces_are_found_in_running_text(find: Find):
    assert find("zh", "他在北京看NBA球星的比赛") == ["北京", "NBA球星"]
    assert find("th", "เขาอยู่กรุงเทพครับ") == ["กรุงเทพ"]


@pytest.mark.parametrize(
    ("lang", "text", "expected"),
    [
        ("en", "New\u00a0York", ["New\u00a0York"]),
        ("en", "New  York", ["New  York"]),
        ("en", "New\nYork", ["New\nYork"]),
        ("en", "New\r\n  York", ["New\r\n  York"]),
        ("en", "New\n\nYork", ["York"]),
        ("fr", "dans L’Équipe", ["L’Équipe"]),
        ("fr", "de Agne\u0300s Varda", ["Agne\u0300s Varda"]),
        ("de", "in Nordrhein‑Westfalen", ["Nordrhein‑Westfalen"]),
        ("zh", "加西亚・马尔克斯", ["加西亚・马尔克斯"]),
        ("zh", "加西亚•马尔克斯", ["加西亚•马尔克斯"]),
    ],
)
def test_spellings_of_marks_and_spaces_do_not_matter(find: Find, lang, text, expected):
    assert find(lang, text) == expected


@pytest.mark.parametrize(
    ("lang", "text", "expected"),
    [
        ("de", "das Grab Bachs in Polens Mitte", ["Bachs", "Polens"]),
        ("de", "Johann Sebastian Bachs Werk", ["Johann Sebastian Bachs"]),
        ("de", "Hans' Buch", ["Hans"]),
        ("de", "Bachstraße und Bächlein", []),
        ("de", "in Ems", []),
        ("es", "su padre, Mohamed V.", ["Mohamed V."]),
        ("en", "the Pariss", []),
    ],
)
def test_a_name_may_have_an_ending_of_the_language(find: Find, lang, text, expected):
    assert find(lang, text) == expected


def test_an_ending_is_told(names_kb: KnowledgeBase):
    (mention,) = MentionMatcher(names_kb, "de")(NLP("Frankreichs Süden"))
    assert (mention.name, mention.inflected) == ("Frankreich", True)


def test_endings_can_be_turned_off(find: Find):
    assert find("de", "das Grab Bachs in Polen", inflection=False) == ["Polen"]


def test_a_name_after_an_elision_is_found_without_it(find: Find):
    assert find("fr", "un film d’Agnès Varda et l'université de Paris") == ["Agnès Varda", "université de Paris"]


def test_without_elisions_in_the_tokenizer_the_whole_tokens_are_the_mention(names_kb: KnowledgeBase):
    doc = MultilingualTokenizer(NLP.vocab)("un film d'Agnès Varda")
    (mention,) = MentionMatcher(names_kb, "fr")(doc)
    assert doc[mention.start : mention.end].text == "d'Agnès Varda"
    assert (mention.name, mention.inflected) == ("Agnès Varda", True)
    assert MentionMatcher(names_kb, "fr", inflection=False)(doc) == []


@pytest.mark.parametrize("word", ["aujourd'hui", "O'Brien", "d'", "'Agnès", "Agnès"])
def test_other_apostrophes_are_no_elisions(word):
    assert elision(word, "fr") is None


def test_elisions_are_those_of_the_language():
    assert elision("qu'Alice", "fr-CA") == "qu'"
    assert elision("dell'Arno", "it") == "dell'"
    assert elision("dell'Arno", "fr") is None
    assert elision("d'Agnès", "en") is None


def test_variants_of_a_language_take_its_endings():
    assert endings("de-AT") == endings("de") != ()
    assert endings("zh") == ()


@pytest.mark.parametrize(
    ("lang", "text", "expected"),
    [
        ("fr", "Université de Paris.", ["Université de Paris"]),
        ("fr", "Il sort. Université de Paris", ["Université de Paris"]),
        ("fr", "« Université de Paris »", ["Université de Paris"]),
        ("fr", "Il\n\nUniversité de Paris", ["Université de Paris"]),
        ("fr", "la Université de Lyon", []),
        ("fr", "la Université de Paris", ["Paris"]),
        ("en", "The Hague is a city; The Hague", ["The Hague"]),
        ("en", "IPhone", ["IPhone"]),
    ],
)
def test_a_name_in_lower_case_is_found_capitalised_where_a_sentence_begins(find: Find, lang, text, expected):
    assert find(lang, text) == expected


def test_numbers_and_letters_are_not_looked_for_but_han_characters_are(find: Find):
    assert find("en", "In 1984 X met K2") == ["K2"]
    assert find("zh", "法美") == ["法"]


@pytest.mark.parametrize(
    ("lang", "text", "expected"),
    [
        ("fr", "chez Louis Pasteur", []),
        ("fr", "Louis Pasteur dit", []),
        ("fr", "Bon Louis dort", ["Louis"]),
        ("fr", "chez Jean Louis", []),
        ("fr", "chez Mme Louis", ["Louis"]),
        ("es", "con Sr. Louis", ["Louis"]),
        ("fr", "Paris, Texas", ["Paris"]),
        ("es", "el pobre Louis vive", ["Louis"]),
        ("de", "der Komponist Bach Werke", ["Bach"]),
        ("zh", "《北京人》", []),
        ("zh", "《北京》", ["北京"]),
        ("zh", "《大北京》和美国", ["美国"]),
        ("zh", "《霸王别姬》在北京", ["霸王别姬", "北京"]),
    ],
)
def test_a_name_that_is_plainly_part_of_a_longer_one_is_left_out(find: Find, lang, text, expected):
    assert find(lang, text) == expected


def test_parts_of_names_can_be_kept(find: Find):
    assert find("fr", "chez Louis Pasteur", parts=True) == ["Louis"]
    assert find("zh", "《北京人》", parts=True) == ["北京"]


def test_all_candidates_of_an_ambiguous_name_are_kept(kb: KnowledgeBase):
    (mention,) = MentionMatcher(kb, "en")(NLP("He met Curie"))
    assert mention.candidates == kb.candidates("Curie", "en")
    assert len(mention.candidates) == 2


def test_indices_of_mentions_in_a_span_are_those_of_the_doc(names_kb: KnowledgeBase):
    doc = NLP("Paris and New York and Paris")
    matcher = MentionMatcher(names_kb, "en")
    assert [(m.start, m.end) for m in matcher(doc[1:5])] == [(2, 4)]
    assert [(m.start, m.end) for m in matcher(doc[3:6])] == [(3, 4), (5, 6)]
    assert matcher(doc[1:1]) == []


def test_a_variant_of_a_language_finds_the_languages_names(find: Find):
    assert find("en-GB", "Paris") == ["Paris"]


def test_a_language_without_names_has_no_mentions(find: Find):
    assert find("tr", "Paris") == []


def test_an_empty_doc_has_no_mentions(find: Find):
    assert find("en", "") == []
    assert find("en", " \n ") == []


PIECES = st.sampled_from(
    [
        *(
            "New",
            "York",
            "City",
            "Paris",
            "s",
            "'",
            "’",
            " ",
            "  ",
            "\n",
            "\n\n",
            ".",
            "-",
            "·",
            "《",
            "》",
            "d'",
            "Agnès",
        ),
        *(
            "北",
            "京",
            "大学",
            "马尔克斯",
            "加西亚",
            "Bach",
            "Johann",
            "Sebastian",
            "université",
            "Université",
            "de",
            "L",
        ),
        *("Varda", "Équipe", "e\u0301", "the", "The", "Hague", "x", "กรุงเทพ", "1984", "Mohamed", "V", "\u00a0"),
    ]
)
TEXTS = st.lists(PIECES, max_size=14).map("".join)
LANGS = st.sampled_from(sorted(NAMES))


@given(text=TEXTS, lang=LANGS, inflection=st.booleans(), parts=st.booleans())
@settings(max_examples=400, deadline=None)
def test_mentions_are_names_on_token_boundaries_in_order_without_overlap(names_kb, text, lang, inflection, parts):
    doc = NLP(text)
    end = 0
    for mention in MentionMatcher(names_kb, lang, inflection=inflection, parts=parts)(doc):
        assert end <= mention.start < mention.end <= len(doc)
        end = mention.end
        assert mention.name in {KEY(name) for name in NAMES[lang]}
        assert is_matchable(mention.name, lang)
        found = KEY(doc[mention.start : mention.end].text)
        if mention.inflected:
            assert mention.name.lower() in found.lower()
            assert len(found) - len(mention.name) <= len("jusqu'") + len("es")
        else:
            assert found == mention.name


@given(text=TEXTS, lang=LANGS)
@settings(max_examples=200, deadline=None)
def test_what_is_found_without_overlap_is_among_all_names(names_kb, text, lang):
    doc = NLP(text)
    some = MentionMatcher(names_kb, lang, parts=True)(doc)
    everything = MentionMatcher(names_kb, lang, parts=True, overlapping=True)(doc)
    spans = [(mention.start, -mention.end) for mention in everything]
    assert spans == sorted(set(spans))
    assert all(mention in everything for mention in some)


@given(text=TEXTS, lang=LANGS)
@settings(max_examples=200, deadline=None)
def test_no_longer_name_begins_where_a_mention_begins(names_kb, text, lang):
    doc = NLP(text)
    for mention in MentionMatcher(names_kb, lang, inflection=False, parts=True)(doc):
        for end in range(mention.end + 1, len(doc) + 1):
            longer = doc[mention.start : end].text
            if "\n\n" not in longer and KEY(longer) != mention.name:
                assert names_kb.candidates(longer, lang) == []


@given(words=st.lists(st.sampled_from([*" ".join(NAMES["en"]).split(), "in", ",", "the"]), max_size=12))
@settings(max_examples=200, deadline=None)
def test_matches_are_those_of_the_phrase_matcher(names_kb, words):
    """What spaCy's `PhraseMatcher` finds, once overlaps are sorted out from the left, the longest first."""
    phrases = PhraseMatcher(NLP.vocab)
    phrases.add("name", [NLP.make_doc(name) for name in NAMES["en"] if is_matchable(name)])
    doc = Doc(NLP.vocab, words=["Is", *words])
    expected: List[Tuple[int, int]] = []
    for _, start, end in sorted(phrases(doc), key=lambda match: (match[1], -match[2])):
        if not expected or start >= expected[-1][1]:
            expected.append((start, end))
    matcher = MentionMatcher(names_kb, "en", inflection=False, parts=True)
    assert [(mention.start, mention.end) for mention in matcher(doc)] == expected


def texts(kb: KnowledgeBase, lang: str, text: str) -> List[str]:
    doc = NLP(text)
    return [doc[mention.start : mention.end].text for mention in MentionMatcher(kb, lang)(doc)]


def test_capitals_and_diacritics_count_unless_a_knowledge_base_says_otherwise(tmp_path: Path):
    names = {"en": ["Paris"], "es": ["México"], "ru": ["Королёв"]}
    strict = make_kb(tmp_path / "strict", names)
    lenient = make_kb(tmp_path / "lenient", names, ignore_case=["en"], ignore_diacritics=["es"])
    for lang, text, found in (("en", "in PARIS", "PARIS"), ("es", "en Mexico", "Mexico")):
        assert texts(strict, lang, text) == []
        assert texts(lenient, lang, text) == [found]
    assert texts(strict, "ru", "Был Королев тут.") == ["Королев"]
    assert lenient.candidates("paris", "en") == [("en:0", 1.0)]
    assert strict.candidates("paris", "en") == []


def test_inflected_forms_are_found_and_mean_less_than_names(tmp_path: Path):
    table = tmp_path / "inflections.tsv"
    Inflections({"ru": {(("н", "на"),): 5, (("н", "на"), ("н", "на")): 3}}).write(table)
    names = {"ru": ["Алан Бин", "Лондон", "Бин", "Бина"]}
    kb = make_kb(tmp_path, names, inflections=table)
    assert texts(kb, "ru", "Алана Бина видели у Лондона.") == ["Алана Бина", "Лондона"]
    assert kb.candidates("Лондона", "ru") == [("ru:1", 1.0)]
    by_prior = dict(kb.candidates("Бина", "ru"))
    assert by_prior["ru:3"] == pytest.approx(10 * by_prior["ru:2"])
    assert kb.manifest.languages["ru"]["inflected"] == 2
    assert kb.entity("ru:1").names == {"ru": ("Лондон",)}
