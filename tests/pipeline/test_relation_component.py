import numpy as np
import pytest
import spacy
from spacy.tokens import Doc
from spacy.training import Example
from thinc.api import fix_random_seed

from spacy_xlre import Relation, get_language, set_relations
from spacy_xlre.errors import XlreError
from spacy_xlre.tokens import PairNegative, set_language

from .relation_toys import TOYS, make_doc, make_examples, make_pipeline, make_reference, predict, train, triples

LEARNED = [
    [("Ada", "born", "Paris")],
    [("Ada", "died", "Rome")],
    [("Bob", "born", "Rome")],
    [],
    [("Ada", "spouse", "Bob")],
    [],
    [],
]


@pytest.fixture(autouse=True)
def seed():
    fix_random_seed(0)


def scores_of(nlp):
    pipe = nlp.get_pipe("xlre_relation")
    return pipe.predict([make_doc(nlp.vocab, text, entities) for text, entities, _ in TOYS])[1]


@pytest.mark.parametrize("exclusive", [True, False])
def test_it_learns_the_toys_and_keeps_every_score_on_disk_and_in_bytes(exclusive, tmp_path):
    nlp = make_pipeline(exclusive=exclusive)
    losses = train(nlp)
    assert losses["xlre_relation"] < 0.5
    assert [triples(predict(nlp, toy)) for toy in TOYS] == LEARNED
    nlp.to_disk(tmp_path)
    loaded = spacy.load(tmp_path)
    np.testing.assert_allclose(scores_of(loaded), scores_of(nlp), rtol=1e-5)
    copied = make_pipeline(exclusive=exclusive)
    copied.from_bytes(loaded.to_bytes())
    np.testing.assert_allclose(scores_of(copied), scores_of(nlp), rtol=1e-5)
    assert copied.get_pipe("xlre_relation").labels == ("born", "died", "spouse")


def test_the_default_config_learns_too():
    nlp = spacy.blank("xx")
    nlp.add_pipe("xlre_relation")
    train(nlp, steps=15, rate=0.003)
    assert triples(predict(nlp, TOYS[1])) == [("Ada", "died", "Rome")]


def test_training_goes_on_after_loading(tmp_path):
    nlp = make_pipeline()
    train(nlp, steps=3)
    nlp.to_disk(tmp_path)
    loaded = spacy.load(tmp_path)
    optimizer = loaded.resume_training()
    optimizer.learn_rate = 0.01
    for _ in range(40):
        losses = loaded.update(make_examples(loaded.vocab), sgd=optimizer, losses={})
    assert losses["xlre_relation"] < 0.5


def test_scores_are_those_of_the_scorer():
    nlp = make_pipeline()
    train(nlp)
    scores = nlp.evaluate(make_examples(nlp.vocab, predicted_entities=True))
    assert scores["rel_micro_f"] == scores["rel_macro_f"] == scores["rel_candidate_recall"] == 1.0


def test_relations_have_the_score_that_reached_the_threshold():
    nlp = make_pipeline()
    train(nlp)
    (relation,) = predict(nlp, TOYS[0])._.relations
    assert 0.5 <= relation.score <= 1.0
    nlp.get_pipe("xlre_relation").cfg["threshold"] = relation.score + 1e-4
    assert predict(nlp, TOYS[0])._.relations == []


def test_offsets_move_single_labels():
    nlp = make_pipeline()
    train(nlp)
    nlp.get_pipe("xlre_relation").cfg["offsets"] = {"born": -50.0}
    first, second = (triples(predict(nlp, toy)) for toy in TOYS[:2])
    assert "born" not in {label for _, label, _ in first}
    assert second == LEARNED[1]


def test_predicting_keeps_the_language_of_a_doc():
    nlp = make_pipeline()
    train(nlp, steps=1)
    doc = make_doc(nlp.vocab, TOYS[0][0], TOYS[0][1])
    set_language(doc, "eu")
    assert get_language(nlp(doc)) == "eu"


def test_only_independent_labels_come_together():
    both = [("Ada was born in Paris .", [(0, 1, "PER"), (4, 5, "LOC")], [(0, "born", 1), (0, "lived", 1)])]
    for exclusive, expected in ((False, {"born", "lived"}), (True, 1)):
        nlp = make_pipeline(exclusive=exclusive)
        train(nlp, both)
        labels = {relation.label for relation in predict(nlp, both[0])._.relations}
        assert labels == expected or len(labels) == expected


