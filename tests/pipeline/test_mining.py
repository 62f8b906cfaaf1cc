from collections import Counter
from random import Random

import numpy
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spacy_xlre.pipeline import mining
from spacy_xlre.pipeline.mining import LeftOut, MiningSettings, UniqueTexts, mine_pairs

WIDTH = 256
LOOSE = MiningSettings(min_margin=-1.0)


def meaning(word, noise=0.2):
    """A vector that depends on the word's letters, not on their case, and a little on the case."""
    base = numpy.random.default_rng(list(word.lower().encode())).normal(size=(2, WIDTH))
    return base + noise * numpy.random.default_rng(list(word.encode())).normal(size=(2, WIDTH))


def mine(source, target, how=LOOSE, probability=lambda cosines, i, j: (1 + cosines) / 2):
    sides = [UniqueTexts(source), UniqueTexts(target)]
    vectors = [
        numpy.stack([meaning(text) for text in side.texts]) if side.texts else numpy.zeros((0, 2, WIDTH))
        for side in sides
    ]
    return mine_pairs(*sides, *vectors, probability, how)


def texts_of(mined, source, target):
    return [(source[pair.source], target[pair.target]) for pair in mined.pairs]


SOURCE = ["cat", "dog", "tree", "house", "river", "bread"]
TARGET = ["BREAD", "STONE", "DOG", "CAT", "HOUSE", "NIGHT"]


def test_translations_are_found_and_the_rest_is_left_out_with_a_reason():
    found = mine(SOURCE, TARGET, MiningSettings())
    assert texts_of(found, SOURCE, TARGET) == [("cat", "CAT"), ("dog", "DOG"), ("house", "HOUSE"), ("bread", "BREAD")]
    assert [(item.side, item.index) for item in found.left_out] == [(0, 2), (0, 4), (1, 1), (1, 5)]
    assert all(item.reason.startswith("its best margin is ") for item in found.left_out)


def test_pairs_have_their_margin_and_the_probability_of_their_last_layers_cosine():
    asked = []

    def probability(cosines, i, j):
        asked.extend(zip(i.tolist(), j.tolist()))
        return numpy.where(cosines > 0.5, 0.9, 0.1)

    found = mine(SOURCE, TARGET, probability=probability)
    assert {pair.prob for pair in found.pairs if SOURCE[pair.source].upper() == TARGET[pair.target]} == {0.9}
    assert min(pair.margin for pair in found.pairs[:2]) > 0.1
    assert (0, 3) in asked


def test_improbable_pairs_are_left_out():
    found = mine(SOURCE, TARGET, MiningSettings(min_margin=-1.0, min_prob=0.7))
    assert {source for source, _ in texts_of(found, SOURCE, TARGET)} == {"cat", "dog", "house", "bread"}
    assert any("P(s,t) of its best pair is" in item.reason for item in found.left_out)


def test_the_same_text_on_both_sides_is_no_pair():
    source, target = ["cat", "dog", "tree"], ["cat", "DOG", "TREE"]
    found = mine(source, target, MiningSettings())
    assert texts_of(found, source, target) == [("dog", "DOG"), ("tree", "TREE")]
    assert [item.reason[:44] for item in found.left_out] == ["the same text stands on the other side; else"] * 2


def test_a_copy_on_the_other_side_does_not_hide_the_translation():
    source, target = ["cat", "dog", "tree"], ["cat", "CAT", "DOG", "TREE"]
    assert ("cat", "CAT") in texts_of(mine(source, target, MiningSettings()), source, target)


def test_a_sentence_is_paired_as_often_as_it_stands_in_its_text():
    source, target = ["cat", "Cat", "dog"], ["CAT", "DOG", "CAT"]
    assert Counter(texts_of(mine(source, target), source, target)) == Counter(
        [("cat", "CAT"), ("Cat", "CAT"), ("dog", "DOG")]
    )


def test_copies_of_a_pair_are_left_out_as_such():
    source, target = ["cat", "dog", "cat"], ["CAT", "CAT", "DOG"]
    found = mine(source, target)
    assert texts_of(found, source, target) == [("cat", "CAT"), ("dog", "DOG")]
    assert found.left_out == [
        LeftOut(0, 2, "a copy of a pair that was found"),
        LeftOut(1, 1, "a copy of a pair that was found"),
    ]


@pytest.mark.parametrize(("source", "target"), [([], []), (["cat"], []), ([], ["CAT", "DOG"])])
def test_an_empty_side_has_no_pairs(source, target):
    found = mine(source, target)
    assert found.pairs == []
    assert [item.reason for item in found.left_out] == ["there is nothing to compare it with"] * len(source + target)


def test_a_single_sentence_is_no_nearer_than_its_neighbourhood():
    assert [pair.margin for pair in mine(["cat"], ["CAT"]).pairs] == [pytest.approx(0.0)]
    assert mine(["cat"], ["CAT"], MiningSettings()).pairs == []


def test_sides_are_compared_again_after_learning_from_enough_sure_pairs(monkeypatch):
    steps = []

    def run(learn):
        sides = UniqueTexts(SOURCE), UniqueTexts(TARGET)
        vectors = [numpy.stack([meaning(text) for text in side.texts]) for side in sides]
        how = MiningSettings(learn=learn)
        mine_pairs(*sides, *vectors, lambda c, i, j: c, how, lambda step, count: steps.append(step))

    run(True)
    assert set(steps) == {"compare"}
    monkeypatch.setattr(mining, "MIN_SURE", 4)
    run(False)
    assert set(steps) == {"compare"}
    run(True)
    assert set(steps) == {"compare", "compare again"}


def test_an_index_finds_the_same_pairs():
    pytest.importorskip("faiss")
    exact, index = (mine(SOURCE, TARGET, MiningSettings(exact_up_to=limit)) for limit in (100, 2))
    assert texts_of(exact, SOURCE, TARGET) == texts_of(index, SOURCE, TARGET)


words = st.lists(st.sampled_from(["a", "b", "c", "d", "A", "B", "C", "D", "ab", "AB"]), max_size=8)


@settings(max_examples=60, deadline=None)
@given(words, words)
def test_every_sentence_is_in_one_pair_or_left_out(source, target):
    found = mine(source, target, MiningSettings(min_margin=0.0))
    for side, texts in ((0, source), (1, target)):
        paired = [(pair.source, pair.target)[side] for pair in found.pairs]
        left = [item.index for item in found.left_out if item.side == side]
        assert sorted(paired + left) == list(range(len(texts)))
    assert len(set(texts_of(found, source, target))) == len(found.pairs)
    assert all(left != right for left, right in texts_of(found, source, target))


@settings(max_examples=40, deadline=None)
@given(words, words, st.integers(0, 100))
def test_the_order_of_lines_does_not_matter(source, target, seed):
    found = Counter(texts_of(mine(source, target), source, target))
    Random(seed).shuffle(source)
    Random(seed + 1).shuffle(target)
    assert Counter(texts_of(mine(source, target), source, target)) == found
