from itertools import permutations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from spacy.tokens import Doc
from spacy.vocab import Vocab

from spacy_xlre import make_bitext
from spacy_xlre.errors import XlreError
from spacy_xlre.pipeline.candidates import Entity, LabelRules, create_candidates

VOCAB = Vocab()
FREE = LabelRules()


def doc_of(n_tokens, sentence_starts=()):
    starts = [index in (0, *sentence_starts) for index in range(n_tokens)] if sentence_starts else None
    return Doc(VOCAB, words=["w"] * n_tokens, sent_starts=starts)


def entities(*ranges, label="PER"):
    return [Entity(start, end, label) for start, end in ranges]


def keys(getter, doc, ents, labels=("r",), rules=FREE):
    return getter([doc], [ents], labels, rules)[0].keys()


@st.composite
def texts(draw):
    edges = sorted(draw(st.sets(st.integers(0, 40), max_size=12)))
    ranges = list(zip(edges[::2], edges[1::2]))
    return 40, ranges, draw(st.sets(st.integers(1, 39), max_size=5))


@given(texts(), st.integers(0, 30), st.integers(0, 2))
def test_pairs_are_all_ordered_ones_in_reach(text, max_distance, sentence_window):
    n_tokens, ranges, sentence_starts = text
    sentence = np.cumsum([index in sentence_starts for index in range(n_tokens)])
    expected = [
        (*head, *tail)
        for head, tail in permutations(ranges, 2)
        for first, second in [sorted((head, tail))]
        if second[0] - first[1] <= max_distance and sentence[second[0]] - sentence[first[1] - 1] <= sentence_window
    ]
    getter = create_candidates(max_distance=max_distance, sentence_window=sentence_window)
    assert keys(getter, doc_of(n_tokens, sentence_starts), entities(*ranges)) == sorted(expected)


@given(texts(), st.integers(0, 8))
def test_contexts_hold_both_entities_and_stay_in_their_sentences(text, context):
    n_tokens, ranges, sentence_starts = text
    starts = np.array(sorted({0, *sentence_starts, n_tokens}))
    getter = create_candidates(sentence_window=1, context=context)
    (pairs,) = getter([doc_of(n_tokens, sentence_starts)], [entities(*ranges)], ["r"], FREE)
    for (head_start, head_end, tail_start, tail_end), (start, end) in zip(pairs.keys(), pairs.context.tolist()):
        first, last = min(head_start, tail_start), max(head_end, tail_end)
        assert start <= first < last <= end
        assert start >= starts[np.searchsorted(starts, first, side="right") - 1]
        assert end <= starts[np.searchsorted(starts, last - 1, side="right")]


def test_sentences_count_only_where_they_are_known():
    getter = create_candidates()
    near = entities((0, 1), (3, 4))
    assert keys(getter, doc_of(6), near) == [(0, 1, 3, 4), (3, 4, 0, 1)]
    assert keys(getter, doc_of(6, [2]), near) == []


def test_the_budget_keeps_the_nearest_pairs_and_counts_the_others():
    getter = create_candidates(max_pairs=2)
    (pairs,) = getter([doc_of(20)], [entities((0, 1), (10, 11), (12, 13))], ["r"], FREE)
    assert pairs.keys() == [(10, 11, 12, 13), (12, 13, 10, 11)]
    assert pairs.n_left_out == 4


def test_five_hundred_entities_stay_within_the_budget():
    ents = entities(*((index, index + 1) for index in range(0, 3000, 6)))
    (pairs,) = create_candidates()([doc_of(3000)], [ents], ["r"], FREE)
    assert len(pairs) == 2000
    assert pairs.n_left_out > 0
    assert (pairs.context[:, 1] - pairs.context[:, 0]).max() <= 300


def test_pairs_never_cross_the_segments_of_a_bitext(multilingual):
    bitext = make_bitext(multilingual, {"en": "Ada met Bob", "de": "Ada traf Bob"})
    ents = [Entity(token.i, token.i + 1, "PER") for token in bitext if token.text in ("Ada", "Bob")]
    (pairs,) = create_candidates()([bitext], [ents], ["r"], FREE)
    assert pairs.keys() == [(0, 1, 2, 3), (2, 3, 0, 1), (4, 5, 6, 7), (6, 7, 4, 5)]
    assert pairs.context.tolist() == [[0, 4], [0, 4], [4, 7], [4, 7]]


def test_a_pair_for_which_no_label_is_possible_is_no_candidate():
    types = {"born": {"head": ["PER"], "tail": ["LOC"]}, "spouse": {"head": ["PER"], "tail": ["PER"]}}
    getter = create_candidates(types=types, symmetric=["spouse"])
    ents = [Entity(0, 1, "PER"), Entity(1, 2, "LOC"), Entity(2, 3, "PER"), Entity(3, 4, "OTHER")]
    (pairs,) = getter([doc_of(4)], [ents], ["born", "spouse"], getter.rules)
    allowed = dict(zip(pairs.keys(), pairs.allowed.tolist()))
    assert allowed[(0, 1, 1, 2)] == [True, False]
    assert allowed[(0, 1, 2, 3)] == [False, True]
    assert (2, 3, 0, 1) not in allowed, "a symmetric label is possible with the first entity as head only"
    assert (1, 2, 0, 1) not in allowed
    assert allowed[(0, 1, 3, 4)] == [True, True], "a type that no rule names is a wildcard"
    assert allowed[(3, 4, 0, 1)] == [False, False] if (3, 4, 0, 1) in allowed else True


def test_a_label_without_types_is_possible_for_all():
    types = {"born": {"head": ["PER"], "tail": ["LOC"]}}
    getter = create_candidates(types=types)
    ents = [Entity(0, 1, "LOC"), Entity(1, 2, "LOC")]
    (pairs,) = getter([doc_of(2)], [ents], ["born", "near"], getter.rules)
    assert pairs.allowed.tolist() == [[False, True], [False, True]]


@pytest.mark.parametrize("n_tokens", [0, 1, 5])
def test_docs_without_pairs_have_empty_arrays(n_tokens):
    ents = entities((0, 1)) if n_tokens else []
    (pairs,) = create_candidates()([doc_of(n_tokens)], [ents], ["r"], FREE)
    assert len(pairs) == 0
    assert pairs.allowed.shape == (0, 1)
    assert pairs.context.shape == (0, 2)


@pytest.mark.parametrize(
    ("settings", "code"),
    [
        ({"max_distance": -1}, "X300"),
        ({"max_pairs": 0}, "X300"),
        ({"types": {"born": {"subject": ["PER"]}}}, "X301"),
        ({"types": {"born": ["PER"]}}, "X301"),
    ],
)
def test_settings_that_make_no_sense_are_refused(settings, code):
    with pytest.raises(XlreError, match=code):
        create_candidates(**settings)


def test_a_symmetric_label_may_have_its_types_either_way_round():
    types = {"affiliated": {"head": ["PER"], "tail": ["ORG"]}}
    getter = create_candidates(types=types, symmetric=["affiliated"])
    ents = [Entity(0, 1, "ORG"), Entity(3, 4, "PER"), Entity(6, 7, "PER")]
    assert keys(getter, doc_of(8), ents, ["affiliated"], getter.rules) == [(0, 1, 3, 4), (0, 1, 6, 7)]


@given(texts(), st.integers(1, 20))
def test_the_budget_keeps_both_directions_of_two_entities_or_none(text, half):
    n_tokens, ranges, _ = text
    found = keys(create_candidates(max_pairs=2 * half), doc_of(n_tokens), entities(*ranges))
    assert {(*key[2:], *key[:2]) for key in found} == set(found)
