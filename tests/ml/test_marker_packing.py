"""Rows of word pieces with markers: what stands where, and that no pair and no entity's end is lost."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spacy_xlre.ml.markers.packing import Layout, TextPieces, marked_row, nearest_pieces, piece_ranges, rows_of_text

MARKS = (101, 101, 102, 102)


def layout(**settings):
    values = {"max_positions": 512, "row_pieces": 512, "first_position": 0, "packed": True, **settings}
    return Layout(before=[1], after=[2], markers=MARKS, **values)


def text(n_pieces):
    pieces = np.arange(n_pieces)
    return TextPieces(pieces + 10, pieces, pieces + 1)


ENDS = np.array([[1, 2, 3, 5], [3, 5, 1, 2]])


def test_packed_markers_stand_behind_the_text_and_borrow_positions():
    row = marked_row(layout(first_position=2), np.arange(10, 16), ENDS, np.array([7, 8]))
    assert row.ids.tolist() == [1, 10, 11, 12, 13, 14, 15, 2, *MARKS, *MARKS]
    assert (row.positions - 2).tolist() == [0, 1, 2, 3, 4, 5, 6, 7, 2, 2, 4, 5, 4, 5, 2, 2]
    assert row.groups.tolist() == [0] * 8 + [1] * 4 + [2] * 4
    assert row.roles.tolist() == [-1] * 8 + [0, 1, 2, 3] * 2
    assert row.columns.tolist() == [[8, 9, 10, 11], [12, 13, 14, 15]]
    assert row.pairs.tolist() == [7, 8]


def test_packed_markers_can_be_copies_of_their_entities_ends():
    row = marked_row(layout(entity_pieces=True), np.arange(10, 16), ENDS, np.array([7, 8]))
    assert row.ids.tolist() == [1, 10, 11, 12, 13, 14, 15, 2, 11, 11, 13, 14, 13, 14, 11, 11]
    assert row.ids[8:].tolist() == row.ids[row.positions[8:]].tolist()
    assert row.roles.tolist() == [-1] * 8 + [0, 1, 2, 3] * 2


def test_inserted_markers_stand_around_the_entities():
    row = marked_row(layout(packed=False), np.arange(10, 16), ENDS[:1], np.array([7]))
    assert row.ids.tolist() == [1, 10, 101, 11, 101, 12, 102, 13, 14, 102, 15, 2]
    assert row.positions.tolist() == list(range(12))
    assert row.columns.tolist() == [[2, 4, 6, 9]]
    assert row.roles[row.columns[0]].tolist() == [0, 1, 2, 3]


@pytest.mark.parametrize(
    ("ends", "expected"),
    [
        ([0, 1, 1, 2], "<h 10 h> <t 11 t> 12"),
        ([1, 2, 0, 1], "<t 10 t> <h 11 h> 12"),
        ([0, 3, 1, 2], "<h 10 <t 11 t> 12 h>"),
        ([0, 1, 0, 3], "<t <h 10 h> 11 12 t>"),
        ([0, 3, 2, 3], "<h 10 11 <t 12 t> h>"),
    ],
)
def test_adjacent_and_nested_entities_are_marked_in_order(ends, expected):
    row = marked_row(layout(packed=False), np.arange(10, 13), np.array([ends]), np.array([0]))
    names = {0: "<h", 1: "h>", 2: "<t", 3: "t>"}
    shown = [names.get(int(role), str(piece)) for piece, role in zip(row.ids[1:-1], row.roles[1:-1])]
    assert " ".join(shown) == expected


def test_more_pairs_than_a_row_holds_go_to_more_rows():
    ends = np.tile(ENDS, (5, 1))
    rows = list(rows_of_text(layout(row_pieces=20), text(6), ends[:, :2], ends[:, 2:], np.arange(10)))
    assert [row.pairs.tolist() for row in rows] == [[0, 1, 2], [3, 4, 5], [6, 7, 8], [9]]
    assert all(len(row.ids) <= 20 for row in rows)


SPANS = st.tuples(st.integers(0, 99), st.integers(1, 60), st.integers(0, 99), st.integers(1, 60))


@given(SPANS, st.booleans(), st.integers(12, 60))
def test_a_text_beyond_the_window_keeps_the_ends_of_both_entities(spans, packed, positions):
    first, length, second, other = spans
    n_pieces = 160
    ends = np.array([[first, first + length, second, second + other]])
    shape = layout(max_positions=positions, packed=packed)
    (row,) = rows_of_text(shape, text(n_pieces), ends[:, :2], ends[:, 2:], np.array([0]))
    assert row.positions.max() < positions
    text_ids = row.ids[(row.roles < 0) & (row.ids >= 10)]
    assert (np.diff(text_ids) > 0).all()
    assert {first + 10, first + length + 9, second + 10, second + other + 9} <= set(text_ids.tolist())
    if packed:
        marked = [int(row.ids[np.flatnonzero(row.positions == row.positions[c])[0]]) for c in row.columns[0]]
        assert marked == [first + 10, first + length + 9, second + 10, second + other + 9]


def test_the_nearest_pieces_are_kept():
    assert nearest_pieces(10, np.array([2, 3, 7, 8]), 4).tolist() == [1, 2, 3, 7]


def test_spans_without_pieces_get_the_place_where_they_would_be():
    pieces = TextPieces(np.array([10, 11, 12]), np.array([0, 2, 3]), np.array([1, 3, 4]))
    spans = np.array([[0, 1], [1, 2], [2, 4], [4, 5]])
    assert piece_ranges(pieces, spans).tolist() == [[0, 1], [1, 2], [1, 3], [2, 3]]


@pytest.mark.parametrize("packed", [True, False])
def test_a_text_without_any_piece_can_still_be_marked(packed):
    nothing = text(0)
    ranges = piece_ranges(nothing, np.array([[0, 1], [1, 2]]))
    (row,) = rows_of_text(layout(packed=packed), nothing, ranges[:1], ranges[1:], np.array([0]))
    assert (row.roles >= 0).sum() == 4
