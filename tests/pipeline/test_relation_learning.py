"""What `xlre_relation` learns from beside single pairs: bags, translations, and moved inputs."""

import numpy as np
import pytest
import spacy
from spacy.training import Example

from spacy_xlre import Relation, set_relations
from spacy_xlre.errors import XlreError
from spacy_xlre.ml.relations.bags import create_bag_cross_entropy
from spacy_xlre.pipeline.parallel_pairs import bag_numbers, translated_pairs
from spacy_xlre.tokens import set_language

from .relation_toys import SMALL_MODEL, TOYS, make_doc, make_examples, make_pipeline, predict, train, triples

# The same in two languages, with ids; the last one is of another text.
TRANSLATIONS = [
    ("Ada born Rome", "en", "t1", ["a", "r"]),
    ("Rom Ada geboren", "de", "t1", ["r", "a"]),
    ("Ada saw Rome", "en", "t2", ["a", "r"]),
]
PLACES = {"en": [(0, 1), (2, 3)], "de": [(0, 1), (1, 2)]}


def translations(nlp):
    examples = []
    for text, lang, bitext, ids in TRANSLATIONS:
        doc = make_doc(nlp.vocab, text, [(*place, "X") for place in PLACES[lang]])
        for ent, name in zip(doc.ents, ids):
            ent.kb_id_ = name
        doc.set_ents([spacy.tokens.Span(doc, e.start, e.end, label="X", kb_id=n) for e, n in zip(doc.ents, ids)])
        head, tail = sorted(doc.ents, key=lambda ent: ent.kb_id_)
        set_relations(doc, [Relation(head, "born", tail, bag="a|r")] if bitext == "t1" else [])
        set_language(doc, lang, bitext=bitext)
        examples.append(Example(make_doc(nlp.vocab, text), doc))
    return examples


def candidates(nlp, examples):
    return nlp.get_pipe("xlre_relation")._training_candidates(examples)


@pytest.fixture
def nlp():
    nlp = make_pipeline(SMALL_MODEL)
    nlp.initialize(lambda: translations(nlp))
    return nlp


def test_pairs_of_the_same_ids_share_a_bag_in_every_language(nlp):
    examples = translations(nlp)
    assert bag_numbers(examples, candidates(nlp, examples)).tolist() == [0, 1, 1, 0, 0, 1]


def test_pairs_without_ids_have_bags_of_their_own(nlp):
    examples = make_examples(nlp.vocab, TOYS[:3])
    numbers = bag_numbers(examples, candidates(nlp, examples)).tolist()
    assert sorted(numbers) == list(range(len(numbers)))


def test_translated_pairs_have_the_same_bitext_and_ids(nlp):
    examples = translations(nlp)
    first, second = translated_pairs(examples, candidates(nlp, examples))
    assert list(zip(first.tolist(), second.tolist())) == [(0, 3), (1, 2)]


def test_consistency_brings_predictions_for_translations_together():
    def gap(consistency):
        spacy.util.fix_random_seed(0)
        nlp = make_pipeline(SMALL_MODEL, consistency=consistency)
        optimizer = nlp.initialize(lambda: translations(nlp))
        examples = translations(nlp)[:2]
        # Only one side is taught.
        set_relations(examples[1].reference, [], unknown=[])
        for _ in range(15):
            nlp.update(examples, sgd=optimizer)
        docs = [eg.reference for eg in examples]
        _, scores = nlp.get_pipe("xlre_relation").predict(docs)
        return abs(scores[0] - scores[3]).max()

    assert gap(5.0) < 0.5 * gap(0.0)


@pytest.mark.parametrize(
    "settings", [{"loss": {"@misc": "spacy_xlre.bag_cross_entropy.v1"}}, {"consistency": 0.5}], ids=str
)
def test_batches_that_belong_together_are_not_split(settings):
    nlp = make_pipeline(SMALL_MODEL, **settings)
    nlp.config["training"]["accumulate_gradient"] = 2
    with pytest.raises(XlreError, match=r"X309.*accumulate_gradient = 2"):
        nlp.initialize(lambda: translations(nlp))


@pytest.mark.parametrize(
    "settings",
    [
        {"loss": {"@misc": "spacy_xlre.bag_cross_entropy.v1"}},
        {"consistency": 0.5},
        {"adversarial": 0.5},
        {"one_direction": True},
    ],
    ids=str,
)
def test_the_toys_are_learned_with_each_of_them(settings):
    spacy.util.fix_random_seed(0)
    nlp = make_pipeline(SMALL_MODEL, **settings)
    train(nlp)
    for toy in TOYS:
        doc = predict(nlp, toy)
        assert triples(doc) == [(doc.ents[h].text, label, doc.ents[t].text) for h, label, t in toy[2]]


