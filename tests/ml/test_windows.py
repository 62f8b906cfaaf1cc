import pytest
from hypothesis import given
from hypothesis import strategies as st
from spacy.tokens import Doc
from spacy.vocab import Vocab
from tokenizers import Tokenizer

from spacy_xlre import make_bitext
from spacy_xlre.errors import XlreError
from spacy_xlre.ml.windows import create_piece_windows, max_piece_counts
from spacy_xlre.tokens import get_segments
from spacy_xlre.tokens.blank import blank_multilingual

VOCAB = Vocab()
NLP = blank_multilingual()


def bounds(doc, max_pieces=22, **settings):
    (windows,) = create_piece_windows(max_pieces, **settings)([doc])
    return [(window.start, window.end) for window in windows]


def doc_of(words, sentence_starts=None, spaces=None):
    starts = None if sentence_starts is None else [index in sentence_starts for index in range(len(words))]
    return Doc(VOCAB, words=words, spaces=spaces, sent_starts=starts)


@given(
    st.lists(st.text("aä한字ﷺ e\u0301", min_size=1, max_size=8).filter(str.strip), max_size=30),
    st.sets(st.integers(0, 29)),
    st.integers(3, 60),
)
def test_windows_cover_each_token_once_within_the_budget(words, sentence_starts, max_pieces):
    doc = doc_of(words, {0, *sentence_starts})
    windows = bounds(doc, max_pieces)
    assert [token for start, end in windows for token in range(start, end)] == list(range(len(doc)))
    costs = max_piece_counts(doc)
    assert all(sum(costs[start:end]) + 2 <= max_pieces or end - start == 1 for start, end in windows)


def test_whole_sentences_are_packed_together():
    # Each word costs two; a budget of twenty holds ten of them.
    doc = doc_of(["w"] * 16, {0, 4, 8, 12})
    assert bounds(doc) == [(0, 8), (8, 16)]


def test_a_sentence_that_does_not_fit_is_cut_after_a_space():
    spaces = [index == 6 for index in range(12)]
    assert bounds(doc_of(["w"] * 12, {0}, spaces)) == [(0, 7), (7, 12)]


def test_text_without_spaces_is_cut_anywhere():
    assert bounds(doc_of(["中"] * 25, None, [False] * 25)) == [(0, 10), (10, 20), (20, 25)]


def test_a_token_that_does_not_fit_stands_alone():
    assert bounds(doc_of(["w", "w" * 50, "w"])) == [(0, 1), (1, 2), (2, 3)]


def test_empty_docs_have_no_windows():
    assert create_piece_windows()([doc_of([]), doc_of(["w"])])[0] == []


def test_windows_never_cross_the_segments_of_a_bitext(multilingual):
    bitext = make_bitext(multilingual, {"en": "Ada met Bob.", "de": "Ada traf Bob.", "zh": "艾达遇到了鲍勃。"})
    starts = {segment.start for segment in get_segments(bitext).values()}
    windows = bounds(bitext, 512)
    assert {start for start, _ in windows} == starts
    assert windows[-1][1] == len(bitext)


@pytest.mark.parametrize(
    ("normalization", "expected"), [("NFKC", [2, 2, 3]), ("NFKD", [4, 3, 3]), ("bytes", [4, 3, 4])]
)
def test_the_bound_follows_what_the_tokenizer_does_first(normalization, expected):
    assert max_piece_counts(doc_of(["한", "ä", "ﬁ"]), normalization) == expected


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=40))
def test_no_text_has_more_pieces_than_the_bound(tiny_encoder_folder, text):
    pieces = Tokenizer.from_file(str(tiny_encoder_folder / "tokenizer.json")).encode(text, add_special_tokens=False)
    assert len(pieces.ids) <= sum(max_piece_counts(NLP(text)))


@pytest.mark.parametrize(("settings", "code"), [({"max_pieces": 2}, "X320"), ({"normalization": "NFC"}, "X321")])
def test_settings_that_make_no_sense_are_refused(settings, code):
    with pytest.raises(XlreError, match=code):
        create_piece_windows(**settings)
