"""Ensembles: several trained relation components behind one factory."""

import numpy as np
import pytest
import spacy
from spacy.util import fix_random_seed

from spacy_xlre.errors import XlreError
from spacy_xlre.ml.relations.ensemble import build_ensemble
from spacy_xlre.pipeline.ensemble import make_ensemble
from spacy_xlre.pipeline.targets import entities_of

from .relation_toys import SMALL_MODEL, TOYS, make_doc, make_examples, make_pipeline, train, triples


def trained(seed, model=SMALL_MODEL, toys=TOYS, **settings):
    fix_random_seed(seed)
    nlp = make_pipeline(model, **settings)
    train(nlp, toys, steps=10)
    return nlp


def docs(nlp):
    return [make_doc(nlp.vocab, *toy[:2]) for toy in TOYS]


def logits(nlp):
    relation = nlp.get_pipe("xlre_relation")
    batch = docs(nlp)
    pairs = relation.get_candidates(batch, [entities_of(doc) for doc in batch])
    return relation.model.predict((batch, pairs))


@pytest.fixture(scope="module")
def members():
    return [trained(0), trained(1)]


def test_its_logits_are_the_mean_of_those_of_its_members(members):
    ensemble = make_ensemble(members)
    expected = (logits(members[0]) + logits(members[1])) / 2
    assert np.abs(logits(members[0]) - logits(members[1])).max() > 0.01
    np.testing.assert_allclose(logits(ensemble), expected, atol=1e-5)
    assert ensemble.get_pipe("xlre_relation").labels == members[0].get_pipe("xlre_relation").labels


def test_it_is_stored_and_found_again(members, tmp_path):
    ensemble = make_ensemble(members)
    ensemble.to_disk(tmp_path)
    loaded = spacy.load(tmp_path)
    np.testing.assert_array_equal(logits(loaded), logits(ensemble))
    assert [triples(doc) for doc in loaded.pipe(docs(loaded))] == [
        triples(doc) for doc in ensemble.pipe(docs(ensemble))
    ]


def test_members_may_be_of_different_kinds(members, tiny_encoder_folder):
    markers = {"@architectures": "spacy_xlre.MarkerTransformer.v1", "name": str(tiny_encoder_folder)}
    other = trained(0, {"@architectures": "spacy_xlre.MarkerModel.v1", "markers": markers})
    expected = (logits(members[0]) + logits(other)) / 2
    np.testing.assert_allclose(logits(make_ensemble([members[0], other])), expected, atol=1e-5)


def test_it_can_be_trained_from_the_start():
    model = {"@architectures": "spacy_xlre.Ensemble.v1", "*": {"first": SMALL_MODEL, "second": SMALL_MODEL}}
    fix_random_seed(0)
    nlp = make_pipeline(model)
    losses = [train(nlp, steps=1)["xlre_relation"], train(nlp, steps=30)["xlre_relation"]]
    assert losses[1] < 0.2 * losses[0]
    assert len(nlp.get_pipe("xlre_relation").model.layers) == 2


def test_the_pipelines_stay_as_they_are(members):
    before = logits(members[0])
    make_ensemble(members).update(make_examples(members[0].vocab))
    np.testing.assert_array_equal(logits(members[0]), before)


def test_what_does_not_fit_together_is_refused(members):
    with pytest.raises(XlreError, match="X314"):
        make_ensemble(members[:1])
    with pytest.raises(XlreError, match=r"X315.*labels"):
        make_ensemble([members[0], trained(0, toys=TOYS[:2])])
    with pytest.raises(XlreError, match=r"X315.*exclusive"):
        make_ensemble([members[0], trained(0, exclusive=False)])
    with pytest.raises(XlreError, match=r"X315.*one_direction"):
        make_ensemble([members[0], trained(0, one_direction=True)])
    with pytest.raises(XlreError, match="X324"):
        make_ensemble([members[0], spacy.blank("xx")])
    twice = spacy.blank("xx")
    for name in ("one", "two"):
        twice.add_pipe("xlre_relation", name=name).add_label("born")
    twice.initialize()
    with pytest.raises(XlreError, match=r"X316.*there are 2"):
        make_ensemble([members[0], twice])
    with pytest.raises(XlreError, match="X313"):
        build_ensemble()


def with_shared_encoder(seed):
    fix_random_seed(seed)
    nlp = spacy.blank("xx")
    nlp.add_pipe("tok2vec")
    listener = {"@architectures": "spacy.Tok2VecListener.v1", "width": 96, "upstream": "tok2vec"}
    nlp.add_pipe("xlre_relation", config={"model": {**SMALL_MODEL, "tok2vec": listener}})
    train(nlp, steps=2)
    return nlp


def test_a_shared_encoder_that_nothing_listens_to_any_more_is_left_out():
    pipelines = [with_shared_encoder(seed) for seed in (0, 1)]
    ensemble = make_ensemble(pipelines)
    assert ensemble.component_names == ["xlre_relation"]
    for nlp in (ensemble, *pipelines):
        assert nlp(make_doc(nlp.vocab, *TOYS[0][:2])).ents
    assert pipelines[0].component_names == ["tok2vec", "xlre_relation"]


def test_a_shared_encoder_that_others_listen_to_stays():
    pipelines = [with_shared_encoder(seed) for seed in (0, 1)]
    for nlp in pipelines:
        listener = {"@architectures": "spacy.Tok2VecListener.v1", "width": 96, "upstream": "tok2vec"}
        tagger = nlp.add_pipe("tagger", config={"model": {"@architectures": "spacy.Tagger.v2", "tok2vec": listener}})
        tagger.add_label("X")
        tagger.initialize(lambda nlp=nlp: make_examples(nlp.vocab), nlp=nlp)
    assert make_ensemble(pipelines).component_names == ["tok2vec", "xlre_relation", "tagger"]