def test_two_entities_keep_their_better_direction_only():
    nlp = make_pipeline(SMALL_MODEL, one_direction=True)
    train(nlp)
    relation = nlp.get_pipe("xlre_relation")
    doc = make_doc(nlp.vocab, *TOYS[2][:2])
    pairs, scores = relation.predict([doc])
    keys = list(zip(pairs[0].spans[pairs[0].heads, 0], pairs[0].spans[pairs[0].tails, 0]))
    scores[:] = 0.0
    scores[keys.index((0, 4)), 0] = 0.8
    scores[keys.index((4, 0)), 1] = 0.9
    scores[keys.index((0, 7)), 0] = 0.7
    relation.set_annotations([doc], (pairs, scores))
    assert triples(doc) == [("Bob", relation.labels[0], "Paris"), ("Rome", relation.labels[1], "Bob")]


@pytest.mark.parametrize(
    "settings", [{"exclusive": False}, {"loss": {"@misc": "spacy_xlre.bag_cross_entropy.v1"}}], ids=str
)
def test_one_direction_needs_exclusive_labels_and_a_loss_of_pairs(settings):
    with pytest.raises(XlreError, match=r"X317.*one_direction = false"):
        make_pipeline(SMALL_MODEL, one_direction=True, **settings)


def test_a_bag_loss_needs_exclusive_labels():
    assert create_bag_cross_entropy().exclusive
    with pytest.raises(XlreError, match="X306"):
        make_pipeline(SMALL_MODEL, loss={"@misc": "spacy_xlre.bag_cross_entropy.v1"}, exclusive=False)


def test_moved_inputs_have_a_higher_loss_and_leave_nothing_behind():
    spacy.util.fix_random_seed(0)
    nlp = make_pipeline(SMALL_MODEL)
    train(nlp, steps=5)
    relation = nlp.get_pipe("xlre_relation")
    losses = []

    def learn(examples, pairs, plain=relation._learn):
        losses.append(plain(examples, pairs))
        return losses[-1]

    relation._learn = learn
    relation.cfg["adversarial"] = 2.0
    nlp.update(make_examples(nlp.vocab), sgd=False)
    relation.cfg["adversarial"] = 0.0
    nlp.update(make_examples(nlp.vocab), sgd=False)
    first, moved, after = losses
    assert moved > first + 0.1
    assert after == pytest.approx(first, rel=1e-2)  # the statistics of Standardize go on


def test_a_model_without_inputs_to_move_is_an_error(tiny_encoder_folder):
    markers = {
        "@architectures": "spacy_xlre.MarkerTransformer.v1",
        "name": str(tiny_encoder_folder),
        "frozen_layers": 1,
    }
    nlp = make_pipeline({"@architectures": "spacy_xlre.MarkerModel.v1", "markers": markers}, adversarial=1.0)
    nlp.initialize(lambda: make_examples(nlp.vocab))
    with pytest.raises(XlreError, match=r"X308.*frozen_layers = 0"):
        nlp.update(make_examples(nlp.vocab))


def test_adversarial_training_of_a_marker_encoder_moves_its_embeddings(tiny_encoder_folder):
    spacy.util.fix_random_seed(0)
    markers = {"@architectures": "spacy_xlre.MarkerTransformer.v1", "name": str(tiny_encoder_folder)}
    nlp = make_pipeline({"@architectures": "spacy_xlre.MarkerModel.v1", "markers": markers}, adversarial=0.5)
    nlp.initialize(lambda: make_examples(nlp.vocab))
    transformer = nlp.get_pipe("xlre_relation").model.get_ref("markers").shims[0].transformer
    seen = []
    transformer.register_forward_pre_hook(
        lambda module, args, kwargs: seen.append(kwargs["inputs_embeds"].detach().numpy().copy()), with_kwargs=True
    )
    nlp.update(make_examples(nlp.vocab))
    # Nothing is known of the gradient where the output layer is still zero; in the second update there is one.
    seen.clear()
    nlp.update(make_examples(nlp.vocab))
    before, after = seen
    norms = np.sqrt(((after - before) ** 2).sum(axis=(1, 2)))
    np.testing.assert_allclose(norms, 0.5, rtol=1e-3)


def test_averages_of_a_marker_encoder_are_used_and_taken_back(tiny_encoder_folder):
    markers = {"@architectures": "spacy_xlre.MarkerTransformer.v1", "name": str(tiny_encoder_folder)}
    nlp = make_pipeline({"@architectures": "spacy_xlre.MarkerModel.v1", "markers": markers})
    nlp.config["training"]["optimizer"]["use_averages"] = True
    optimizer = nlp.initialize(lambda: make_examples(nlp.vocab))
    for _ in range(3):
        nlp.update(make_examples(nlp.vocab), sgd=optimizer)
    transformer = nlp.get_pipe("xlre_relation").model.get_ref("markers").shims[0].transformer
    name, weight = next((n, p) for n, p in transformer.named_parameters() if n.endswith("query.weight"))
    last = weight.detach().numpy().copy()
    with nlp.use_params(optimizer.averages):
        averaged = dict(transformer.named_parameters())[name].detach().numpy().copy()
        assert np.abs(averaged - last).max() > 1e-5
    np.testing.assert_array_equal(dict(transformer.named_parameters())[name].detach().numpy(), last)
