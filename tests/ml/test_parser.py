"""A parser for entities inside of a word piece."""

import numpy as np
import pytest
import spacy
from spacy.tokens import Span
from spacy.training import Example
from thinc.api import Model, fix_random_seed

from spacy_xlre.ml.parser import side_by_side

PARSER = {
    "state_type": "ner",
    "extra_state_tokens": False,
    "hidden_width": 16,
    "maxout_pieces": 2,
    "use_upper": False,
}
SMALL = {
    "@architectures": "spacy.HashEmbedCNN.v2",
    "pretrained_vectors": None,
    "width": 8,
    "depth": 1,
    "embed_size": 100,
    "window_size": 1,
    "maxout_pieces": 2,
    "subword_features": False,
}
# Three characters of one piece, the last two of which are a name.
TEXT, NAME = "与中国", (1, 3)


@spacy.registry.architectures("test_parser.one_piece.v1")
def create_one_piece():
    """Give each token of a Doc the same vector, as if all were of one word piece."""

    def forward(model, docs, is_train):
        return [np.ones((len(doc), 4), dtype="f") for doc in docs], lambda d_vectors: docs

    return Model("one-piece", forward, dims={"nO": 4})


def example(nlp):
    reference = nlp.make_doc(TEXT)
    reference.ents = [Span(reference, *NAME, label="LOC")]
    return Example(nlp.make_doc(TEXT), reference)


def learn(architecture, steps=60, **encoders):
    fix_random_seed(0)
    nlp = spacy.blank("xx", config={"nlp": {"tokenizer": {"@tokenizers": "spacy_xlre.MultilingualTokenizer.v1"}}})
    if any("Listener" in encoder["@architectures"] for encoder in encoders.values()):
        nlp.add_pipe("tok2vec", config={"model": SMALL})
    nlp.add_pipe("ner", config={"model": {"@architectures": architecture, **PARSER, **encoders}})
    optimizer = nlp.initialize(lambda: [example(nlp)])
    optimizer.learn_rate = 0.02
    for _ in range(steps):
        nlp.update([example(nlp)], sgd=optimizer)
    return nlp


def names(nlp):
    return [(ent.start, ent.end, ent.label_) for ent in nlp(TEXT).ents]


ONE_PIECE = {"@architectures": "test_parser.one_piece.v1"}
LISTENER = {"@architectures": "spacy.Tok2VecListener.v1", "width": 8, "upstream": "*"}


def test_a_name_within_a_word_piece_is_learned_by_its_characters():
    assert names(learn("spacy_xlre.TransitionBasedParser.v1", tok2vec=ONE_PIECE, characters=SMALL)) == [(1, 3, "LOC")]


def test_the_piece_alone_does_not_tell_where_the_name_begins():
    assert names(learn("spacy.TransitionBasedParser.v2", tok2vec=ONE_PIECE)) != [(1, 3, "LOC")]


@pytest.fixture(scope="module")
def listening():
    return learn("spacy_xlre.TransitionBasedParser.v1", tok2vec=LISTENER, characters=SMALL)


def test_it_is_kept(listening, tmp_path):
    listening.to_disk(tmp_path)
    assert names(spacy.load(tmp_path)) == names(listening) == [(1, 3, "LOC")]


def test_a_text_without_tokens_is_read_and_learned_beside_others(listening, tmp_path):
    listening.to_disk(tmp_path)
    nlp = spacy.load(tmp_path)
    assert [len(doc.ents) for doc in nlp.pipe(["", TEXT, ""])] == [0, 1, 0]
    empty = Example(nlp.make_doc(""), nlp.make_doc(""))
    optimizer = nlp.resume_training()
    for examples in ([empty, example(nlp)], [empty]):
        assert nlp.update(examples, sgd=optimizer)["ner"] >= 0.0
    assert names(nlp) == [(1, 3, "LOC")]


def test_its_listener_can_be_replaced_by_what_it_listens_to(listening, tmp_path):
    listening.to_disk(tmp_path)
    alone = spacy.load(tmp_path)
    alone.replace_listeners("tok2vec", "ner", ["model.tok2vec"])
    alone.remove_pipe("tok2vec")
    alone.to_disk(tmp_path / "alone")
    assert names(spacy.load(tmp_path / "alone")) == [(1, 3, "LOC")]


def test_each_encoder_gets_the_gradient_of_its_own_vectors():
    received = {}

    def encoder(name, width):
        def forward(model, docs, is_train):
            return [np.full((len(doc), width), width, dtype="f") for doc in docs], lambda d: received.update({name: d})

        return Model(name, forward)

    docs = [spacy.blank("xx").make_doc(text) for text in ("a b", "c")]
    vectors, backprop = side_by_side(encoder("first", 2), encoder("second", 1))(docs, True)
    assert [own.tolist() for own in vectors] == [[[2, 2, 1], [2, 2, 1]], [[2, 2, 1]]]
    backprop([np.asarray([[1, 2, 3], [4, 5, 6]], dtype="f"), np.asarray([[7, 8, 9]], dtype="f")])
    assert [own.tolist() for own in received["first"]] == [[[1, 2], [4, 5]], [[7, 8]]]
    assert [own.tolist() for own in received["second"]] == [[[3], [6]], [[9]]]
