"""`xlre_aligner` as a component: what it sets on bitexts, what it leaves alone, and how it is stored."""

import shutil
import sys
from pathlib import Path
from typing import Any

import pytest
import spacy
from spacy.language import Language
from spacy.tokens import Doc
from spacy.util import load_model_from_config

from spacy_xlre.errors import XlreError
from spacy_xlre.tokens import get_alignment, get_segments, make_bitext
from spacy_xlre.tokens.blank import blank_multilingual

TEXTS = {
    "en": "The cat was born in Paris. It was in the north.",
    "de": "Die Katze war in Paris geboren. Sie war im Norden.",
    "zh": "她出生于巴黎。她在北京工作。",
}


@pytest.fixture(scope="module")
def nlp(tiny_encoder_folder) -> Language:
    return make_nlp(tiny_encoder_folder)


def make_nlp(encoder: Any, **config: Any) -> Language:
    nlp = blank_multilingual()
    nlp.add_pipe("xlre_aligner", config={"encoder": str(encoder), "layer": 1, **config})
    return nlp


def content(doc: Doc) -> Any:
    alignment = get_alignment(doc)
    assert alignment is not None
    return [
        (
            pair.source.label_,
            pair.target.label_,
            [(bead.source, bead.target, pytest.approx(bead.prob, abs=1e-4)) for bead in pair.beads],
            {(link.source, link.target): pytest.approx(link.prob, abs=1e-3) for link in pair.links},
        )
        for pair in alignment.pairs
    ]


def test_a_bitext_gets_sentences_beads_and_links(nlp):
    doc = nlp(make_bitext(nlp, TEXTS))
    pairs = doc._.alignment.pairs
    assert [(pair.source.label_, pair.target.label_) for pair in pairs] == [("en", "de"), ("en", "zh"), ("de", "zh")]
    for pair in pairs:
        assert [i for bead in pair.beads for i in range(*bead.source)] == list(range(len(pair.source)))
        assert [j for bead in pair.beads for j in range(*bead.target)] == list(range(len(pair.target)))
        assert pair.links
        for link in pair.links:
            bead = pair.bead_at(link.source)
            assert bead.target[0] <= link.target < bead.target[1]
            assert 0.0 < link.prob <= 1.0 + 1e-6
        assert all(0.0 <= bead.prob <= 1.0 for bead in pair.beads)


def test_no_sentence_crosses_a_segment(nlp):
    doc = nlp(make_bitext(nlp, TEXTS))
    sentences = {lang: [sent.text for sent in segment.sents] for lang, segment in get_segments(doc).items()}
    assert sentences["en"] == ["The cat was born in Paris.", "It was in the north."]
    assert sentences["zh"] == ["她出生于巴黎。", "她在北京工作。"]


def test_identical_text_is_linked_word_by_word(nlp):
    doc = nlp(make_bitext(nlp, {"en": "The cat was born.", "de": "The cat was born."}))
    (pair,) = doc._.alignment.pairs
    best = {}
    for link in pair.links:
        best.setdefault(link.source, []).append((link.prob, link.target))
    assert {source: max(found)[1] for source, found in best.items()} == {i: i for i in range(5)}
    assert doc._.alignment.project(pair.source[1:2], to="de").span.text == "cat"


def test_docs_that_are_no_bitexts_pass_untouched(nlp):
    plain = spacy.blank("xx")("One here. Two there.")
    assert nlp(plain.copy()).to_bytes() == plain.to_bytes()
    docs = [plain, make_bitext(nlp, TEXTS), nlp.make_doc("")]
    found = list(nlp.pipe(docs))
    assert found[0] is plain
    assert [get_alignment(doc) is not None for doc in found] == [False, True, False]


@pytest.mark.parametrize("batch_size", [1, 2, 100])
def test_the_batch_does_not_matter(nlp, batch_size, monkeypatch):
    monkeypatch.setattr("spacy_xlre.pipeline.bitexts.BATCH_TOKENS", 60)
    texts = [TEXTS, {"en": "Paris!", "zh": "巴黎！"}, {lang: TEXTS[lang] for lang in ("zh", "en")}, TEXTS]
    one_by_one = [nlp(make_bitext(nlp, text)) for text in texts]
    together = list(nlp.pipe([make_bitext(nlp, text) for text in texts], batch_size=batch_size))
    assert [content(doc) for doc in together] == [content(doc) for doc in one_by_one]


def test_several_processes_find_the_same(nlp):
    import torch

    # As spaCy advises: a forked process hangs where its parent ran torch with several threads.
    torch.set_num_threads(1)
    fresh = load_model_from_config(nlp.config)
    found = list(fresh.pipe([make_bitext(fresh, TEXTS) for _ in range(4)], n_process=2, batch_size=2))
    assert [content(doc) for doc in found] == [content(nlp(make_bitext(nlp, TEXTS)))] * 4


