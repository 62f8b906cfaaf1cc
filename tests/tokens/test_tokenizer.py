import pickle
import sys
import unicodedata
from pathlib import Path
from typing import Callable, List

import pytest
import regex
import spacy
from hypothesis import example, given, settings
from hypothesis import strategies as st
from spacy.language import Language
from spacy.symbols import ORTH

from spacy_xlre.errors import XlreError
from spacy_xlre.tokens.scripts import UNSPACED_SCRIPTS, has_unspaced, split_clusters, split_runs
from spacy_xlre.tokens.tokenizer import MultilingualTokenizer

NAME = "spacy_xlre.MultilingualTokenizer.v1"
XX = spacy.blank("xx")
PLAIN = MultilingualTokenizer(XX.vocab)
ELISIONS = MultilingualTokenizer(XX.vocab, elisions=True)
IN_PAIRS = MultilingualTokenizer(XX.vocab, segmenter=lambda run: [run[i : i + 2] for i in range(0, len(run), 2)])

# Characters that are likely to stand where tokens meet, beside any others.
ALPHABET = st.one_of(
    st.sampled_from(
        "ab'’.,-«» \u00a0\t\n\u3000\u2028中文かなーｱﾞกำไทยເກົ່າខ្មែរမြန်မာ\u0301\u200d\ufe0f👩👩🏽🇩🇪\u0600\u0e31\x00\x1c\x85"
    ),
    st.characters(exclude_categories=["Cs"]),
)
TEXTS = st.text(ALPHABET, max_size=30)


def words(tokenizer: MultilingualTokenizer, text: str) -> List[str]:
    return [token.text for token in tokenizer(text)]


@pytest.mark.parametrize("tokenizer", [PLAIN, ELISIONS, IN_PAIRS], ids=["plain", "elisions", "segmenter"])
@given(text=TEXTS)
@example("")
@example("   ")
@example(" 中 ")
@example("中 文  a\n\n中")
@example("👩\u200d👩\u200d👧中👩\u200d👧")
@example("\u0301中\u0301\u0301 \u0301")
@example("\x00中\x1c\x1f文")
@settings(max_examples=300, deadline=None)
def test_text_of_the_doc_is_the_text(tokenizer, text):
    assert tokenizer(text).text == text


@given(text=st.text(ALPHABET, max_size=30).filter(lambda text: not has_unspaced(text)))
@settings(max_examples=300, deadline=None)
def test_text_without_unspaced_scripts_is_tokenized_as_by_xx(text):
    expected = [(token.text, token.whitespace_) for token in XX.tokenizer(text)]
    assert [(token.text, token.whitespace_) for token in PLAIN(text)] == expected


@given(text=st.text(ALPHABET, max_size=20).filter(lambda text: not has_unspaced(text)))
@settings(max_examples=200, deadline=None)
def test_text_around_a_chunk_of_chinese_is_tokenized_as_by_xx(text):
    """Whitespace between tokens, and who owns it, does not depend on a Chinese word at the end of the text."""
    expected = [(token.text, token.whitespace_) for token in XX.tokenizer(f"{text} x {text}")]
    found = [(token.text.replace("中", "x"), token.whitespace_) for token in PLAIN(f"{text} 中 {text}")]
    assert found == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("小明1967年生于北京。", ["小", "明", "1967", "年", "生", "于", "北", "京", "。"]),
        ("加夫列尔·加西亚", ["加", "夫", "列", "尔", "·", "加", "西", "亚"]),
        ("彼は東京で“OK,”と言った", ["彼", "は", "東", "京", "で", "“", "OK", ",", "”", "と", "言", "っ", "た"]),
        ("ラーメン", ["ラ", "ー", "メ", "ン"]),
        ("か\u3099く", ["か\u3099", "く"]),
        ("葛\U000e0100城", ["葛\U000e0100", "城"]),
        ("กำลังดื่มน้ำ", ["กำ", "ลั", "ง", "ดื่", "ม", "น้ำ"]),
        ("ພາສາລາວ", ["ພ", "າ", "ສ", "າ", "ລ", "າ", "ວ"]),
    ],
)
def test_a_script_without_spaces_gives_one_token_a_grapheme_cluster(text, expected):
    assert words(PLAIN, text) == expected


@pytest.mark.parametrize("text", ["ខ្មែរអង្គរ", "မြန်မာနိုင်ငံ", "ประเทศไทย", "ປະເທດລາວ", "日本語ﾃｽﾄ"])
def test_clusters_are_those_of_unicode(text):
    assert words(PLAIN, text) == regex.findall(r"\X", text)


def test_words_in_other_scripts_inside_chinese_keep_the_rules_of_xx():
    assert words(PLAIN, "他买了iPhone-15，花了$1,000（约合7000元）") == [
        *("他", "买", "了", "iPhone-15", "，", "花", "了", "$", "1,000", "（", "约", "合", "7000", "元", "）")
    ]


@pytest.mark.parametrize(
    "text", [":)", "http://example.org/a?b=c", "don't", "l'homme", "U.S.", "10km", "a--b", "(C++)"]
)
def test_exceptions_and_urls_of_xx_are_kept(text):
    assert words(PLAIN, text) == [token.text for token in XX.tokenizer(text)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("d'Agnès", ["d'", "Agnès"]),
        ("L’ONU", ["L’", "ONU"]),
        ("qu’Alice", ["qu’", "Alice"]),
        ("jusqu'en", ["jusqu'", "en"]),
        ("dell'Arno", ["dell'", "Arno"]),
        ("l'«Œuvre", ["l'", "«Œuvre"]),
        ("(d'El", ["(", "d'", "El"]),
        ("aujourd'hui", ["aujourd'hui"]),
        ("don't", ["don't"]),
        ("O'Brien", ["O'Brien"]),
        ("l''x", ["l''x"]),
    ],
)
def test_elisions_are_split_if_asked_for(text, expected):
    assert words(ELISIONS, text) == expected


