"""The component on a shared encoder: what it gives to the others, what it needs, and how it leaves."""

import numpy as np
import pytest
import spacy
from spacy.tokens import Doc
from spacy.training import Example
from spacy.util import load_model_from_config
from thinc.api import fix_random_seed

from spacy_xlre.errors import XlreError
from spacy_xlre.pipeline.standalone import make_standalone

from .relation_toys import SMALL_MODEL, TOYS, make_doc, make_examples, make_reference, predict, triples

TRANSFORMER_LISTENER = {
    "@architectures": "spacy-transformers.TransformerListener.v1",
    "grad_factor": 1.0,
    "pooling": {"@layers": "reduce_mean.v1"},
}


@pytest.fixture(autouse=True)
def seed():
    fix_random_seed(0)


def with_tok2vec(name="tok2vec", width=16, members=1):
    nlp = spacy.blank("xx")
    config = {**SMALL_MODEL["tok2vec"], "width": width}
    nlp.add_pipe("tok2vec", name=name, config={"model": config})
    listener = {"@architectures": "spacy.Tok2VecListener.v1", "width": width, "upstream": "*"}
    nlp.add_pipe("tagger", config={"model": {"@architectures": "spacy.Tagger.v2", "tok2vec": listener}})
    model = {**SMALL_MODEL, "tok2vec": listener}
    if members > 1:
        model = {"@architectures": "spacy_xlre.Ensemble.v1", "*": {f"member{n}": model for n in range(members)}}
    nlp.add_pipe("xlre_relation", config={"model": model})
    return nlp


def with_transformer(folder, listener=TRANSFORMER_LISTENER, frozen_layers=1):
    transformer = {
        "@architectures": "spacy_xlre.TransformerModel.v1",
        "name": str(folder),
        "frozen_layers": frozen_layers,
        "tokenizer_config": {"use_fast": True},
        "get_spans": {"@span_getters": "spacy_xlre.piece_windows.v1"},
    }
    relation = {"factory": "xlre_relation", "model": {**SMALL_MODEL, "tok2vec": listener}}
    config = {
        "nlp": {"lang": "xx", "pipeline": ["transformer", "xlre_relation"]},
        "components": {"transformer": {"factory": "transformer", "model": transformer}, "xlre_relation": relation},
    }
    return load_model_from_config(config, auto_fill=True)


def tagged(nlp, toys=TOYS):
    examples = []
    for eg in make_examples(nlp.vocab, toys):
        for token in eg.reference:
            token.tag_ = "UP" if token.is_title else "LOW"
        examples.append(eg)
    return examples


def train(nlp, make=tagged, steps=40, rate=0.01, toys=TOYS, **settings):
    optimizer = nlp.initialize(lambda: make(nlp, toys))
    optimizer.learn_rate = rate
    for _ in range(steps):
        nlp.update(make(nlp, toys), sgd=optimizer, **settings)
    return optimizer


def untagged(nlp, toys):
    return make_examples(nlp.vocab, toys)


@pytest.fixture(scope="module")
def shared():
    fix_random_seed(0)
    nlp = with_tok2vec()
    train(nlp)
    return nlp


@pytest.fixture(scope="module")
def on_transformer(tiny_encoder_folder):
    fix_random_seed(0)
    nlp = with_transformer(tiny_encoder_folder)
    train(nlp, untagged, steps=60, rate=0.003)
    return nlp


def test_it_learns_on_a_shared_tok2vec(shared):
    assert triples(predict(shared, TOYS[1])) == [("Ada", "died", "Rome")]


def test_it_learns_on_a_shared_transformer_and_survives_the_disk(on_transformer, tmp_path):
    assert triples(predict(on_transformer, TOYS[1])) == [("Ada", "died", "Rome")]
    on_transformer.to_disk(tmp_path)
    loaded = spacy.load(tmp_path)
    for toy in TOYS:
        expected = [relation.score for relation in predict(on_transformer, toy)._.relations]
        assert [r.score for r in predict(loaded, toy)._.relations] == pytest.approx(expected, rel=1e-4)


