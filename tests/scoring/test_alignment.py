"""The metrics of word alignment."""

import pytest

from spacy_xlre.scoring.alignment import LinkCounts


def test_error_rate_counts_possible_links_for_precision_and_sure_ones_for_recall():
    counts = LinkCounts()
    counts.add({(0, 0), (1, 1), (2, 2)}, sure={(0, 0), (3, 3)}, possible={(0, 0), (1, 1), (3, 3)})
    assert counts.precision == pytest.approx(2 / 3)
    assert counts.recall == pytest.approx(1 / 2)
    assert counts.error_rate == pytest.approx(1 - (1 + 2) / (3 + 2))


def test_with_one_kind_of_links_error_rate_is_one_minus_f1():
    counts = LinkCounts()
    counts.add({(0, 0), (1, 1)}, {(0, 0), (2, 2), (3, 3)}, set())
    assert counts.error_rate == pytest.approx(1 - counts.f1)


def test_nothing_found_and_nothing_to_find():
    assert (LinkCounts().precision, LinkCounts().recall, LinkCounts().f1, LinkCounts().error_rate) == (0, 0, 0, 1)