def test_a_pivot_is_aligned_with_each_other_language(tiny_encoder_folder):
    nlp = make_nlp(tiny_encoder_folder, pairs="de")
    doc = nlp(make_bitext(nlp, TEXTS))
    assert [(p.source.label_, p.target.label_) for p in doc._.alignment.pairs] == [("de", "en"), ("de", "zh")]
    without = nlp(make_bitext(nlp, {"en": "Paris", "zh": "巴黎"}))
    assert len(without._.alignment.pairs) == 1


def test_sentence_starts_are_kept_if_asked_for(tiny_encoder_folder):
    nlp = make_nlp(tiny_encoder_folder, keep_sentences=True)
    doc = make_bitext(nlp, {"en": "The cat. It was.", "de": "Die Katze. Sie war."})
    for token in doc:
        token.is_sent_start = token.i == 0
    (pair,) = nlp(doc)._.alignment.pairs
    assert len(pair.beads) == 1
    assert [sent.text for sent in pair.target.sents] == ["Die Katze. Sie war."]
    unmarked = nlp(make_bitext(nlp, {"en": "The cat. It was.", "de": "Die Katze. Sie war."}))
    assert len(list(unmarked._.alignment.pairs[0].source.sents)) == 2


def test_aligning_again_gives_the_same(nlp):
    doc = nlp(make_bitext(nlp, TEXTS))
    before = content(doc)
    assert content(nlp(doc)) == before


@pytest.mark.parametrize(
    "texts",
    [
        {"en": "a", "de": " ".join(["Katze"] * 500)},
        {"en": "👍🏽 e\u0301 🇫🇷", "de": "👍🏽 é"},
        {"en": "\u200b", "de": "Katze"},
        {"zh": "她出生于巴黎", "ja": "彼女はパリで生まれた"},
        {"en": "The cat. " * 40, "de": "Die Katze."},
        {"en": "cat " * 1200, "de": "Katze " * 1200},
        {"en": "\u00a0 . \u2028 !", "ar": "ولد في باريس ؟"},
    ],
    ids=["1 to 500", "emoji and marks", "dropped token", "no spaces", "40 sentences to 1", "1200 words", "odd spaces"],
)
def test_unusual_text_is_aligned_without_loss(nlp, texts):
    doc = nlp(make_bitext(nlp, texts))
    (pair,) = doc._.alignment.pairs
    assert [i for bead in pair.beads for i in range(*bead.source)] == list(range(len(pair.source)))
    assert [j for bead in pair.beads for j in range(*bead.target)] == list(range(len(pair.target)))
    assert all(link.source < len(pair.source) and link.target < len(pair.target) for link in pair.links)


def test_long_text_is_linked_to_its_end(nlp):
    words = ["the", "cat", "was", "born", "in", "paris"] * 200
    doc = nlp(make_bitext(nlp, {"en": " ".join(words), "de": " ".join(words)}))
    assert max(link.source for link in doc._.alignment.pairs[0].links) == len(words) - 1


# Two Docs that a user has


def test_two_docs_of_any_pipeline_are_aligned_in_their_own_tokens(nlp):
    english = spacy.blank("en")("The cat was born in Paris. It was in the north.")
    chinese = spacy.blank("zh")(TEXTS["zh"])
    before = english.to_bytes(), chinese.to_bytes()
    alignment = nlp.get_pipe("xlre_aligner").align(english, chinese)
    assert (english.to_bytes(), chinese.to_bytes()) == before
    assert [i for bead in alignment.beads for i in range(*bead.source)] == list(range(len(english)))
    assert all(link.source < len(english) and link.target < len(chinese) for link in alignment.links)
    assert "<svg" in alignment._repr_html_()


def test_spans_are_projected_from_either_doc_to_the_other(nlp):
    source, target = (spacy.blank("en")("The cat was born.") for _ in range(2))
    alignment = nlp.get_pipe("xlre_aligner").align(source, target)
    span = spacy.tokens.Span(source, 1, 2, label="ANIMAL", kb_id="Q146")
    projected = alignment.project(span).span
    assert projected.doc is target
    assert (projected.text, projected.label_, projected.kb_id_) == ("cat", "ANIMAL", "Q146")
    assert alignment.project(target[3:4]).span.doc is source
    with pytest.raises(XlreError, match=r"X405.*either Doc"):
        alignment.project(spacy.blank("en")("cat")[0:1])


def test_sentences_that_a_doc_has_are_kept(nlp):
    source, target = (spacy.blank("en")("The cat. It was.") for _ in range(2))
    for token in source:
        token.is_sent_start = token.i == 0
    alignment = nlp.get_pipe("xlre_aligner").align(source, target)
    assert [(bead.source, bead.target) for bead in alignment.beads] == [((0, 6), (0, 6))]


def test_an_empty_doc_cannot_be_aligned(nlp):
    blank = spacy.blank("en")
    with pytest.raises(XlreError, match=r"X417.*target Doc is empty"):
        nlp.get_pipe("xlre_aligner").align(blank("Ada"), blank(" "))


# Storing


def through_disk(nlp: Language, folder: Path) -> Language:
    nlp.to_disk(folder / "nlp")
    loaded = spacy.load(folder / "nlp")
    shutil.rmtree(folder / "nlp")
    return loaded


