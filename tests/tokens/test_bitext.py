from typing import Any, List

import pytest
import spacy
from hypothesis import given, settings
from hypothesis import strategies as st
from spacy.tokens import Doc

from spacy_xlre.errors import XlreError
from spacy_xlre.tokens import Bead, Link, PairAlignment, get_alignment, get_segments, make_bitext, set_alignment
from spacy_xlre.tokens.blank import blank_multilingual

from .round_trips import ROUND_TRIPS

SCALARS = st.characters(exclude_categories=["Cs"])
NLP = spacy.blank("xx")
MULTILINGUAL = blank_multilingual()
TEXTS = {"en": "A cat sat . It slept .", "de": "Eine Katze saß und schlief .", "fr": "Un chat dormait ."}


def make_aligned() -> Doc:
    doc = make_bitext(NLP, TEXTS)
    en, de, fr = get_segments(doc).values()
    set_alignment(
        doc,
        [
            PairAlignment(en, de, [Bead((0, 7), (0, 6), 0.5)], [Link(0, 0, 0.75), Link(1, 1), Link(2, 2, 0.5)]),
            PairAlignment(de, fr, [Bead((0, 6), (0, 4), 0.25)], [Link(1, 1, 0.5), Link(4, 2, 0.25)]),
        ],
    )
    return doc


def content(doc: Doc) -> List[Any]:
    alignment = get_alignment(doc)
    assert alignment is not None
    segments = [(lang, span.text) for lang, span in get_segments(doc).items()]
    return [segments, *((p.source.text, p.target.text, p.beads, p.links) for p in alignment.pairs)]


def test_a_bitext_has_one_segment_a_language_with_a_line_break_between():
    doc = make_bitext(NLP, TEXTS)
    assert doc.text == "\n".join(TEXTS.values())
    assert {lang: span.text for lang, span in get_segments(doc).items()} == TEXTS


def test_each_segment_is_tokenized_on_its_own():
    texts = {"fr": "l'eau d'ici", "zh": "北京。", "de": "  Haus"}
    segments = get_segments(make_bitext(MULTILINGUAL, texts))
    for lang, text in texts.items():
        assert [token.text for token in segments[lang]] == [token.text for token in MULTILINGUAL(text)]


@given(
    st.lists(st.text(st.characters(exclude_categories=["Cs"]), min_size=1).filter(str.strip), min_size=2, max_size=3)
)
@settings(max_examples=100, deadline=None)
def test_segments_have_the_text_they_were_made_of(texts):
    doc = make_bitext(MULTILINGUAL, dict(zip(("en", "zh", "fr"), texts)))
    # A space at the end of a text belongs to its last token, outside of any span.
    assert [span.text for span in get_segments(doc).values()] == [text.removesuffix(" ") or text for text in texts]
    assert doc.text == "\n".join(texts)


def test_one_text_is_no_bitext():
    with pytest.raises(XlreError, match="X004"):
        make_bitext(NLP, {"en": "alone"})


@pytest.mark.parametrize("text", ["", "  \n"])
def test_an_empty_text_is_an_error_that_names_the_language(text):
    with pytest.raises(XlreError, match=r"\[X005\] .*'de'"):
        make_bitext(NLP, {"en": "a", "de": text})


def test_segments_of_an_ordinary_doc_are_an_error():
    with pytest.raises(XlreError, match="X006"):
        get_segments(NLP("a b"))


def test_the_alignment_is_got_as_it_was_set():
    alignment = get_alignment(make_aligned())
    assert alignment is not None
    pair = alignment.between("en", "de")
    assert pair is not None
    assert pair.beads == [Bead((0, 7), (0, 6), 0.5)]
    assert pair.links == [Link(0, 0, 0.75), Link(1, 1, 1.0), Link(2, 2, 0.5)]
    assert pair.bead_at(6) == pair.beads[0]
    assert pair.bead_at(7) is None


def test_the_alignment_is_got_in_the_asked_direction():
    alignment = get_alignment(make_aligned())
    assert alignment is not None
    pair = alignment.between("fr", "de")
    assert pair is not None
    assert (pair.source.label_, pair.target.label_) == ("fr", "de")
    assert pair.beads == [Bead((0, 4), (0, 6), 0.25)]
    assert pair.links == [Link(1, 1, 0.5), Link(2, 4, 0.25)]


def test_a_pair_that_was_not_aligned_is_none():
    alignment = get_alignment(make_aligned())
    assert alignment is not None
    assert alignment.between("en", "fr") is None


def test_an_unknown_language_is_an_error_that_names_the_others():
    alignment = get_alignment(make_aligned())
    assert alignment is not None
    with pytest.raises(XlreError, match=r"\[X007\] .*'es'; it has en, de, fr"):
        alignment.between("en", "es")


def test_the_pair_must_be_named_if_there_are_three_segments():
    alignment = get_alignment(make_aligned())
    assert alignment is not None
    with pytest.raises(XlreError, match=r"\[X008\] .*3 segments"):
        alignment.between()


def test_a_bitext_that_was_not_aligned_has_no_alignment():
    assert get_alignment(make_bitext(NLP, TEXTS)) is None
    assert get_alignment(NLP("a b")) is None


def test_a_bead_may_leave_one_side_out():
    doc = make_bitext(NLP, {"en": "a b c", "de": "x y"})
    en, de = get_segments(doc).values()
    beads = [Bead((0, 1), (0, 1)), Bead((1, 2), (1, 1), 0.5), Bead((2, 3), (1, 2)), Bead((3, 3), (2, 2), 0.25)]
    set_alignment(doc, [PairAlignment(en, de, beads, [])])
    alignment = get_alignment(doc)
    assert alignment is not None
    assert alignment.pairs[0].beads == beads


@pytest.mark.parametrize("name", ROUND_TRIPS)
def test_segments_beads_and_links_survive(name):
    doc = make_aligned()
    copy = ROUND_TRIPS[name](doc)
    assert copy is not doc
    assert content(copy) == content(doc)


def test_merging_tokens_merges_their_links_and_keeps_the_best():
    doc = make_aligned()
    with doc.retokenize() as retokenizer:
        retokenizer.merge(doc[0:2])
        retokenizer.merge(doc[8:10])
    alignment = get_alignment(doc)
    assert alignment is not None
    pair = alignment.between("en", "de")
    assert pair is not None
    assert (pair.source.text, pair.target.text) == (TEXTS["en"], TEXTS["de"])
    assert pair.beads == [Bead((0, 6), (0, 5), 0.5)]
    assert pair.links == [Link(0, 0, 1.0), Link(1, 1, 0.5)]


@given(st.data())
@settings(max_examples=50, deadline=None)
def test_any_links_and_beads_come_back(data):
    doc = make_bitext(NLP, TEXTS)
    en, de, _ = get_segments(doc).values()
    token = st.tuples(st.integers(0, len(en) - 1), st.integers(0, len(de) - 1))
    probability = st.floats(0, 1, width=32)
    links = [Link(i, j, data.draw(probability)) for i, j in sorted(data.draw(st.sets(token)))]
    cuts = [sorted(data.draw(st.lists(st.integers(0, len(side)), min_size=2, max_size=2))) for side in (en, de)]
    beads = [Bead((cuts[0][0], cuts[0][1]), (cuts[1][0], cuts[1][1]), data.draw(probability))]
    set_alignment(doc, [PairAlignment(en, de, beads, links)])
    alignment = get_alignment(Doc(doc.vocab).from_bytes(doc.to_bytes()))
    assert alignment is not None
    assert (alignment.pairs[0].beads, alignment.pairs[0].links) == (beads, links)
