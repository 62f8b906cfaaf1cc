"""Alignments as HTML: well-formed, escaped, links at the right tokens, and text from right to left."""

import re
import xml.etree.ElementTree as ElementTree

import pytest

from spacy_xlre.tokens import Bead, Link, PairAlignment, get_segments, make_bitext, set_alignment
from spacy_xlre.tokens.alignment_html import is_right_to_left


def aligned(nlp, texts, beads, links):
    doc = make_bitext(nlp, texts)
    source, target = get_segments(doc).values()
    set_alignment(doc, [PairAlignment(source, target, beads, links)])
    return doc


def drawing(html):
    """Return the words of the drawing with the middle of each, and the ends of its lines."""
    svg = ElementTree.fromstring(re.search(r"<svg.*?</svg>", html, re.DOTALL).group())
    name = "{http://www.w3.org/2000/svg}"
    words = {text.text: float(text.get("x")) for text in svg.iter(f"{name}text")}
    return words, [(float(line.get("x1")), float(line.get("x2"))) for line in svg.iter(f"{name}line")]


def test_a_link_runs_from_word_to_word(multilingual):
    doc = aligned(multilingual, {"en": "Ada saw", "de": "sah Karl"}, [], [Link(1, 0, 0.9)])
    words, lines = drawing(doc._.alignment._repr_html_())
    assert lines == [(words["saw"], words["sah"])]
    assert "saw – sah 0.90" in doc._.alignment._repr_html_()


def test_words_from_right_to_left_stand_in_this_order(multilingual):
    doc = aligned(multilingual, {"en": "born in Paris", "ar": "ولد في باريس"}, [], [Link(2, 2)])
    html = doc._.alignment.between("en", "ar")._repr_html_()
    words, lines = drawing(html)
    assert words["born"] < words["in"] < words["Paris"]
    assert words["ولد"] > words["في"] > words["باريس"]
    assert lines == [(words["Paris"], words["باريس"])]
    assert 'lang="ar" dir="rtl"' in html


@pytest.mark.parametrize(("text", "expected"), [("שלום", True), ("123 سنة", True), ("Ada שלום", False), ("12", False)])
def test_the_first_letter_gives_the_direction(text, expected):
    assert is_right_to_left(text) is expected


def test_markup_in_the_text_is_text(multilingual):
    doc = aligned(multilingual, {"en": '<script>"x"</script> & so', "de": "<b>"}, [], [Link(0, 0)])
    html = doc._.alignment._repr_html_()
    assert "<script" not in html
    assert "<b>" not in html
    drawing(html)


def test_a_document_is_a_ladder_of_beads_and_shows_what_is_left_out(multilingual):
    beads = [Bead((0, 2), (0, 2), 0.75), Bead((2, 4), (2, 2), 0.0)]
    html = aligned(multilingual, {"en": "One. Two.", "de": "Eins."}, beads, [Link(0, 0)])._.alignment._repr_html_()
    rows = [re.sub("<[^>]+>", "|", row) for row in re.findall(r"<tr><td class=.*?</tr>", html)]
    assert [[cell for cell in row.split("|") if cell] for row in rows] == [["One.", "0.75", "Eins."], ["Two.", "1:0"]]
    assert html.count("<svg") == 1