# Labels


def test_labels_come_from_all_of_the_data_sorted():
    nlp = make_pipeline()
    toys = [TOYS[0]] * 15 + [TOYS[1]]
    nlp.initialize(lambda: make_examples(nlp.vocab, toys))
    assert nlp.get_pipe("xlre_relation").labels == ("born", "died")
    assert nlp.get_pipe("xlre_relation").label_data == ["born", "died"]


def test_labels_that_are_given_are_kept_in_their_order():
    nlp = make_pipeline()
    settings = {"xlre_relation": {"labels": ["spouse", "died"]}}
    nlp.config["initialize"]["components"] = settings
    nlp.initialize(lambda: make_examples(nlp.vocab))
    assert nlp.get_pipe("xlre_relation").labels == ("spouse", "died")
    nlp.update(make_examples(nlp.vocab))


def test_a_label_is_added_once_and_is_known_to_the_vocabulary():
    nlp = make_pipeline()
    pipe = nlp.get_pipe("xlre_relation")
    assert [pipe.add_label("capital"), pipe.add_label("capital")] == [1, 0]
    assert "capital" in nlp.vocab.strings


def test_no_label_is_added_after_training():
    nlp = make_pipeline()
    train(nlp, steps=1)
    with pytest.raises(ValueError, match="E922"):
        nlp.get_pipe("xlre_relation").add_label("capital")


def test_na_is_no_label():
    with pytest.raises(XlreError, match="X303"):
        make_pipeline().get_pipe("xlre_relation").add_label("NA")


@pytest.mark.parametrize("exclusive", [True, False])
def test_without_labels_nothing_is_predicted_and_nothing_breaks(exclusive):
    nlp = make_pipeline(exclusive=exclusive)
    nlp.initialize()
    nlp.update(make_examples(nlp.vocab, [TOYS[3]]))
    assert predict(nlp, TOYS[0])._.relations == []
    restored = make_pipeline(exclusive=exclusive).from_bytes(nlp.to_bytes())
    assert predict(restored, TOYS[0])._.relations == []


def test_a_component_that_was_never_initialized_says_so():
    nlp = make_pipeline()
    nlp.get_pipe("xlre_relation").add_label("born")
    with pytest.raises(ValueError, match="E109"):
        predict(nlp, TOYS[0])


# Updates


def test_no_data_or_empty_docs_alone_change_nothing():
    nlp = make_pipeline()
    optimizer = nlp.initialize(lambda: make_examples(nlp.vocab))
    before = nlp.get_pipe("xlre_relation").model.to_bytes()
    assert nlp.update([], sgd=optimizer) == {}
    assert nlp.update(make_examples(nlp.vocab, [TOYS[5]]), sgd=optimizer) == {"xlre_relation": 0.0}
    assert nlp.get_pipe("xlre_relation").model.to_bytes() == before


@pytest.mark.parametrize("sgd", [None, False])
def test_without_an_optimizer_gradients_wait_for_finish_update(sgd):
    nlp = make_pipeline()
    optimizer = nlp.initialize(lambda: make_examples(nlp.vocab))
    pipe = nlp.get_pipe("xlre_relation")
    weights = pipe.model.get_ref("classifier").to_bytes()
    pipe.update(make_examples(nlp.vocab), sgd=sgd)
    assert pipe.model.get_ref("classifier").to_bytes() == weights
    pipe.finish_update(optimizer)
    assert pipe.model.get_ref("classifier").to_bytes() != weights


def test_training_leaves_the_entities_of_predicted_docs_alone():
    nlp = make_pipeline()
    nlp.initialize(lambda: make_examples(nlp.vocab))
    examples = make_examples(nlp.vocab)
    assert nlp.update(examples)["xlre_relation"] > 0
    assert all(len(eg.predicted.ents) == 0 and eg.predicted._.relations == [] for eg in examples)


def test_training_can_pair_the_predicted_entities_instead():
    nlp = make_pipeline(use_gold_ents=False)
    nlp.initialize(lambda: make_examples(nlp.vocab))
    assert nlp.update(make_examples(nlp.vocab))["xlre_relation"] == 0.0
    assert nlp.update(make_examples(nlp.vocab, predicted_entities=True))["xlre_relation"] > 0.0


def test_rehearsing_does_nothing():
    nlp = make_pipeline()
    train(nlp, steps=1)
    nlp.rehearse(make_examples(nlp.vocab))


