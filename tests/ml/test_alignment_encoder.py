"""The encoder's vectors: word pieces on tokens, windows for long text, one batch or many."""

from typing import List, Sequence, Tuple

import numpy
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from spacy_xlre.errors import XlreError
from spacy_xlre.ml.align.encoder import AlignmentEncoder
from spacy_xlre.ml.align.holder import EncoderHolder, read_files
from spacy_xlre.ml.align.types import EncodedText

WIDTH = 32


@pytest.fixture(scope="module")
def encoder(tiny_encoder_folder) -> AlignmentEncoder:
    return AlignmentEncoder(str(tiny_encoder_folder), layer=1, prefix="query: ", batch_pieces=512)


def offsets(words: Sequence[str]) -> List[Tuple[int, int]]:
    starts = [sum(len(word) + 1 for word in words[:index]) for index in range(len(words))]
    return [(start, start + len(word)) for start, word in zip(starts, words)]


def encode(encoder: AlignmentEncoder, *texts: Sequence[str]) -> List[EncodedText]:
    return encoder.encode([" ".join(words) for words in texts], [offsets(words) for words in texts])


def test_every_token_has_its_word_pieces(encoder):
    (text,) = encode(encoder, ["the", "cat", "was", "born"])
    assert sorted(set(text.first.tolist())) == [0, 1, 2, 3]
    assert (text.last - text.first).tolist() == [1] * len(text.pieces)
    assert text.pieces.shape == (len(text.first), WIDTH)
    assert numpy.linalg.norm(text.pieces, axis=1) == pytest.approx(1.0)


def test_a_piece_over_several_tokens_belongs_to_all(encoder):
    (text,) = encoder.encode(["中国"], [[(0, 1), (1, 2)]])
    assert (0, 2) in set(zip(text.first.tolist(), text.last.tolist()))


def test_a_token_that_the_tokenizer_drops_has_no_piece(encoder):
    (text,) = encode(encoder, ["the", "\u200b", "cat"])
    assert set(text.first.tolist()) == {0, 2}


@pytest.mark.parametrize("text", ["", " ", "\u200b"])
def test_a_text_without_pieces_has_a_vector_all_the_same(encoder, text):
    (empty,) = encoder.encode([text], [[(0, len(text))] if text else []])
    assert empty.pieces.shape == (0, WIDTH)
    assert empty.vector.shape == (WIDTH,)
    assert empty.weight == 1.0


def test_the_batch_does_not_matter(encoder, tiny_encoder_folder):
    texts = [["the", "cat"], ["a"], ["born", "in", "the", "of", "was"] * 9, ["中国", "北京"]]
    small = AlignmentEncoder(str(tiny_encoder_folder), layer=1, prefix="query: ", batch_pieces=1)
    for left, right in zip(encode(encoder, *texts), encode(small, *texts)):
        assert left.pieces == pytest.approx(right.pieces, abs=1e-5)
        assert left.vector == pytest.approx(right.vector, abs=1e-5)


def test_the_sentence_vector_is_the_mean_of_the_last_layer(encoder):
    import torch

    (text,) = encode(encoder, ["the", "cat"])
    inputs = encoder.tokenizer("query: the cat", return_tensors="pt")
    with torch.no_grad():
        output = encoder.model(inputs["input_ids"], attention_mask=inputs["attention_mask"])
    assert text.vector == pytest.approx(output.last_hidden_state[0].mean(0).numpy(), abs=1e-5)


def test_the_layer_is_the_one_asked_for(tiny_encoder_folder):
    layers = [AlignmentEncoder(str(tiny_encoder_folder), layer=n, prefix="", batch_pieces=512) for n in (1, 2)]
    (first,), (second,) = (encode(encoder, ["the", "cat"]) for encoder in layers)
    assert first.vector == pytest.approx(second.vector, abs=1e-5)
    assert not numpy.allclose(first.pieces, second.pieces, atol=1e-3)


