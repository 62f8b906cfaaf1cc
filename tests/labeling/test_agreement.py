"""The languages of a bitext vote on mentions. Each case is one sentence of short names, linked by position."""

import pytest

from spacy_xlre.kb.matcher import Mention
from spacy_xlre.labeling.agreement import agree, looks_like_a_name
from spacy_xlre.labeling.settings import LabelingSettings
from spacy_xlre.tokens import Link, PairAlignment, get_alignment, get_segments, make_bitext, set_alignment

TEXTS = {"en": "Ada saw London", "de": "Ada sah London", "fr": "Ada voit Londres"}


def aligned(nlp, texts=TEXTS, links=((0, 0), (1, 1), (2, 2)), prob=0.9):
    doc = make_bitext(nlp, texts)
    segments = list(get_segments(doc).values())
    pairs = [
        PairAlignment(source, target, [], [Link(i, j, prob) for i, j in links])
        for n, source in enumerate(segments)
        for target in segments[n + 1 :]
    ]
    set_alignment(doc, pairs)
    return get_alignment(doc)


def mention(alignment, lang, start, end, **candidates):
    segment = get_segments(alignment.doc)[lang]
    ids = list(candidates.items())
    span = segment[start:end]
    return Mention(span.start, span.end, ids, span.text, False)


def found(linked, alignment):
    return {
        lang: [(alignment.doc[m.start : m.end].text, m.entity, m.source) for m in mentions]
        for lang, mentions in linked.items()
    }


@pytest.fixture
def settings():
    return LabelingSettings()


def test_mentions_that_share_an_id_confirm_each_other(multilingual, settings):
    alignment = aligned(multilingual)
    mentions = {lang: [mention(alignment, lang, 0, 1, ada=1.0)] for lang in TEXTS}
    linked = agree(alignment, mentions, settings)
    assert found(linked, alignment) == {lang: [("Ada", "ada", "matched")] for lang in TEXTS}
    assert all(m.score == 1.0 and (m.votes, m.voters) == (3, 3) for group in linked.values() for m in group)


def test_a_namesake_of_one_language_is_outvoted(multilingual, settings):
    alignment = aligned(multilingual)
    mentions = {
        "en": [mention(alignment, "en", 0, 1, ada=1.0)],
        "de": [mention(alignment, "de", 0, 1, namesake=1.0)],
        "fr": [mention(alignment, "fr", 0, 1, ada=1.0)],
    }
    linked = agree(alignment, mentions, settings)
    assert found(linked, alignment)["de"] == [("Ada", "ada", "relinked")]
    assert linked["de"][0].score == pytest.approx(2 / 3)


def test_an_ambiguous_name_is_settled_by_the_others(multilingual, settings):
    alignment = aligned(multilingual)
    mentions = {
        "en": [mention(alignment, "en", 0, 1, ada=0.4, namesake=0.6)],
        "de": [mention(alignment, "de", 0, 1, ada=1.0)],
        "fr": [],
    }
    linked = agree(alignment, mentions, settings)
    assert found(linked, alignment)["en"] == [("Ada", "ada", "matched")]


def test_a_name_that_one_language_misses_is_added_by_projection(multilingual, settings):
    alignment = aligned(multilingual)
    mentions = {
        "en": [mention(alignment, "en", 2, 3, london=1.0)],
        "de": [mention(alignment, "de", 2, 3, london=1.0)],
        "fr": [],
    }
    linked = agree(alignment, mentions, settings)
    assert found(linked, alignment)["fr"] == [("Londres", "london", "projected")]
    assert 0 < linked["fr"][0].score <= 1


def test_a_mention_is_not_projected_onto_a_word_that_is_no_name(multilingual, settings):
    texts = {"en": "Ada saw London", "de": "sie sah London", "fr": "Ada voit Londres"}
    alignment = aligned(multilingual, texts)
    mentions = {"en": [mention(alignment, "en", 0, 1, ada=1.0)], "de": [], "fr": []}
    assert found(agree(alignment, mentions, settings), alignment)["de"] == []


def test_a_part_of_a_longer_name_takes_the_span_that_the_others_project(multilingual, settings):
    texts = {"en": "the Lima University", "de": "die Lima Universität", "fr": "l' Lima Université"}
    alignment = aligned(multilingual, texts)
    mentions = {
        "en": [mention(alignment, "en", 1, 3, university=1.0)],
        "de": [mention(alignment, "de", 1, 2, lima=1.0)],
        "fr": [mention(alignment, "fr", 1, 3, university=1.0)],
    }
    linked = agree(alignment, mentions, settings)
    assert found(linked, alignment)["de"] == [("Lima Universität", "university", "relinked")]


def test_a_mention_without_a_counterpart_keeps_a_part_of_its_weight(multilingual, settings):
    alignment = aligned(multilingual, links=())
    mentions = {"en": [mention(alignment, "en", 0, 1, ada=1.0)], "de": [], "fr": []}
    linked = agree(alignment, mentions, settings)
    assert found(linked, alignment) == {"en": [("Ada", "ada", "alone")], "de": [], "fr": []}
    assert linked["en"][0].score == settings.alone


def test_mentions_of_a_language_never_overlap(multilingual, settings):
    alignment = aligned(multilingual)
    mentions = {
        "en": [mention(alignment, "en", 0, 2, ada=1.0)],
        "de": [mention(alignment, "de", 0, 1, ada=1.0), mention(alignment, "de", 1, 2, ada=1.0)],
        "fr": [],
    }
    for group in agree(alignment, mentions, settings).values():
        assert all(a.end <= b.start for a, b in zip(group, group[1:]))


@pytest.mark.parametrize(
    ("text", "expected"),
    [("Ada", True), ("université de Lima", True), ("elle", False), ("伦敦", True), ("他", False), ("1958", True)],
)
def test_names_have_an_upper_case_letter_or_two_characters_of_an_uncased_script(multilingual, text, expected):
    assert looks_like_a_name(multilingual(text)[:]) is expected
