"""Training `xlre_aligner`: what it learns from, that it learns, and what stays as it was."""

import numpy
import pytest
import spacy
from spacy.training import Example
from thinc.api import Adam

from spacy_xlre.errors import XlreError
from spacy_xlre.pipeline.alignment_examples import training_pairs
from spacy_xlre.scoring.alignment import score_links
from spacy_xlre.tokens import Bead, Link, PairAlignment, get_alignment, get_segments, make_bitext, set_alignment
from spacy_xlre.tokens.blank import blank_multilingual

TEXTS = [
    ("the cat was born in paris", "paris in geboren wurde katze die"),
    ("a cat was in the north", "norden im war katze eine"),
    ("the north", "norden der"),
]


def make_nlp(encoder, **config):
    nlp = blank_multilingual()
    settings = {"layer": 2, "trained_layers": 1, "method": "argmax", "null": 0.2, "temperature": 0.1, **config}
    nlp.add_pipe("xlre_aligner", config={"encoder": str(encoder), **settings})
    return nlp


def example(nlp, source, target, links=None):
    """Words in reverse order are each other's translations here, which no untrained encoder knows."""
    reference = make_bitext(nlp, {"en": source, "de": target})
    predicted = reference.copy()
    if links is not None:
        en, de = get_segments(reference).values()
        set_alignment(reference, [PairAlignment(en, de, [Bead((0, len(en)), (0, len(de)))], links)])
    return Example(predicted, reference)


def examples(nlp):
    return [
        example(nlp, en, de, [Link(i, len(de.split()) - 1 - i) for i in range(min(len(en.split()), len(de.split())))])
        for en, de in TEXTS
    ]


def train(nlp, egs, steps=40, rate=0.01):
    optimizer = Adam(rate)
    return [nlp.update(egs, sgd=optimizer)["xlre_aligner"] for _ in range(steps)]


def test_it_overfits_saves_loads_and_scores_the_same(tiny_encoder_folder, tmp_path):
    nlp = make_nlp(tiny_encoder_folder)
    egs = examples(nlp)
    nlp.initialize(lambda: egs)
    before = score_links([eg for eg in examples(nlp) if nlp(eg.predicted)])["align_f"]
    losses = train(nlp, egs)
    after = nlp.evaluate(examples(nlp))
    assert losses[-1] < 0.3 * losses[0]
    assert after["align_f"] > max(0.95, before)
    nlp.to_disk(tmp_path / "aligner")
    loaded = spacy.load(tmp_path / "aligner")
    assert loaded.evaluate(examples(loaded))["align_f"] == after["align_f"]
    through_bytes = spacy.util.load_model_from_config(nlp.config).from_bytes(loaded.to_bytes())
    for left, right in zip(egs, examples(nlp)):
        one, other = loaded(left.predicted.copy()), through_bytes(right.predicted)
        assert [li.prob for li in get_alignment(one).pairs[0].links] == pytest.approx(
            [li.prob for li in get_alignment(other).pairs[0].links], abs=1e-5
        )


def test_a_loaded_aligner_goes_on_learning(tiny_encoder_folder, tmp_path):
    nlp = make_nlp(tiny_encoder_folder)
    train(nlp, examples(nlp), steps=5)
    nlp.to_disk(tmp_path / "aligner")
    loaded = spacy.load(tmp_path / "aligner")
    again = train(loaded, examples(loaded), steps=20)
    assert again[-1] < again[0] < train(make_nlp(tiny_encoder_folder), examples(nlp), steps=1)[0]


def test_sentence_vectors_and_so_beads_stay_as_they_were(tiny_encoder_folder):
    nlp = make_nlp(tiny_encoder_folder)
    text, tokens = "the cat was born", [(0, 3), (4, 7), (8, 11), (12, 16)]
    encoder = nlp.get_pipe("xlre_aligner").encoder.get()
    (before,) = encoder.encode([text], [tokens])
    train(nlp, examples(nlp), steps=10)
    (after,) = encoder.encode([text], [tokens])
    numpy.testing.assert_allclose(after.vector, before.vector, atol=1e-5)
    assert not numpy.allclose(after.pieces, before.pieces, atol=1e-3)


def test_without_known_links_it_learns_from_its_own(tiny_encoder_folder):
    nlp = make_nlp(tiny_encoder_folder, losses={"self_training": 1.0})
    losses = train(nlp, [example(nlp, "the cat was born", "the cat was born")], steps=15)
    assert losses[-1] < losses[0] < 0