def test_a_batch_without_candidates_keeps_the_gradients_of_the_others():
    nlp = with_tok2vec()
    optimizer = train(nlp, steps=2)
    before = nlp.get_pipe("tok2vec").model.to_bytes()
    losses = nlp.update(tagged(nlp, [TOYS[6], TOYS[5]]), sgd=optimizer)
    assert losses["xlre_relation"] == 0.0
    assert nlp.get_pipe("tok2vec").model.to_bytes() != before


def test_a_batch_without_candidates_updates_with_a_transformer(tiny_encoder_folder):
    nlp = with_transformer(tiny_encoder_folder)
    optimizer = nlp.initialize(lambda: make_examples(nlp.vocab))
    losses = nlp.update(make_examples(nlp.vocab, [TOYS[6], TOYS[5]]), sgd=optimizer)
    assert losses["xlre_relation"] == 0.0
    assert nlp.update(make_examples(nlp.vocab), sgd=optimizer)["xlre_relation"] > 0.0


@pytest.mark.parametrize("members", [1, 2])
def test_adversarial_training_on_a_shared_tok2vec_gives_it_the_gradients_of_both_passes(members):
    def gradients(adversarial):
        fix_random_seed(0)
        nlp = with_tok2vec(members=members)
        nlp.initialize(lambda: tagged(nlp))
        relation = nlp.get_pipe("xlre_relation")
        for node in relation.model.walk():
            if node.has_ref("output_layer"):
                output = node.get_ref("output_layer").get_param("W")
                output[:] = np.random.default_rng(0).normal(size=output.shape)
        relation.cfg["adversarial"] = adversarial
        nlp.update(tagged(nlp), sgd=False, exclude=["tagger"], drop=0.0)
        model = nlp.get_pipe("tok2vec").model
        return np.concatenate(
            [node.get_grad(name).ravel() for node in model.walk() for name in node.param_names if node.has_grad(name)]
        )

    # Moved by nothing to speak of, the second pass is the first again.
    np.testing.assert_allclose(gradients(1e-6), 2 * gradients(0.0), rtol=0.02, atol=0.02)
    assert np.abs(gradients(0.0)).max() > 0.1


def test_adversarial_training_on_a_shared_transformer_learns(tiny_encoder_folder):
    nlp = with_transformer(tiny_encoder_folder)
    nlp.get_pipe("xlre_relation").cfg["adversarial"] = 0.5
    train(nlp, untagged, steps=60, rate=0.003)
    assert triples(predict(nlp, TOYS[1])) == [("Ada", "died", "Rome")]


def test_a_frozen_encoder_that_annotates_is_read_and_left_alone():
    nlp = with_tok2vec()
    optimizer = nlp.initialize(lambda: tagged(nlp))
    before = nlp.get_pipe("tok2vec").model.to_bytes()
    losses = nlp.update(tagged(nlp, TOYS[:5]), sgd=optimizer, exclude=["tok2vec"], annotates=["tok2vec"])
    assert losses["xlre_relation"] > 0.0
    assert nlp.get_pipe("tok2vec").model.to_bytes() == before


def test_a_frozen_component_does_not_change():
    nlp = with_tok2vec()
    optimizer = nlp.initialize(lambda: tagged(nlp))
    before = nlp.get_pipe("xlre_relation").model.to_bytes()
    nlp.update(tagged(nlp), sgd=optimizer, exclude=["xlre_relation"])
    assert nlp.get_pipe("xlre_relation").model.to_bytes() == before


@pytest.mark.parametrize("fixture", ["shared", "on_transformer"])
def test_a_listener_that_nothing_feeds_is_an_error(fixture, request):
    nlp = spacy.blank("xx")
    nlp.add_pipe("xlre_relation", source=request.getfixturevalue(fixture))
    with pytest.raises(XlreError, match="X304"):
        nlp("Ada")
    with pytest.raises(XlreError, match="X304"):
        list(nlp.pipe(["Ada died in Rome ."]))
    assert nlp("").text == ""