def test_gold_arguments_are_found_one_by_one_where_tokens_differ():
    nlp = make_pipeline()
    toy = ("Bob-X saw Ada born in Paris .", [(0, 1, "PER"), (2, 3, "PER"), (5, 6, "LOC")], [(1, "born", 2)])
    reference = make_reference(nlp.vocab, toy)
    words = ["Bob-X saw", "Ada", "born", "in", "Par", "is", "."]
    predicted = Doc(nlp.vocab, words=words, spaces=[True, True, True, True, False, True, True])
    nlp.initialize(lambda: [Example(predicted.copy(), reference)])
    pipe = nlp.get_pipe("xlre_relation")
    (pairs,) = pipe._training_candidates([Example(predicted, reference)])
    assert pairs.keys() == [(1, 2, 4, 6), (4, 6, 1, 2)]
    logits = pipe.model.predict(([predicted], [pairs]))
    loss, gradient = pipe.get_loss([Example(predicted, reference)], ([pairs], logits))
    assert loss > 0
    assert gradient[0, 0] < 0 < gradient[1, 0]


# Weights


def weighted(vocab, weight, negative=None, unknown=False):
    doc = make_doc(vocab, *TOYS[2][:2])
    ada, rome, paris = doc.ents
    negatives = [] if negative is None else [PairNegative(ada, paris, negative)]
    set_relations(
        doc,
        [Relation(ada, "born", rome, weight=weight)],
        negatives=negatives,
        unknown=[(ada, paris)] if unknown else [],
    )
    return Example(make_doc(vocab, TOYS[2][0]), doc)


def gradient_rows(nlp, eg):
    pipe = nlp.get_pipe("xlre_relation")
    pairs = pipe._training_candidates([eg])
    logits = pipe.model.predict(([eg.predicted], pairs))
    _, gradient = pipe.get_loss([eg], (pairs, logits))
    return dict(zip(pairs[0].keys(), np.abs(gradient).sum(axis=1)))


@pytest.mark.parametrize("exclusive", [True, False])
def test_examples_count_by_their_weights(exclusive):
    nlp = make_pipeline(exclusive=exclusive, na_weight=0.5)
    train(nlp, steps=2)
    related, unrelated = (0, 1, 4, 5), (0, 1, 7, 8)
    whole = gradient_rows(nlp, weighted(nlp.vocab, 1.0))
    quarter = gradient_rows(nlp, weighted(nlp.vocab, 0.25, negative=0.1))
    assert quarter[related] == pytest.approx(whole[related] / 4, rel=1e-3)
    assert quarter[unrelated] == pytest.approx(whole[unrelated] / 10, rel=1e-3)
    assert gradient_rows(nlp, weighted(nlp.vocab, 0.0))[related] == 0.0
    assert gradient_rows(nlp, weighted(nlp.vocab, 1.0, unknown=True))[unrelated] == 0.0


@pytest.mark.parametrize("exclusive", [True, False])
def test_labels_count_by_their_own_weights(exclusive):
    def loss(**settings):
        nlp = make_pipeline(exclusive=exclusive, **settings)
        nlp.initialize(lambda: make_examples(nlp.vocab))
        relation = nlp.get_pipe("xlre_relation")
        examples = make_examples(nlp.vocab, [TOYS[0]])
        pairs = relation._training_candidates(examples)
        logits = np.zeros((2, len(relation.outputs)), dtype="float32")
        return relation.get_loss(examples, (pairs, logits))[0]

    one_pair = loss() / 2
    assert loss(label_weights={"born": 3.0}) == pytest.approx(4 * one_pair)
    assert loss(label_weights={"died": 3.0}) == pytest.approx(2 * one_pair)


def test_a_relation_with_a_label_that_is_not_learned_is_no_negative():
    nlp = make_pipeline()
    nlp.config["initialize"]["components"] = {"xlre_relation": {"labels": ["died"]}}
    nlp.initialize(lambda: make_examples(nlp.vocab))
    rows = gradient_rows(nlp, weighted(nlp.vocab, 1.0))
    assert rows[(0, 1, 4, 5)] == 0.0
    assert rows[(0, 1, 7, 8)] > 0.0


# Symmetric labels and types


