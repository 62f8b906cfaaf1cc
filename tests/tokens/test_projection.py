"""Projection is geometry over links: worked examples, and properties that hold for any links."""

from typing import List, Optional, Tuple

import pytest
from hypothesis import given
from hypothesis import strategies as st
from spacy.tokens import Doc, Span

from spacy_xlre.errors import XlreError
from spacy_xlre.tokens import (
    Bead,
    Link,
    PairAlignment,
    Projection,
    Relation,
    get_alignment,
    get_segments,
    make_bitext,
    project_cats,
    project_entities,
    project_relations,
    set_alignment,
)
from spacy_xlre.tokens.blank import blank_multilingual
from spacy_xlre.tokens.projection import project_range

NLP = blank_multilingual()


def make_aligned(source: str, target: str, links: str, langs: Tuple[str, str] = ("en", "de")) -> Doc:
    """A bitext whose links are written as "0-0 1-2:0.5"."""
    doc = make_bitext(NLP, dict(zip(langs, (source, target))))
    first, second = get_segments(doc).values()
    parsed = []
    for written in links.split():
        pair, _, prob = written.partition(":")
        i, j = map(int, pair.split("-"))
        parsed.append(Link(i, j, float(prob or 1.0)))
    set_alignment(doc, [PairAlignment(first, second, [], sorted(parsed, key=lambda li: (li.source, li.target)))])
    return doc


def project(doc: Doc, text: str, langs: Tuple[str, str] = ("en", "de")) -> Projection:
    """Project the part of the first segment that has a text."""
    segment = get_segments(doc)[langs[0]]
    span = next(
        segment[i:j] for i in range(len(segment)) for j in range(i + 1, len(segment) + 1) if segment[i:j].text == text
    )
    return doc._.alignment.project(span, to=langs[1])


def text_of(projection: Projection) -> Optional[str]:
    return projection.span.text if projection.span is not None else None


def test_linked_words_are_the_projection():
    doc = make_aligned("Ada saw New York", "Ada sah New York gern", "0-0 1-1 2-2 3-3")
    projection = project(doc, "New York")
    assert text_of(projection) == "New York"
    assert (projection.score, projection.reason) == (1.0, "")


def test_label_and_entity_id_are_carried():
    doc = make_aligned("Ada ran", "Ada lief", "0-0 1-1")
    span = Span(doc, 0, 1, label="PER", kb_id="Q7259")
    found = doc._.alignment.project(span, to="de").span
    assert (found.label_, found.kb_id_, found.start) == ("PER", "Q7259", 3)


def test_a_word_without_links_inside_the_span_is_bridged():
    doc = make_aligned("University Bonn", "Universität zu Bonn", "0-0 1-2")
    assert text_of(project(doc, "University Bonn")) == "Universität zu Bonn"


def test_a_stray_link_far_away_is_left_out():
    doc = make_aligned("New York grew fast", "New York und die ganze große weite Stadt", "0-0 1-1 1-7:0.4 2-7:0.9")
    assert text_of(project(doc, "New York")) == "New York"


def test_a_neighbours_word_is_not_swallowed():
    doc = make_aligned("Ada met Bob", "Ada traf Bob", "0-0 0-1:0.3 1-1:0.9 2-2")
    assert text_of(project(doc, "Ada")) == "Ada"


def test_the_score_falls_with_what_is_uncovered_unsure_or_foreign():
    sure = project(make_aligned("A B", "C D", "0-0 1-1"), "A B").score
    uncovered = project(make_aligned("A B", "C D", "0-0"), "A B").score
    unsure = project(make_aligned("A B", "C D", "0-0:0.5 1-1:0.5"), "A B").score
    foreign = project(make_aligned("A B x", "C D", "0-0 1-1 2-1:0.5"), "A B").score
    assert sure == 1.0
    assert max(uncovered, unsure, foreign) < 1.0


@pytest.mark.parametrize(
    ("links", "reason"),
    [
        ("1-1", "no links"),
        ("0-1:0.2 1-1:0.9", "outweighed"),
        ("0-0:0.5 0-3:0.5 0-6:0.5 1-1 1-2 1-4 1-5", "discontiguous"),
        ("0-7", "only punctuation"),
    ],
)
def test_a_refusal_says_why(links, reason):
    doc = make_aligned("Ada ran", "eins zwei drei vier fünf sechs sieben .", links)
    assert project(doc, "Ada") == Projection(None, 0.0, reason)


def test_segments_that_were_not_aligned_are_a_refusal():
    doc = make_bitext(NLP, {"en": "Ada", "de": "Ada", "fr": "Ada"})
    en, de, _ = get_segments(doc).values()
    set_alignment(doc, [PairAlignment(en, de, [], [Link(0, 0)])])
    assert doc._.alignment.project(en[0:1], to="fr") == Projection(None, 0.0, "not aligned")


