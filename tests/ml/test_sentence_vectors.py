import numpy
import pytest

from spacy_xlre.ml.align.encoder import AlignmentEncoder


@pytest.fixture(scope="module")
def encoder(tiny_encoder_folder):
    return AlignmentEncoder(str(tiny_encoder_folder), layer=1, prefix="", batch_pieces=256)


def test_sentences_get_the_vector_of_the_last_layer_that_encoding_words_gives_them(encoder):
    texts = ["In Paris was born the first.", "北京大学", "x"]
    words = encoder.encode(texts, [[(0, len(text))] for text in texts])
    found = encoder.encode_sentences(texts)
    assert found.shape == (3, 2, 32)
    for text, vectors in zip(words, found):
        numpy.testing.assert_allclose(vectors[1], text.vector, atol=1e-5)
        assert not numpy.allclose(vectors[0], vectors[1])


def test_empty_and_long_sentences_have_vectors_too(encoder):
    found = encoder.encode_sentences(["", "the " * 2000, "the"])
    assert numpy.isfinite(found).all()
    assert numpy.abs(found).sum(axis=2).min() > 0
    assert encoder.encode_sentences([]).shape == (0, 2, 32)


def test_trained_word_layers_do_not_change_sentence_vectors(tiny_encoder_folder):
    encoder = AlignmentEncoder(str(tiny_encoder_folder), layer=1, prefix="", batch_pieces=256)
    before = encoder.encode_sentences(["the first"])
    for values in encoder.add_word_layers(1).parameters():
        values.data.zero_()
    numpy.testing.assert_array_equal(encoder.encode_sentences(["the first"]), before)


def test_word_pieces_are_counted_without_special_ones_and_prefix(tiny_encoder_folder):
    encoder = AlignmentEncoder(str(tiny_encoder_folder), layer=1, prefix="query: ", batch_pieces=256)
    texts = ["in the the", "北京大学", ""]
    words = encoder.encode(texts, [[(0, len(text))] for text in texts])
    assert encoder.count_pieces(texts).tolist() == [text.weight for text in words]
    assert encoder.count_pieces(texts)[2] == 1