def test_vectors_of_another_width_are_an_error(shared):
    nlp = spacy.blank("xx")
    nlp.add_pipe("tok2vec", config={"model": {**SMALL_MODEL["tok2vec"], "width": 24}})
    nlp.initialize()
    nlp.add_pipe("xlre_relation", source=shared)
    with pytest.raises(XlreError, match="X305"):
        nlp("Ada")


@pytest.mark.parametrize("fixture", ["shared", "on_transformer"])
def test_a_standalone_component_works_in_any_pipeline_with_the_same_scores(fixture, request, tmp_path):
    trained = request.getfixturevalue(fixture)
    expected = [[(*t, r.score) for t, r in zip(triples(d), d._.relations)] for d in (predict(trained, t) for t in TOYS)]
    standalone = make_standalone(trained)
    assert standalone.pipe_names == ["xlre_relation"]
    standalone.to_disk(tmp_path / "standalone")
    nlp = spacy.blank("en")
    nlp.add_pipe("xlre_relation", source=spacy.load(tmp_path / "standalone"))
    nlp.to_disk(tmp_path / "host")
    for pipeline in (nlp, spacy.load(tmp_path / "host")):
        for toy, relations in zip(TOYS, expected):
            doc = predict(pipeline, toy)
            assert triples(doc) == [relation[:3] for relation in relations]
            np.testing.assert_allclose([r.score for r in doc._.relations], [r[3] for r in relations], rtol=1e-4)


@pytest.mark.parametrize("fixture", ["shared", "on_transformer"])
def test_making_it_standalone_leaves_the_pipeline_as_it_was(fixture, request):
    trained = request.getfixturevalue(fixture)
    config = trained.config.to_str()
    make_standalone(trained)
    assert trained.config.to_str() == config
    assert trained.pipe_names[-1] == "xlre_relation"
    assert triples(predict(trained, TOYS[1])) == [("Ada", "died", "Rome")]


@pytest.mark.parametrize("disabled", [["xlre_relation"], ["tok2vec"], ["tok2vec", "xlre_relation"]])
def test_what_is_disabled_is_made_standalone_too(shared, disabled):
    with shared.select_pipes(disable=disabled):
        standalone = make_standalone(shared)
    assert standalone.pipe_names == ["xlre_relation"]
    assert triples(predict(standalone, TOYS[1])) == [("Ada", "died", "Rome")]


def test_a_standalone_component_can_be_trained_on(on_transformer):
    standalone = make_standalone(on_transformer)
    optimizer = standalone.resume_training()
    before = standalone.get_pipe("xlre_relation").model.to_bytes()
    standalone.update(make_examples(standalone.vocab), sgd=optimizer)
    assert standalone.get_pipe("xlre_relation").model.to_bytes() != before


def test_a_pipeline_without_the_component_cannot_be_made_standalone():
    nlp = spacy.blank("xx")
    nlp.add_pipe("sentencizer")
    with pytest.raises(XlreError, match=r"X324.*sentencizer"):
        make_standalone(nlp)


def test_a_text_of_three_thousand_tokens_loses_no_pair(on_transformer):
    toy = TOYS[1]
    nlp = on_transformer
    words = (toy[0].split() + ["x"] * 45) * 60
    doc = Doc(nlp.vocab, words=words, sent_starts=[index % 50 == 0 for index in range(len(words))])
    ents = [doc.char_span(t.idx, t.idx + len(t), label="PER" if t.text == "Ada" else "LOC") for t in doc if t.is_title]
    doc.ents = ents
    assert len(doc) == 3000
    (pairs,), scores = nlp.get_pipe("xlre_relation").predict([nlp.get_pipe("transformer")(doc)])
    assert len(pairs) == len(scores) == 120
    assert np.isfinite(scores).all()


def test_examples_with_and_without_tokens_mix(on_transformer):
    nlp = on_transformer
    empty = Example(nlp.make_doc(""), nlp.make_doc(""))
    examples = [empty, *(Example(make_doc(nlp.vocab, toy[0]), make_reference(nlp.vocab, toy)) for toy in TOYS), empty]
    assert nlp.update(examples)["xlre_relation"] >= 0.0
