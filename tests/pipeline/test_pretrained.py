"""A relation component that begins with the weights of a trained one."""

import numpy as np
import pytest
import spacy
from thinc.api import Linear, chain, fix_random_seed

from spacy_xlre.errors import XlreError
from spacy_xlre.pipeline.pretrained import find_component
from spacy_xlre.pipeline.targets import entities_of

from .relation_toys import SMALL_MODEL, TOYS, make_doc, make_examples, make_pipeline, train

# The same sentences with "wed" for "spouse": "wed" comes last among the labels, and "spouse" before it.
RENAMED = [
    (text, entities, [(head, {"spouse": "wed", "born": "came"}.get(label, label), tail) for head, label, tail in found])
    for text, entities, found in TOYS
]


def marker_model(folder):
    return {
        "@architectures": "spacy_xlre.MarkerModel.v1",
        "markers": {"@architectures": "spacy_xlre.MarkerTransformer.v1", "name": str(folder)},
        "classifier": {"@architectures": "spacy_xlre.PairClassifier.v1", "hidden_width": 32},
    }


@pytest.fixture(params=["shared encoder's model", "marker model"])
def model(request, tiny_encoder_folder):
    return SMALL_MODEL if request.param.startswith("shared") else marker_model(tiny_encoder_folder)


@pytest.fixture
def trained(model, tmp_path):
    """A pipeline that knows the toys a little, and where it is kept."""
    fix_random_seed(0)
    nlp = make_pipeline(model)
    train(nlp, steps=5)
    nlp.to_disk(tmp_path / "trained")
    return nlp, str(tmp_path / "trained")


def begin(model, pretrained, toys=TOYS, seed=1, **settings):
    fix_random_seed(seed)
    nlp = make_pipeline(model, **settings)
    nlp.config["initialize"]["components"]["xlre_relation"] = {"pretrained": pretrained}
    nlp.initialize(lambda: make_examples(nlp.vocab, toys))
    return nlp


def logits(nlp):
    relation = nlp.get_pipe("xlre_relation")
    docs = [make_doc(nlp.vocab, *toy[:2]) for toy in TOYS]
    pairs = relation.get_candidates(docs, [entities_of(doc) for doc in docs])
    return dict(zip(relation.outputs, relation.model.predict((docs, pairs)).T))


def test_with_the_same_labels_it_begins_where_the_trained_one_ended(model, trained):
    nlp, path = trained
    found, expected = logits(begin(model, path)), logits(nlp)
    assert list(found) == list(expected) == ["born", "died", "spouse", "NA"]
    for label, values in expected.items():
        np.testing.assert_allclose(found[label], values, atol=1e-5)
    assert np.abs(expected["born"]).max() > 0.05


def test_without_pretrained_it_begins_anew(model):
    assert all(np.abs(values).max() == 0 for values in logits(begin(model, None)).values())


def test_labels_that_both_know_keep_their_outputs_and_others_begin_anew(model, trained):
    nlp, path = trained
    found, expected = logits(begin(model, path, RENAMED)), logits(nlp)
    assert list(found) == ["came", "died", "wed", "NA"]
    for label in ("died", "NA"):
        np.testing.assert_allclose(found[label], expected[label], atol=1e-5)
    assert np.abs(found["came"]).max() == np.abs(found["wed"]).max() == 0


def test_independent_labels_begin_with_what_was_taken_over_and_not_with_their_frequencies(tmp_path):
    nlp = make_pipeline(exclusive=False)
    train(nlp, steps=5)
    nlp.to_disk(tmp_path)
    found, expected = logits(begin(SMALL_MODEL, str(tmp_path), RENAMED, exclusive=False)), logits(nlp)
    np.testing.assert_allclose(found["died"], expected["died"], atol=1e-5)
    assert found["came"] == pytest.approx(np.log(2.5 / 12.5), abs=1e-5)