@pytest.mark.parametrize(
    ("target", "links", "expected"),
    [
        ("die Vereinten Nationen", "0-0:0.6 0-1 1-2", "Vereinten Nationen"),
        ("(Vereinte Nationen)", "0-0 0-1 1-2 1-3:0.6", "Vereinte Nationen"),
        ("Nationen (Vereinte)", "0-2 1-0 0-1:0.6 0-3:0.6", "Nationen (Vereinte)"),
        ("„ Vereinte Nationen “ ,", "0-1 1-2 1-3 1-4", "Vereinte Nationen"),
    ],
)
def test_punctuation_and_articles_at_the_edges_are_cut_off(target, links, expected):
    assert text_of(project(make_aligned("United Nations", target, links), "United Nations")) == expected


def test_an_article_is_kept_where_the_source_has_one():
    doc = make_aligned("The Trial", "Der Prozess", "0-0 1-1")
    assert text_of(project(doc, "The Trial")) == "Der Prozess"


def test_most_of_a_quoted_title_becomes_the_title():
    doc = make_aligned("Red Sorghum ran", "《红高粱》上映", "0-1 1-2:0.5 2-5 2-6", ("en", "zh"))
    assert text_of(project(doc, "Red Sorghum", ("en", "zh"))) == "红高粱"


def test_a_part_of_a_quoted_title_stays_a_part_where_the_source_quotes_it_too():
    doc = make_aligned("“ Red Sorghum ”", "《红高粱》", "1-1 2-2 2-3", ("en", "zh"))
    assert text_of(project(doc, "Red", ("en", "zh"))) == "红"


def test_a_chinese_transliteration_takes_in_its_unclaimed_characters():
    doc = make_aligned("George Lucas came", "乔治·卢卡斯来了", "0-0 0-1 1-3 2-6 2-7", ("en", "zh"))
    assert text_of(project(doc, "George Lucas", ("en", "zh"))) == "乔治·卢卡斯"


def test_a_chinese_transliteration_stops_where_another_word_begins():
    doc = make_aligned("Lucas in Asia", "卢卡斯亚洲", "0-0 2-3 2-4", ("en", "zh"))
    assert text_of(project(doc, "Lucas", ("en", "zh"))) == "卢卡斯"


def test_links_of_other_beads_have_no_say():
    doc = make_bitext(NLP, {"en": "Ada ran . Bob sat .", "de": "Ada lief . Bob saß ."})
    en, de = get_segments(doc).values()
    links = [Link(0, 0), Link(3, 0, 1.0), Link(4, 4)]
    pair = PairAlignment(en, de, [Bead((0, 3), (0, 3)), Bead((3, 6), (3, 6))], links)
    assert text_of(pair.project(en[0:1])) == "Ada"
    assert text_of(PairAlignment(en, de, [], links).project(en[0:1])) == "Ada"
    assert pair.project(en[0:1]).score > PairAlignment(en, de, [], links).project(en[0:1]).score


def test_a_span_of_no_segment_is_an_error():
    doc = make_aligned("Ada ran", "Ada lief", "0-0")
    with pytest.raises(XlreError, match="X405"):
        doc._.alignment.project(doc[1:4], to="de")
    with pytest.raises(XlreError, match="X405"):
        doc._.alignment.pairs[0].project(get_segments(doc)["de"][0:1])
    with pytest.raises(XlreError, match="X007"):
        doc._.alignment.project(doc[0:1], to="fr")


def test_of_two_entities_on_one_word_the_surer_stays():
    doc = make_aligned("Ada and Bob", "Ada und", "0-0 2-0:0.6")
    (pair,) = doc._.alignment.pairs
    projections = project_entities(pair, [pair.source[2:3], pair.source[1:2], pair.source[0:1]])
    assert [(text_of(p), p.reason) for p in projections] == [(None, "taken"), (None, "no links"), ("Ada", "")]


LINKS = st.lists(
    st.builds(Link, st.integers(0, 8), st.integers(0, 9), st.floats(0, 1, exclude_min=True)), max_size=30
).map(
    lambda links: sorted({(li.source, li.target): li for li in links}.values(), key=lambda li: (li.source, li.target))
)
RANGES = st.tuples(st.integers(0, 8), st.integers(0, 8)).map(lambda ab: (min(ab), max(ab) + 1))