def test_parallel_texts_are_told_from_others(tiny_encoder_folder):
    nlp = make_nlp(tiny_encoder_folder, losses={"parallel": 1.0})
    losses = train(nlp, [example(nlp, en, de) for en, de in TEXTS], steps=30)
    assert losses[-1] < 0.5 * losses[0]


def test_gradients_are_kept_for_a_step_that_comes_later(tiny_encoder_folder):
    nlp = make_nlp(tiny_encoder_folder)
    aligner = nlp.get_pipe("xlre_aligner")
    first = aligner.update(examples(nlp), sgd=False)["xlre_aligner"]
    assert aligner.update(examples(nlp), sgd=False)["xlre_aligner"] == pytest.approx(first, rel=1e-4)
    aligner.finish_update(Adam(0.01))
    assert aligner.update(examples(nlp), sgd=None)["xlre_aligner"] < first


def test_docs_that_are_no_bitexts_teach_nothing_and_load_nothing():
    nlp = blank_multilingual()
    nlp.add_pipe("xlre_aligner", config={"encoder": "no/such/encoder"})
    doc = nlp.make_doc("Just text.")
    assert nlp.update([Example(doc, doc.copy())], sgd=Adam(0.01)) == {"xlre_aligner": 0.0}
    assert nlp.get_pipe("xlre_aligner").score([Example(doc, doc.copy())])["align_f"] is None


def test_predicting_changes_no_doc_until_it_is_set(tiny_encoder_folder):
    nlp = make_nlp(tiny_encoder_folder)
    aligner = nlp.get_pipe("xlre_aligner")
    docs = [make_bitext(nlp, {"en": "The cat. The north.", "de": "Die Katze. Norden."}), nlp.make_doc("no bitext")]
    stored = [doc.to_bytes() for doc in docs]
    predictions = aligner.predict(docs)
    assert [doc.to_bytes() for doc in docs] == stored
    aligner.set_annotations(docs, predictions)
    assert docs[0].to_bytes() == nlp(docs[0].copy()).to_bytes()
    assert get_alignment(docs[1]) is None


def test_a_loss_that_is_not_there_is_an_error(tiny_encoder_folder):
    nlp = make_nlp(tiny_encoder_folder, losses={"telepathy": 1.0})
    with pytest.raises(XlreError, match=r"X408.*supervised, self_training, parallel"):
        train(nlp, examples(nlp), steps=1)


def test_more_layers_than_there_are_is_an_error(tiny_encoder_folder):
    nlp = make_nlp(tiny_encoder_folder, trained_layers=3)
    with pytest.raises(XlreError, match="X410"):
        train(nlp, examples(nlp), steps=1)


def test_trained_layers_of_another_encoder_are_an_error(tiny_encoder_folder):
    encoder = make_nlp(tiny_encoder_folder).get_pipe("xlre_aligner").encoder
    with pytest.raises(XlreError, match="X411"):
        encoder.get().load_word_layers(b"nothing of the kind")


# What is learned from a Doc


def test_beads_say_which_texts_belong_together(multilingual):
    doc = make_bitext(multilingual, {"en": "One. Two.", "de": "Eins. Zwei."})
    en, de = get_segments(doc).values()
    beads = [Bead((0, 2), (0, 2)), Bead((2, 4), (2, 4)), Bead((4, 4), (4, 4))]
    set_alignment(doc, [PairAlignment(en, de, beads, [Link(0, 0), Link(2, 2), Link(3, 3)])])
    pairs = list(training_pairs(doc, with_links=True))
    assert [(pair.source, pair.target, pair.links) for pair in pairs] == [
        ("One.", "Eins.", {(0, 0)}),
        ("Two.", "Zwei.", {(0, 0), (1, 1)}),
    ]
    assert pairs[1].source_tokens == [(0, 3), (3, 4)]
    assert [pair.links for pair in training_pairs(doc, with_links=False)] == [None, None]


def test_without_an_alignment_every_two_segments_are_a_pair(multilingual):
    doc = make_bitext(multilingual, {"en": "One", "de": "Eins", "fr": "Un"})
    pairs = [(pair.source, pair.target) for pair in training_pairs(doc, with_links=True)]
    assert pairs == [("One", "Eins"), ("One", "Un"), ("Eins", "Un")]