def through_bytes(nlp: Language, folder: Path) -> Language:
    return load_model_from_config(nlp.config).from_bytes(nlp.to_bytes())


@pytest.mark.parametrize("used", [False, True], ids=["unused", "used"])
@pytest.mark.parametrize("through", [through_disk, through_bytes])
def test_a_stored_pipeline_needs_neither_its_folder_nor_the_encoders(tiny_encoder_folder, tmp_path, through, used):
    encoder = shutil.copytree(tiny_encoder_folder, tmp_path / "encoder")
    nlp = make_nlp(encoder, method="argmax", threshold=0.5)
    expected = content(make_nlp(tiny_encoder_folder, method="argmax")(make_bitext(nlp, TEXTS)))
    if used:
        nlp(make_bitext(nlp, TEXTS))
    loaded = through(nlp, tmp_path)
    shutil.rmtree(encoder)
    again = through(loaded, tmp_path)
    for restored in (loaded, again):
        found, stored = (pipeline.get_pipe("xlre_aligner").settings.copy() for pipeline in (restored, nlp))
        assert found.pop("losses") == stored.pop("losses")
        assert found == pytest.approx(stored)
        assert content(restored(make_bitext(restored, TEXTS))) == expected


def test_the_encoder_may_be_left_out_of_what_is_stored(tiny_encoder_folder, tmp_path):
    aligner = make_nlp(tiny_encoder_folder).get_pipe("xlre_aligner")
    aligner.to_disk(tmp_path / "aligner", exclude=["encoder"])
    assert [path.name for path in (tmp_path / "aligner").iterdir()] == ["cfg"]
    other = blank_multilingual().add_pipe("xlre_aligner").from_disk(tmp_path / "aligner")
    assert other.settings["encoder"] == str(tiny_encoder_folder)
    assert len(aligner.to_bytes(exclude=["encoder"])) < 2000


def test_settings_can_be_changed_in_use_but_not_the_encoder(tiny_encoder_folder):
    nlp = make_nlp(tiny_encoder_folder)
    aligner = nlp.get_pipe("xlre_aligner")
    before = len(nlp(make_bitext(nlp, TEXTS))._.alignment.pairs[0].links)
    aligner.configure(min_prob=1.0)
    assert len(nlp(make_bitext(nlp, TEXTS))._.alignment.pairs[0].links) < before
    for settings in ({"layer": 2}, {"telepathy": True}):
        with pytest.raises(XlreError, match=r"X413.*min_prob"):
            aligner.configure(**settings)


def test_without_bead_probabilities_lone_sentences_are_taken_for_translations(tiny_encoder_folder):
    nlp = make_nlp(tiny_encoder_folder, bead_probs=False)
    (lone,) = nlp(make_bitext(nlp, {"en": "The cat.", "de": "Norden."}))._.alignment.pairs
    assert [bead.prob for bead in lone.beads] == [1.0]
    assert lone.links
    (several,) = nlp(make_bitext(nlp, {"en": "The cat. The north.", "de": "Die Katze. Norden."}))._.alignment.pairs
    assert content(several.source.doc) == content(make_nlp(tiny_encoder_folder)(several.source.doc))


# What can go wrong


def test_making_the_component_loads_nothing():
    nlp = blank_multilingual()
    nlp.add_pipe("xlre_aligner", config={"encoder": "no/such/encoder"})
    assert nlp("Hello")[0].text == "Hello"


def test_a_missing_encoder_is_named_when_it_is_needed(tmp_path):
    nlp = make_nlp(tmp_path)
    with pytest.raises(XlreError, match=str(tmp_path)):
        nlp(make_bitext(nlp, TEXTS))


def test_a_missing_torch_is_one_clear_message(tiny_encoder_folder, monkeypatch):
    nlp = make_nlp(tiny_encoder_folder)
    monkeypatch.setitem(sys.modules, "torch", None)
    with pytest.raises(XlreError, match=r"X210.*pip install torch"):
        nlp(make_bitext(nlp, TEXTS))


def test_a_method_that_is_not_there_is_an_error(tiny_encoder_folder):
    with pytest.raises(XlreError, match=r"X403.*argmax, itermax, match, softmax, entmax"):
        make_nlp(tiny_encoder_folder, method="telepathy")


def test_a_layer_that_is_not_there_is_an_error(tiny_encoder_folder):
    nlp = make_nlp(tiny_encoder_folder)
    nlp.get_pipe("xlre_aligner").from_bytes(make_nlp(tiny_encoder_folder, layer=9).get_pipe("xlre_aligner").to_bytes())
    with pytest.raises(XlreError, match="X402"):
        nlp(make_bitext(nlp, TEXTS))


def test_an_error_handler_gets_the_batch_that_failed(tmp_path):
    nlp = make_nlp(tmp_path)
    failed = []
    nlp.set_error_handler(lambda name, proc, docs, error: failed.extend(docs))
    docs = [make_bitext(nlp, TEXTS)]
    assert list(nlp.pipe(docs)) == []
    assert failed == docs
