import json
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spacy_xlre.corpus.filtering import FilterSettings, count_faults, filter_bitexts
from spacy_xlre.errors import XlreError
from spacy_xlre.tokens import (
    Bead,
    PairAlignment,
    get_segments,
    make_bitext,
    set_alignment,
    set_bitext_id,
)
from spacy_xlre.tokens.blank import blank_multilingual

NLP = blank_multilingual()
EN, DE, FR = "The dog has slept well.", "Der Hund hat gut geschlafen.", "Le chien a bien dormi."


def bitext(*, probs=None, **texts):
    doc = make_bitext(NLP, texts)
    if probs:
        segments = get_segments(doc)
        set_alignment(
            doc,
            [
                PairAlignment(segments[a], segments[b], [Bead((0, len(segments[a])), (0, len(segments[b])), prob)])
                for (a, b), prob in probs.items()
            ],
        )
    return doc


def judge(*docs, identify=None, **how):
    return list(filter_bitexts(docs, FilterSettings(**how), identify))


def kept_languages(verdict):
    return list(get_segments(verdict.kept)) if verdict.kept is not None else []


def test_good_bitexts_are_kept_as_they_are():
    docs = [bitext(en=EN, de=DE), bitext(en="It rains.", de="Es regnet.")]
    verdicts = judge(*docs)
    assert [verdict.kept for verdict in verdicts] == docs
    assert [(verdict.faults, verdict.dropped) for verdict in verdicts] == [([], {})] * 2


@pytest.mark.parametrize(
    ("texts", "fault"),
    [
        ({"en": EN, "de": "…"}, "empty (de): there is no letter in it"),
        ({"en": EN, "ru": DE}, "script (ru): 0% of its letters are of the script of ru"),
        ({"en": EN, "de": EN}, "copied (en-de): 100% of the words are the same"),
        ({"en": EN * 5, "de": "Ja."}, "length (en-de): the target is much too short (6.4 spreads from usual)"),
    ],
)
def test_a_bitext_with_a_fault_is_rejected_with_its_reason(texts, fault):
    (verdict,) = judge(bitext(**texts))
    assert verdict.kept is None
    assert [str(found) for found in verdict.faults] == [fault]
    assert verdict.dropped == texts


def test_a_language_that_does_not_fit_is_a_fault():
    found = judge(bitext(en=EN, de=DE), identify=lambda text: {"en": 0.99, "de": 0.01})
    assert [str(fault) for fault in found[0].faults] == ["language (de): it looks like en, not de"]


def test_aligned_bitexts_are_judged_by_their_probability():
    low, high = bitext(en=EN, de=DE, probs={("en", "de"): 0.05}), bitext(en=EN, de=DE, probs={("de", "en"): 0.8})
    assert [bool(verdict.kept) for verdict in judge(low, high)] == [False, True]
    assert [bool(verdict.kept) for verdict in judge(low, high, min_prob=0.0)] == [True, False]
    assert str(judge(low)[0].faults[0]) == "probability (en-de): P(s,t) is 0.050"


def test_only_the_bad_segment_goes_while_two_are_left():
    (verdict,) = judge(bitext(en=EN, de="…", fr=FR))
    assert kept_languages(verdict) == ["en", "fr"]
    assert verdict.dropped == {"de": "…"}


def test_of_two_that_do_not_fit_the_one_that_fits_fewer_others_goes():
    doc = bitext(en=EN, de=DE, fr=FR, probs={("en", "de"): 0.04, ("en", "fr"): 0.9, ("de", "fr"): 0.05})
    assert kept_languages(judge(doc)[0]) == ["en", "fr"]


def test_of_equals_the_later_one_goes():
    doc = bitext(en=EN, de=DE, fr=FR, probs={("en", "de"): 0.9, ("en", "fr"): 0.9, ("de", "fr"): 0.05})
    assert kept_languages(judge(doc)[0]) == ["en", "de"]


def test_a_bitext_of_segments_that_all_do_not_fit_is_rejected():
    doc = bitext(en=EN, de=DE, fr=FR, probs={("en", "de"): 0.04, ("en", "fr"): 0.04, ("de", "fr"): 0.04})
    (verdict,) = judge(doc)
    assert verdict.kept is None
    assert len(verdict.faults) == 3
    assert set(verdict.dropped) == {"en", "de", "fr"}


@pytest.mark.parametrize(("duplicates", "kept"), [("near", [1]), ("exact", [1, 3]), ("keep", [1, 2, 3])])
def test_later_duplicates_are_rejected(duplicates, kept):
    docs = [bitext(en=EN, de=DE), bitext(de=DE, en=EN), bitext(en=EN.upper(), de=DE)]
    verdicts = judge(*docs, duplicates=duplicates)
    assert [verdict.number for verdict in verdicts if verdict.kept] == kept
    assert {str(fault) for verdict in verdicts for fault in verdict.faults} <= {"duplicate: the same as number 1"}


def test_the_same_text_with_another_translation_is_no_duplicate():
    verdicts = judge(bitext(en=EN, de=DE), bitext(en=EN, de="Der Hund schlief heute gut."))
    assert all(verdict.kept for verdict in verdicts)


def test_a_rejected_bitext_makes_no_later_one_a_duplicate():
    docs = [bitext(en=EN, de=DE, probs={("en", "de"): 0.04}), bitext(en=EN, de=DE)]
    assert [bool(verdict.kept) for verdict in judge(*docs)] == [False, True]


def test_a_doc_that_is_no_bitext_is_not_kept():
    (verdict,) = judge(NLP("Just text."))
    assert (verdict.kept, [str(fault) for fault in verdict.faults]) == (None, ["bitext: it is none"])
    assert verdict.dropped == {"": "Just text."}


def test_the_content_of_a_verdict_is_a_record_that_can_be_read_again():
    doc = bitext(en=EN, de="…")
    set_bitext_id(doc, "d1")
    assert json.loads(judge(doc)[0].content) == {"id": "d1", "texts": {"en": EN, "de": "…"}}


def test_faults_are_counted_by_filter():
    verdicts = judge(bitext(en=EN, de="…"), bitext(en=EN, de="…", fr=FR), bitext(en=EN, de=EN), bitext(en=EN, de=DE))
    assert count_faults(verdicts) == {"copied": (1, 0), "empty": (1, 1)}


def test_an_unknown_way_with_duplicates_is_an_error():
    with pytest.raises(XlreError, match=r"X513.*'twice'.*near, exact, keep"):
        judge(bitext(en=EN, de=DE), duplicates="twice")


texts = st.sampled_from([EN, DE, FR, "…", "Кошка спит.", "no", EN * 4])


@settings(max_examples=40, deadline=None)
@given(st.lists(st.dictionaries(st.sampled_from(["en", "de", "fr", "ru"]), texts, min_size=2), max_size=6))
def test_what_is_kept_and_what_is_dropped_are_all(corpus):
    verdicts = judge(*(bitext(**item) for item in corpus))
    assert [verdict.number for verdict in verdicts] == list(range(1, len(corpus) + 1))
    for item, verdict in zip(corpus, verdicts):
        kept = {lang: span.text for lang, span in get_segments(verdict.kept).items()} if verdict.kept else {}
        assert len(kept) != 1
        assert {**kept, **verdict.dropped} == item
        assert not set(kept) & set(verdict.dropped)
        assert bool(verdict.dropped) == bool(verdict.faults)
    # What was kept is good: a second run finds nothing but another idea of what lengths are usual.
    again = judge(*(verdict.kept for verdict in verdicts if verdict.kept), max_length=1e9)
    assert Counter(fault.filter for verdict in again for fault in verdict.faults) == Counter()
