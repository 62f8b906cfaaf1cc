import pytest
from spacy.tokens import Span

from spacy_xlre.errors import XlreError
from spacy_xlre.tokens import (
    Bead,
    Link,
    PairAlignment,
    Relation,
    get_alignment,
    get_bitext_id,
    get_relations,
    get_segments,
    make_bitext,
    set_alignment,
    set_bitext_id,
    set_relations,
)
from spacy_xlre.tokens.subset import keep_segments


@pytest.fixture
def bitext(multilingual):
    doc = make_bitext(multilingual, {"en": "Ada slept. She woke.", "de": "Ada schlief.", "fr": "Ada a dormi."})
    segments = get_segments(doc)
    for token in doc:
        token.is_sent_start = token.i in (0, 3, segments["de"].start, segments["fr"].start)
    doc.ents = [Span(doc, segment.start, segment.start + 1, label="PER", kb_id="Q1") for segment in segments.values()]
    set_alignment(
        doc,
        [
            PairAlignment(segments["en"], segments["de"], [Bead((0, 6), (0, 3), 0.7)], [Link(0, 0, 0.9)]),
            PairAlignment(segments["de"], segments["fr"], [Bead((0, 3), (0, 4), 0.6)], [Link(1, 2, 0.8)]),
        ],
    )
    head, tail = (doc[segments["fr"].start + i : segments["fr"].start + i + 1] for i in (0, 2))
    set_relations(doc, [Relation(head, "did", tail), Relation(doc[0:1], "did", doc[1:2])])
    set_bitext_id(doc, "ada")
    return doc


def test_text_sentences_entities_alignment_and_relations_of_kept_segments_stay(bitext):
    part = keep_segments(bitext, ["de", "fr"])
    assert part.text == "Ada schlief.\nAda a dormi."
    assert {lang: segment.text for lang, segment in get_segments(part).items()} == {
        "de": "Ada schlief.",
        "fr": "Ada a dormi.",
    }
    assert [sent.text.strip() for sent in part.sents] == ["Ada schlief.", "Ada a dormi."]
    assert [(ent.text, ent.label_, ent.kb_id_) for ent in part.ents] == [("Ada", "PER", "Q1")] * 2
    (pair,) = get_alignment(part).pairs
    assert (pair.source.label_, pair.target.label_) == ("de", "fr")
    assert (pair.beads, pair.links) == ([Bead((0, 3), (0, 4), 0.6)], [Link(1, 2, 0.8)])
    assert [(r.head.text, r.label, r.tail.text) for r in get_relations(part)] == [("Ada", "did", "dormi")]
    assert get_bitext_id(part) == "ada"


def test_the_last_segment_can_go_and_the_original_stays_as_it_is(bitext):
    before = bitext.to_bytes()
    part = keep_segments(bitext, {"en", "de"})
    assert part.text == "Ada slept. She woke.\nAda schlief."
    assert [r.head.text for r in get_relations(part)] == ["Ada"]
    assert bitext.to_bytes() == before


def test_a_bitext_of_which_all_is_kept_is_itself(bitext):
    assert keep_segments(bitext, ["fr", "en", "de"]) is bitext


def test_a_bitext_needs_two_of_its_own_segments(bitext):
    with pytest.raises(XlreError, match="X004"):
        keep_segments(bitext, ["de"])
    with pytest.raises(XlreError, match=r"X007.*'es'"):
        keep_segments(bitext, ["de", "es"])
