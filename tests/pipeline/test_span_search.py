"""Projection by meaning where links are missing. Identical words have nearly identical vectors in any encoder."""

import pytest

from spacy_xlre.tokens import get_alignment, make_bitext
from spacy_xlre.tokens.bitext import PairAlignment
from spacy_xlre.tokens.blank import blank_multilingual


@pytest.fixture(scope="module")
def nlp(tiny_encoder_folder):
    nlp = blank_multilingual()
    nlp.add_pipe("xlre_aligner", config={"encoder": str(tiny_encoder_folder), "layer": 1})
    return nlp


@pytest.fixture
def aligner(nlp):
    return nlp.get_pipe("xlre_aligner")


def aligned(nlp, source: str, target: str) -> PairAlignment:
    (pair,) = get_alignment(nlp(make_bitext(nlp, {"en": source, "nl": target}))).pairs
    return pair


def without_links(pair: PairAlignment, *tokens: int) -> PairAlignment:
    """Take the links of source tokens away."""
    links = [link for link in pair.links if link.source not in tokens]
    return PairAlignment(pair.source, pair.target, pair.beads, links)


SENTENCE = "The cat was born in Paris"


@pytest.mark.parametrize(("start", "end"), [(1, 2), (5, 6), (3, 6)])
def test_a_span_without_links_is_found_by_its_vectors(nlp, aligner, start, end):
    pair = without_links(aligned(nlp, SENTENCE, SENTENCE), *range(start, end))
    span = pair.source[start:end]
    assert pair.project(span).reason == "no links"
    (found,) = aligner.project(pair, [span])
    assert found.span is not None
    assert found.span.text == span.text
    assert found.span.doc is pair.target.doc
    assert 0.0 < found.score <= 1.0


def test_label_and_id_go_with_the_span(nlp, aligner):
    pair = without_links(aligned(nlp, SENTENCE, SENTENCE), 5)
    span = pair.source[5:6]
    span.label_, span.kb_id_ = "LOC", "Q90"
    (found,) = aligner.project(pair, [span])
    assert (found.span.label_, found.span.kb_id_) == ("LOC", "Q90")


def test_where_links_are_sure_they_decide(nlp, aligner):
    pair = aligned(nlp, SENTENCE, SENTENCE)
    spans = [pair.source[1:2], pair.source[4:6]]
    assert aligner.project(pair, spans) == [pair.project(span) for span in spans]


def test_two_spans_do_not_get_the_same_place(nlp, aligner):
    pair = without_links(aligned(nlp, "Paris Paris", "Paris"), 0, 1)
    found = aligner.project(pair, [pair.source[0:1], pair.source[1:2]])
    assert sorted(projection.reason for projection in found) == ["", "taken"]


def test_text_that_was_left_out_is_not_searched(nlp, aligner):
    pair = aligned(nlp, SENTENCE, SENTENCE)
    bead = pair.beads[0]
    left_out = PairAlignment(pair.source, pair.target, [type(bead)(bead.source, (0, 0), 0.0)], [])
    (found,) = aligner.project(left_out, [pair.source[1:2]])
    assert (found.span, found.reason) == (None, "no links")


def test_spans_of_either_doc_are_searched_in_the_other(nlp, aligner):
    source, target = nlp.make_doc("The cat was born"), nlp.make_doc("The cat was born")
    alignment = aligner.align(source, target)
    alignment.pair.links.clear()
    (there,) = aligner.project(alignment, [source[1:2]])
    (back,) = aligner.project(alignment, [target[3:4]])
    assert there.span.doc is target
    assert back.span.doc is source
    assert (there.span.text, back.span.text) == ("cat", "born")


def test_no_spans_give_no_projections(nlp, aligner):
    assert aligner.project(aligned(nlp, SENTENCE, SENTENCE), []) == []