def test_a_symmetric_label_is_learned_and_predicted_once_head_first():
    toys = [("Bob and Ada married .", [(0, 1, "PER"), (2, 3, "PER")], [(1, "spouse", 0)]), *TOYS]
    nlp = make_pipeline(candidates={"symmetric": ["spouse"]})
    train(nlp, toys)
    assert triples(predict(nlp, toys[0])) == [("Bob", "spouse", "Ada")]
    scores = nlp.evaluate(make_examples(nlp.vocab, toys, predicted_entities=True))
    assert scores["rel_micro_f"] == 1.0


@pytest.mark.parametrize("at_initialization", [True, False])
def test_an_inverse_label_is_learned_and_counts_as_the_one_that_replaces_it(at_initialization):
    inverse = {"birthplace of": "born"}
    toys = [
        ("Ada was born in Paris .", [(0, 1, "PER"), (4, 5, "LOC")], [(0, "born", 1)]),
        ("Rome is the birthplace of Bob .", [(0, 1, "LOC"), (5, 6, "PER")], [(0, "birthplace of", 1)]),
    ]
    nlp = make_pipeline(**({} if at_initialization else {"candidates": {"inverse": inverse}}))
    if at_initialization:
        nlp.config["initialize"]["components"] = {"xlre_relation": {"inverse": inverse}}
    train(nlp, toys)
    relation = nlp.get_pipe("xlre_relation")
    assert relation.labels == ("born",)
    assert triples(predict(nlp, toys[1])) == [("Bob", "born", "Rome")]
    scores = nlp.evaluate(make_examples(nlp.vocab, toys, predicted_entities=True))
    assert (scores["rel_micro_f"], list(scores["rel_per_type"])) == (1.0, ["born"])


def test_types_forbid_labels_and_unknown_types_are_wildcards():
    types = {"born": {"head": ["PER"], "tail": ["LOC"]}, "spouse": {"head": ["PER"], "tail": ["PER"]}}
    nlp = make_pipeline(candidates={"types": {**types, "died": types["born"]}}, threshold=0.0)
    train(nlp, steps=1)
    text, entities, _ = TOYS[2]
    assert {triple[0] for triple in triples(nlp(make_doc(nlp.vocab, text, entities)))} == {"Bob"}
    assert {label for _, label, _ in triples(predict(nlp, TOYS[4]))} == {"spouse"}
    foreign = nlp(make_doc(nlp.vocab, text, [(start, end, f"X-{label}") for start, end, label in entities]))
    assert len(foreign._.relations) == 6


def test_types_and_symmetry_given_at_initialization_are_kept(tmp_path):
    nlp = make_pipeline(threshold=0.0)
    types = {"born": {"head": ["PER"], "tail": ["LOC"]}, "died": {"head": ["PER"], "tail": ["LOC"]}}
    nlp.config["initialize"]["components"] = {"xlre_relation": {"types": types, "symmetric": ["spouse"]}}
    train(nlp, steps=1)
    nlp.to_disk(tmp_path)
    for pipeline in (nlp, spacy.load(tmp_path)):
        assert {label for _, label, _ in triples(predict(pipeline, TOYS[4]))} == {"spouse"}
        assert len(predict(pipeline, TOYS[4])._.relations) == 1


# Pipelines


def test_two_processes_predict_what_one_does():
    nlp = make_pipeline()
    train(nlp)
    nlp.add_pipe("entity_ruler", first=True).add_patterns(
        [{"label": "PER", "pattern": "Ada"}, {"label": "LOC", "pattern": "Paris"}, {"label": "LOC", "pattern": "Rome"}]
    )
    texts = [toy[0] for toy in TOYS] * 3
    alone = [triples(doc) for doc in nlp.pipe(texts)]
    assert ("Ada", "born", "Paris") in alone[0]
    assert [triples(doc) for doc in nlp.pipe(texts, n_process=2, batch_size=4)] == alone


def test_any_pipeline_can_source_it(tmp_path):
    trained = make_pipeline()
    train(trained)
    nlp = spacy.blank("en")
    nlp.add_pipe("entity_ruler").add_patterns([{"label": "PER", "pattern": "Ada"}, {"label": "LOC", "pattern": "Rome"}])
    nlp.add_pipe("xlre_relation", name="relations", source=trained)
    nlp.to_disk(tmp_path)
    assert triples(spacy.load(tmp_path)("Ada died in Rome .")) == [("Ada", "died", "Rome")]


@pytest.mark.parametrize("threshold", [-0.1, 1.5])
def test_a_threshold_out_of_range_is_refused(threshold):
    with pytest.raises(XlreError, match="X302"):
        make_pipeline(threshold=threshold)