def probabilities(nlp):
    relation = nlp.get_pipe("xlre_relation")
    return relation.predict([make_doc(nlp.vocab, *toy[:2]) for toy in TOYS])[1]


def test_scores_stay_whatever_the_scale_of_the_outputs(trained, model, tmp_path):
    nlp, path = trained
    classifier = {**model.get("classifier", {}), "@architectures": "spacy_xlre.PairClassifier.v1", "output_scale": 3.0}
    begun = begin({**model, "classifier": classifier}, path)
    np.testing.assert_allclose(probabilities(begun), probabilities(nlp), atol=1e-5)


def test_labels_that_were_exclusive_keep_their_scores_as_independent_ones(model, trained):
    nlp, path = trained
    np.testing.assert_allclose(probabilities(begin(model, path, exclusive=False)), probabilities(nlp), atol=1e-5)


def test_what_was_taken_over_learns_and_leaves_the_trained_pipeline_as_it_is(model, trained):
    before, path = logits(spacy.load(trained[1])), trained[1]
    nlp = begin(model, path)
    optimizer = nlp.create_optimizer()
    optimizer.learn_rate = 0.01
    for _ in range(3):
        nlp.update(make_examples(nlp.vocab), sgd=optimizer)
    assert np.abs(logits(nlp)["born"] - before["born"]).max() > 0.01
    np.testing.assert_array_equal(logits(spacy.load(path))["born"], before["born"])


def test_the_other_pipeline_needs_the_component(tmp_path):
    nlp = spacy.blank("xx")
    nlp.add_pipe("sentencizer")
    nlp.to_disk(tmp_path)
    with pytest.raises(XlreError, match=r"X325.*'xlre_relation'.*sentencizer"):
        begin(SMALL_MODEL, str(tmp_path))


@pytest.mark.parametrize("own", ["marker model", "other width"])
def test_another_model_does_not_fit(own, tmp_path, tiny_encoder_folder):
    nlp = make_pipeline()
    train(nlp, steps=2)
    nlp.to_disk(tmp_path)
    narrow = {**SMALL_MODEL, "classifier": {**SMALL_MODEL["classifier"], "hidden_width": 16}}
    with pytest.raises(XlreError, match=r"X319.*same model"):
        begin(narrow if own == "other width" else marker_model(tiny_encoder_folder), str(tmp_path))


@spacy.registry.architectures("test_pretrained.nameless_classifier.v1")
def create_nameless_classifier():
    return chain(Linear(nO=8), Linear())


def test_a_classifier_that_does_not_name_its_outputs_needs_the_same_labels(tmp_path):
    model = {**SMALL_MODEL, "classifier": {"@architectures": "test_pretrained.nameless_classifier.v1"}}
    nlp = make_pipeline(model)
    train(nlp, steps=2)
    nlp.to_disk(tmp_path)
    begin(model, str(tmp_path))
    with pytest.raises(XlreError, match=r"X326.*output_layer"):
        begin(model, str(tmp_path), RENAMED)


def test_independent_labels_of_a_classifier_that_does_not_name_its_outputs_stay_as_they_are():
    model = {**SMALL_MODEL, "classifier": {"@architectures": "test_pretrained.nameless_classifier.v1"}}
    classifier = begin(model, None, exclusive=False).get_pipe("xlre_relation").model.get_ref("classifier")
    assert not classifier.layers[-1].get_param("b").any()


def test_the_relation_component_is_found_by_what_it_is_not_by_its_name():
    nlp = spacy.blank("xx")
    nlp.add_pipe("sentencizer")
    with pytest.raises(XlreError, match=r"\[X324\] pipeline: .*: sentencizer\."):
        find_component(nlp)
    own = nlp.add_pipe("xlre_relation", name="kinship")
    assert find_component(nlp) is own
    with nlp.select_pipes(disable="kinship"), pytest.raises(XlreError, match="X324"):
        find_component(nlp)