def test_text_beyond_the_window_keeps_every_piece(encoder):
    words = ["cat"] * 700
    (text,) = encode(encoder, words)
    assert sorted(set(text.first.tolist())) == list(range(700))
    assert numpy.isfinite(text.pieces).all()
    assert text.weight == len(text.pieces)


def test_windows_overlap_and_each_piece_is_kept_once(encoder):
    (cut,) = encoder._cut(["cat " * 700], [[]])
    windows = list(encoder._windows(0, cut))
    kept = [position for window in windows for position in range(window.keep.start, window.keep.stop)]
    assert kept == list(range(len(cut.ids)))
    assert all(window.start <= window.keep.start and window.keep.stop <= window.end for window in windows)
    assert all(later.start < earlier.end for earlier, later in zip(windows, windows[1:]))


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=50)
@given(words=st.lists(st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=5), max_size=8))
def test_pieces_of_any_text_lie_on_its_tokens(encoder, words):
    (text,) = encode(encoder, words)
    assert (text.first >= 0).all()
    assert (text.first < text.last).all()
    assert (text.last <= len(words)).all()
    assert len(text.first) == len(text.last) == len(text.pieces)


def in_precision(folder, precision: str) -> AlignmentEncoder:
    return AlignmentEncoder(str(folder), layer=1, prefix="query: ", batch_pieces=512, precision=precision)


def test_bfloat16_changes_vectors_only_a_little(encoder, tiny_encoder_folder):
    words = ["the", "cat", "was", "born"]
    (full,), (half,) = encode(encoder, words), encode(in_precision(tiny_encoder_folder, "bfloat16"), words)
    assert (full.pieces * half.pieces).sum(axis=1) == pytest.approx(1.0, abs=0.01)
    assert not numpy.array_equal(full.pieces, half.pieces)


@pytest.mark.parametrize(("fast", "same_as"), [(True, "bfloat16"), (False, "float32")])
def test_auto_computes_in_bfloat16_where_that_is_fast(tiny_encoder_folder, monkeypatch, fast, same_as):
    monkeypatch.setattr("spacy_xlre.ml.align.layers.is_fast_at_bfloat16", lambda device: fast)
    found = [encode(in_precision(tiny_encoder_folder, name), ["the", "cat"])[0] for name in ("auto", same_as)]
    assert numpy.array_equal(found[0].pieces, found[1].pieces)


def test_an_unknown_precision_is_an_error(tiny_encoder_folder):
    with pytest.raises(XlreError, match=r"X414.*float16"):
        in_precision(tiny_encoder_folder, "float16")


def test_a_layer_that_is_not_there_is_an_error(tiny_encoder_folder):
    with pytest.raises(XlreError, match=r"X402.*no layer 7; the encoder has 2"):
        AlignmentEncoder(str(tiny_encoder_folder), layer=7, prefix="", batch_pieces=512)


def test_a_held_encoder_is_not_loaded_before_it_is_used(tiny_encoder_folder, tmp_path):
    holder = EncoderHolder(str(tmp_path / "nowhere"), layer=1, prefix="", batch_pieces=512)
    with pytest.raises(XlreError):
        holder.get()
    holder.set_files(read_files(tiny_encoder_folder))
    assert holder.get().layer == 1
    assert holder.get() is holder.get()


def test_the_files_of_a_loaded_encoder_load_again(tiny_encoder_folder):
    holder = EncoderHolder(str(tiny_encoder_folder), layer=1, prefix="", batch_pieces=512)
    assert holder.files() == read_files(tiny_encoder_folder)
    before = encode(holder.get(), ["the", "cat"])[0]
    other = EncoderHolder("nowhere", layer=1, prefix="", batch_pieces=512)
    other.set_files(holder.files())
    after = encode(other.get(), ["the", "cat"])[0]
    assert after.pieces == pytest.approx(before.pieces, abs=1e-6)
    assert after.vector == pytest.approx(before.vector, abs=1e-6)