@given(LINKS, RANGES)
def test_a_projected_range_holds_linked_tokens_and_its_score_is_a_share(links: List[Link], source):
    found, score, reason = project_range(source, links)
    assert 0.0 <= score <= 1.0
    assert (found is None) == bool(reason)
    if found is not None:
        own = {li.target for li in links if source[0] <= li.source < source[1]}
        assert found[0] < found[1]
        assert {found[0], found[1] - 1} <= own


@given(LINKS, RANGES)
def test_any_projection_lies_in_its_segment(links: List[Link], source):
    doc = make_bitext(NLP, {"en": "a b c d e f g h i", "zh": "《马·尔》，克the（好"})
    en, zh = get_segments(doc).values()
    projection = PairAlignment(en, zh, [], [li for li in links if li.target < len(zh)]).project(en[slice(*source)])
    assert 0.0 <= projection.score <= 1.0
    if projection.span is not None:
        assert zh.start <= projection.span.start < projection.span.end <= zh.end


@given(
    st.lists(st.sampled_from(["the", "Ada", "“", "”", "red", "马", "·", "(", ")", "《", "》"]), min_size=1), st.data()
)
def test_identical_text_projects_identically(words, data):
    doc = Doc(NLP.vocab, words=[*words, "\n", *words])
    n = len(words)
    pair = PairAlignment(Span(doc, 0, n, label="en"), Span(doc, n + 1, 2 * n + 1, label="zh"), [], [])
    pair.links.extend(Link(i, i) for i in range(n))
    start = data.draw(st.integers(0, n - 1))
    end = data.draw(st.integers(start + 1, n))
    projection = pair.project(pair.source[start:end])
    assert projection.span is not None
    assert (projection.span.start - n - 1, projection.span.end - n - 1) == (start, end)
    assert projection.score == 1.0


def test_an_alignment_that_was_read_projects_too():
    doc = make_aligned("Ada ran", "Ada lief", "0-0 1-1")
    assert text_of(get_alignment(doc).project(doc[0:1], to="de")) == "Ada"


# Methods


def test_from_the_first_linked_word_to_the_last_swallows_what_lies_between():
    doc = make_aligned("New York", "York liegt weit im hohen Norden New", "0-6 1-0:0.4")
    pair = doc._.alignment.pairs[0]
    assert text_of(pair.project(pair.source, method="minmax")) == "York liegt weit im hohen Norden New"
    assert text_of(pair.project(pair.source)) == "New"


def test_a_method_that_is_not_there_is_an_error():
    pair = make_aligned("Ada", "Ada", "0-0")._.alignment.pairs[0]
    with pytest.raises(XlreError, match=r"X415.*run, minmax"):
        pair.project(pair.source, method="telepathy")


# Relations and categories


def test_a_relation_is_carried_with_both_arguments():
    doc = make_aligned("Ada saw Paris", "Ada sah Paris", "0-0 1-1 2-2:0.5")
    pair = doc._.alignment.pairs[0]
    ((found,), refused) = project_relations(pair, [Relation(doc[0:1], "visited", doc[2:3], score=0.8, weight=0.5)])
    assert (found.head.text, found.label, found.tail.text, found.source) == ("Ada", "visited", "Paris", "projected")
    assert found.head.start >= pair.target.start
    assert found.score == pytest.approx(0.8 * pair.project(doc[2:3]).score)
    assert found.weight == pytest.approx(0.5 * pair.project(doc[2:3]).score)
    assert refused == []


def test_a_relation_without_a_place_for_an_argument_is_refused_with_the_reason():
    doc = make_aligned("Ada saw Paris", "Ada sah Paris", "0-0 1-1")
    relation = Relation(doc[0:1], "visited", doc[2:3])
    assert project_relations(doc._.alignment.pairs[0], [relation]) == ([], [(relation, "tail: no links")])


def test_both_arguments_cannot_become_one_span():
    doc = make_aligned("Ada saw Paris", "Ada", "0-0 2-0:0.9")
    relation = Relation(doc[0:1], "visited", doc[2:3])
    found, ((refused, reason),) = project_relations(doc._.alignment.pairs[0], [relation])
    assert (found, refused) == ([], relation)
    assert reason in ("tail: taken", "tail: outweighed")


def test_categories_are_as_sure_as_the_translation_is_whole():
    doc = make_bitext(NLP, {"en": "One. Two.", "de": "Eins."})
    en, de = get_segments(doc).values()
    half = PairAlignment(en, de, [Bead((0, 2), (0, 2), 1.0), Bead((2, 4), (2, 2), 0.0)])
    assert project_cats(half, {"NEWS": 1.0, "SPORT": 0.0, "ODD": 0.5}) == {"NEWS": 0.75, "SPORT": 0.25, "ODD": 0.5}
    assert project_cats(PairAlignment(en, de), {"NEWS": 1.0}) == {"NEWS": 1.0}
