import pytest

from spacy_xlre.errors import XlreError
from spacy_xlre.scoring.bootstrap import paired_bootstrap
from spacy_xlre.scoring.relations import RelationItem

GOLD = {RelationItem(doc, (i, i + 1), "r", (i + 1, i + 2)) for doc in range(20) for i in range(5)}


def found(share):
    """The gold items of which each document has this many of five."""
    return {item for item in GOLD if item.head[0] < share}


def test_a_system_that_is_better_everywhere_is_better():
    result = paired_bootstrap(GOLD, [found(4)], [found(3)], n_samples=500)
    assert result.a == pytest.approx(8 / 9)
    assert result.b == pytest.approx(6 / 8)
    assert result.p_value < 0.01
    assert 0 < result.interval[0] <= result.a - result.b <= result.interval[1] + 1e-9
    assert result.n_groups == 20


def test_a_system_is_not_better_than_itself():
    result = paired_bootstrap(GOLD, [found(3)], [found(3)], n_samples=500)
    assert result.p_value == 1.0
    assert result.interval == (0.0, 0.0)


def test_better_and_worse_are_opposite():
    forth = paired_bootstrap(GOLD, [found(4)], [found(3)], n_samples=500)
    back = paired_bootstrap(GOLD, [found(3)], [found(4)], n_samples=500)
    assert back.p_value == 1.0
    assert (back.a, back.b) == (forth.b, forth.a)


def test_a_difference_in_one_document_of_many_is_not_significant():
    one_more = found(3) | {item for item in GOLD if item.doc == 0}
    result = paired_bootstrap(GOLD, [one_more], [found(3)], n_samples=2000)
    assert result.a > result.b
    assert 0.2 < result.p_value < 0.5


def test_the_seed_fixes_the_result():
    mixed = found(3) | {item for item in GOLD if item.doc in (0, 5)}
    first, second, other = (
        paired_bootstrap(GOLD, [mixed], [found(3)], n_samples=300, seed=seed).p_value for seed in (1, 1, 2)
    )
    assert first == second != other


def test_runs_of_one_system_are_pooled():
    pooled = paired_bootstrap(GOLD, [found(5), found(3)], [found(4), found(4)], n_samples=200)
    assert pooled.a == pytest.approx(pooled.b)


def test_documents_are_resampled_in_groups():
    result = paired_bootstrap(GOLD, [found(4)], [found(3)], group=lambda doc: doc // 5, n_samples=100)
    assert result.n_groups == 4


def test_documents_without_items_are_resampled_too():
    result = paired_bootstrap(GOLD, [found(4)], [found(3)], groups=range(30), n_samples=100)
    assert result.n_groups == 30


def test_there_must_be_something_to_compare():
    with pytest.raises(XlreError, match="X310"):
        paired_bootstrap(GOLD, [], [found(1)])
    with pytest.raises(XlreError, match="X311"):
        paired_bootstrap(set(), [set()], [set()])