def test_elisions_are_kept_whole_by_default():
    assert words(PLAIN, "d'Agnès") == ["d'Agnès"]


def test_a_segmenter_gets_each_run_of_unspaced_text():
    runs = []

    def segmenter(run: str) -> List[str]:
        runs.append(run)
        return [run[:2], "", run[2:]]

    tokenizer = MultilingualTokenizer(XX.vocab, segmenter=segmenter)
    assert words(tokenizer, "在北京，Tokyo 東京で。") == ["在北", "京", "，", "Tokyo", "東京", "で", "。"]
    assert runs == ["在北京", "東京で"]


def test_a_segmenter_that_changes_the_text_is_an_error():
    tokenizer = MultilingualTokenizer(XX.vocab, segmenter=lambda run: ["北", "平"])
    with pytest.raises(XlreError, match=r"\[X012\] .*北京"):
        tokenizer("北京")


@pytest.mark.parametrize(
    ("text", "code", "position"), [("a b\ud800c", "D800", 3), ("中 文\udfff", "DFFF", 3), ("中 a\udc80", "DC80", 3)]
)
def test_half_of_a_surrogate_pair_is_an_error_that_says_where(text, code, position):
    with pytest.raises(XlreError, match=rf"\[X011\] .*U\+{code}\) at character {position}:"):
        PLAIN(text)


@pytest.mark.parametrize("script", UNSPACED_SCRIPTS)
def test_the_written_out_ranges_hold_every_letter_of_the_script(script):
    member = regex.compile(rf"\p{{Script={script}}}")
    letters = (chr(code) for code in range(sys.maxunicode + 1) if not 0xD800 <= code < 0xE000)
    missing = [c for c in letters if unicodedata.category(c)[0] in "LN" and member.match(c) and not has_unspaced(c)]
    assert missing == []


@pytest.mark.parametrize("text", ["Zürich", "Москва", "서울", "القاهرة", "ελληνικά", "हिन्दी", "𝒜👩🏽", "฿5", "·", "、"])
def test_other_scripts_and_signs_are_not_unspaced(text):
    assert not has_unspaced(text)


@given(text=st.text(ALPHABET.filter(lambda character: not character.isspace()), max_size=20))
@settings(max_examples=300, deadline=None)
def test_the_fast_and_the_exact_way_of_cutting_agree(text):
    from spacy_xlre.tokens import scripts

    assert split_clusters(text) == scripts._pieces(text)
    assert split_runs(text) == scripts._runs(text)


def blank(**settings: object) -> Language:
    return spacy.blank("xx", config={"nlp": {"tokenizer": {"@tokenizers": NAME, **settings}}})


def test_a_registered_segmenter_can_be_named_in_the_config(tmp_path: Path):
    @spacy.registry.misc("test_tokenizer.Pairs.v1")
    def create_pairs() -> Callable[[str], List[str]]:
        return lambda run: [run[i : i + 2] for i in range(0, len(run), 2)]

    nlp = blank(segmenter={"@misc": "test_tokenizer.Pairs.v1"})
    nlp.to_disk(tmp_path)
    assert [token.text for token in spacy.load(tmp_path)("在北京，Tokyo")] == ["在北", "京", "，", "Tokyo"]


def test_any_language_class_gets_the_same_tokenizer():
    config = {"nlp": {"tokenizer": {"@tokenizers": NAME}}}
    assert [t.text for t in spacy.blank("en", config=config)("don't 中文")] == ["don't", "中", "文"]


def test_a_pipeline_on_disk_keeps_its_settings_and_special_cases(tmp_path: Path):
    nlp = blank(elisions=True)
    nlp.tokenizer.add_special_case("gimme", [{ORTH: "gim"}, {ORTH: "me"}])
    text = "gimme l'eau 中文gimme"
    expected = [token.text for token in nlp(text)]
    assert expected == ["gim", "me", "l'", "eau", "中", "文", "gim", "me"]
    nlp.to_disk(tmp_path / "first")
    loaded = spacy.load(tmp_path / "first")
    assert [token.text for token in loaded(text)] == expected
    loaded.to_disk(tmp_path / "second")
    assert [token.text for token in spacy.load(tmp_path / "second")(text)] == expected


def test_a_pipeline_in_bytes_keeps_its_special_cases():
    nlp = blank()
    assert [token.text for token in nlp("中gimme")] == ["中", "gimme"]
    nlp.tokenizer.add_special_case("gimme", [{ORTH: "gim"}, {ORTH: "me"}])
    loaded = blank()
    assert [token.text for token in loaded("中gimme")] == ["中", "gimme"]
    loaded.from_bytes(nlp.to_bytes())
    assert [token.text for token in loaded("中gimme gimme")] == ["中", "gim", "me", "gim", "me"]


def test_the_tokenizer_can_be_pickled():
    copy = pickle.loads(pickle.dumps(MultilingualTokenizer(XX.vocab, segmenter=str.split, elisions=True)))
    assert words(copy, "l'eau 中文") == ["l'", "eau", "中文"]


def test_two_processes_give_the_same_tokens_as_one():
    nlp = blank()
    texts = ["東京 is Tokyo", "", "plain text", "中文\n\n文"] * 3
    one = [[(t.text, t.whitespace_) for t in doc] for doc in nlp.pipe(texts)]
    two = [[(t.text, t.whitespace_) for t in doc] for doc in nlp.pipe(texts, n_process=2)]
    assert one == two


def test_pipe_tokenizes_a_stream():
    assert [doc.text for doc in PLAIN.pipe(iter(["a", "中"]), batch_size=1)] == ["a", "中"]
