"""Batches that keep translations and bags together."""

import pytest
import spacy
from hypothesis import given
from hypothesis import strategies as st
from spacy.tokens import Doc, Span
from spacy.training import Example

from spacy_xlre import Relation, set_relations
from spacy_xlre.corpus.batching import create_bag_batcher
from spacy_xlre.errors import XlreError
from spacy_xlre.tokens import set_language

NLP = spacy.blank("xx")


def example(name, bitext="", bags=()):
    doc = Doc(NLP.vocab, words=[name, "x"])
    head, tail = Span(doc, 0, 1, label="A"), Span(doc, 1, 2, label="B")
    set_relations(doc, [Relation(head, f"r{i}", tail, bag=bag) for i, bag in enumerate(bags)])
    set_language(doc, "en", bitext=bitext)
    return Example(doc.copy(), doc)


def names(batches):
    return [[eg.reference[0].text for eg in batch] for batch in batches]


def test_translations_and_bags_come_together():
    examples = [
        example("a", "t1", ["q1|q2"]),
        example("b", "t2"),
        example("c", "t1"),
        example("d", "t3", ["q1|q2"]),
        example("e"),
    ]
    assert names(create_bag_batcher(size=3)(examples)) == [["a", "c", "d"], ["b", "e"]]


def test_a_group_is_not_split_unless_it_is_larger_than_a_batch():
    examples = [example("a"), *(example(name, "t1") for name in "bcd"), example("e")]
    assert names(create_bag_batcher(size=3)(examples)) == [["a"], ["b", "c", "d"], ["e"]]
    assert names(create_bag_batcher(size=2)(examples)) == [["a"], ["b", "c"], ["d", "e"]]


def test_a_famous_bag_does_not_fill_every_batch():
    examples = [example(str(i), f"t{i}", ["q1|q2"]) for i in range(6)]
    assert names(create_bag_batcher(size=4, max_group=2)(examples)) == [["0", "1", "2", "3"], ["4", "5"]]


EXAMPLES = st.lists(
    st.tuples(st.sampled_from(["", "t1", "t2", "t3"]), st.lists(st.sampled_from(["x|y", "y|z", ""]), max_size=2)),
    max_size=9,
)


@given(EXAMPLES, st.integers(1, 5), st.integers(1, 4))
def test_each_example_comes_once(rows, size, max_group):
    examples = [example(f"{i}", *row) for i, row in enumerate(rows)]
    batches = names(create_bag_batcher(size, max_group)(examples))
    assert sorted(name for batch in batches for name in batch) == sorted(str(i) for i in range(len(rows)))
    assert all(0 < len(batch) <= size for batch in batches)


@pytest.mark.parametrize("settings", [{"size": 0}, {"max_group": 0}])
def test_numbers_below_one_are_refused(settings):
    with pytest.raises(XlreError, match="X517"):
        create_bag_batcher(**settings)
