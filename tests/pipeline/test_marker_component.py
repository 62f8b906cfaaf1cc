"""`xlre_relation` with a marker encoder: it learns, is kept, and packing pairs does not change their scores."""

from dataclasses import replace
from typing import Any, Dict

import numpy as np
import pytest
import spacy
from spacy.tokens import Doc, Span
from thinc.api import ConfigValidationError, fix_random_seed

from spacy_xlre.ml.markers.packing import mark_pairs
from spacy_xlre.ml.markers.transformer import layout_of
from spacy_xlre.pipeline.targets import entities_of

from .relation_toys import TOYS, make_doc, make_examples, make_pipeline, predict, train, triples

CROWD = (
    "Ada and Bob met Eve and Dan in Paris .",
    [(0, 1, "PER"), (2, 3, "PER"), (4, 5, "PER"), (6, 7, "PER"), (8, 9, "LOC")],
)


def marker_model(folder: Any, one_reading: bool = False, **settings: object) -> Dict[str, Any]:
    return {
        "@architectures": "spacy_xlre.MarkerModel.v1",
        "one_reading": one_reading,
        "markers": {"@architectures": "spacy_xlre.MarkerTransformer.v1", "name": str(folder), **settings},
        "classifier": {"@architectures": "spacy_xlre.PairClassifier.v1", "hidden_width": 32, "output_scale": 1.0},
    }


def trained(folder: Any, **settings: object) -> spacy.language.Language:
    fix_random_seed(0)
    nlp = make_pipeline(marker_model(folder, **settings))
    train(nlp, steps=60, rate=0.004)
    return nlp


def scores(nlp: spacy.language.Language, docs: Any) -> Any:
    return nlp.get_pipe("xlre_relation").predict(docs)[1]  # type: ignore[attr-defined]


@pytest.fixture(scope="module", params=[{}, {"one_reading": True}, {"entity_pieces": True}], ids=str)
def packed(request, tiny_encoder_folder):
    return trained(tiny_encoder_folder, **request.param)


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"packed": False},
        {"frozen_layers": 1},
        {"mixed_precision": True},
        {"entity_pieces": True},
        {"one_reading": True},
        {"one_reading": True, "packed": False},
    ],
    ids=str,
)
def test_a_few_sentences_are_learned_by_heart_and_kept(tiny_encoder_folder, tmp_path, settings):
    nlp = trained(tiny_encoder_folder, **settings)
    docs = [predict(nlp, toy) for toy in TOYS]
    assert [triples(doc) for doc in docs] == [
        [(eg.x.text and doc.ents[head].text, label, doc.ents[tail].text) for head, label, tail in toy[2]]
        for eg, doc, toy in zip(make_examples(nlp.vocab), docs, TOYS)
    ]
    nlp.to_disk(tmp_path)
    for loaded in (
        spacy.load(tmp_path),
        make_pipeline(marker_model("elsewhere", **settings)).from_bytes(nlp.to_bytes()),
    ):
        np.testing.assert_array_equal(scores(loaded, docs), scores(nlp, docs))


def initialised(folder: Any, **settings: object) -> spacy.language.Language:
    fix_random_seed(0)
    nlp = make_pipeline(marker_model(folder, **settings))
    nlp.initialize(lambda: make_examples(nlp.vocab))
    return nlp


def marker_vectors(nlp: spacy.language.Language) -> Any:
    relation: Any = nlp.get_pipe("xlre_relation")
    doc = make_doc(nlp.vocab, *CROWD)
    return relation.model.get_ref("markers").predict(([doc], relation.get_candidates([doc], [entities_of(doc)])))


def attention_of(nlp: spacy.language.Language) -> str:
    relation: Any = nlp.get_pipe("xlre_relation")
    return str(relation.model.get_ref("markers").shims[0].transformer.config._attn_implementation)


@pytest.mark.parametrize(("fast", "attention"), [(True, "eager"), (False, "sdpa")])
def test_auto_is_half_precision_where_that_is_fast(tiny_encoder_folder, monkeypatch, fast, attention):
    monkeypatch.setattr("spacy_xlre.ml.markers.shim.is_fast_at_bfloat16", lambda device: fast)
    chosen, same = (initialised(tiny_encoder_folder, mixed_precision=value) for value in ("auto", fast))
    np.testing.assert_array_equal(marker_vectors(chosen), marker_vectors(same))
    assert attention_of(chosen) == attention_of(same) == attention


def test_half_precision_changes_vectors_only_a_little(tiny_encoder_folder):
    half, full = (marker_vectors(initialised(tiny_encoder_folder, mixed_precision=value)) for value in (True, False))
    assert 0.0 < np.abs(half - full).max() < 0.1


def test_an_attention_of_ones_own_is_kept_in_half_precision(tiny_encoder_folder):
    config = {"attn_implementation": "sdpa"}
    assert attention_of(initialised(tiny_encoder_folder, mixed_precision=True, transformer_config=config)) == "sdpa"


def test_an_unknown_precision_is_refused(tiny_encoder_folder):
    with pytest.raises(ConfigValidationError, match="mixed_precision"):
        make_pipeline(marker_model(tiny_encoder_folder, mixed_precision="sometimes"))


def test_a_device_map_is_for_gpus(tiny_encoder_folder):
    # On a CPU it would need the package accelerate, and put layers where nothing else is.
    trained(tiny_encoder_folder, transformer_config={"device_map": "auto"})


def test_a_pair_gets_the_same_scores_alone_and_among_others(packed):
    doc = make_doc(packed.vocab, *CROWD)
    relation = packed.get_pipe("xlre_relation")
    (pairs,) = relation.get_candidates([doc], [entities_of(doc)])
    together = relation.model.predict(([doc], [pairs]))
    assert len(pairs) == 20
    for row in range(len(pairs)):
        only = slice(row, row + 1)
        alone = replace(
            pairs,
            heads=pairs.heads[only],
            tails=pairs.tails[only],
            context=pairs.context[only],
            allowed=pairs.allowed[only],
        )
        np.testing.assert_allclose(relation.model.predict(([doc], [alone]))[0], together[row], atol=1e-4)


def test_scores_do_not_depend_on_how_pairs_and_rows_are_split(packed, monkeypatch):
    docs = [make_doc(packed.vocab, *CROWD), *(make_doc(packed.vocab, *toy[:2]) for toy in TOYS)]
    expected = scores(packed, docs)
    markers = packed.get_pipe("xlre_relation").model.get_ref("markers")
    monkeypatch.setitem(markers.attrs, "row_pieces", 60)
    monkeypatch.setitem(markers.attrs, "batch_pieces", 100)
    np.testing.assert_allclose(scores(packed, docs), expected, atol=1e-4)
    one_by_one = np.concatenate([scores(packed, [doc]) for doc in docs])
    np.testing.assert_allclose(one_by_one, expected, atol=1e-4)


def test_scores_are_the_same_in_several_processes(packed):
    import torch

    # As spaCy advises: a forked process hangs where its parent ran torch with several threads.
    torch.set_num_threads(1)
    docs = [make_doc(packed.vocab, *toy[:2]) for toy in TOYS] * 2
    alone = [triples(doc) for doc in packed.pipe(doc.copy() for doc in docs)]
    assert [triples(doc) for doc in packed.pipe(docs, n_process=2)] == alone


@pytest.mark.parametrize(("frozen", "learns"), [(0, True), (1, False)])
def test_the_vectors_of_the_markers_learn_unless_layers_are_frozen(tiny_encoder_folder, frozen, learns):
    nlp = make_pipeline(marker_model(tiny_encoder_folder, frozen_layers=frozen))
    optimizer = nlp.initialize(lambda: make_examples(nlp.vocab))
    markers = nlp.get_pipe("xlre_relation").model.get_ref("markers")
    before = markers.get_param("roles").copy()
    for _ in range(3):
        nlp.update(make_examples(nlp.vocab), sgd=optimizer)
    assert (not np.array_equal(markers.get_param("roles"), before)) == learns


def test_frozen_layers_run_once_a_row(tiny_encoder_folder, monkeypatch):
    nlp = make_pipeline(marker_model(tiny_encoder_folder, frozen_layers=1))
    optimizer = nlp.initialize(lambda: make_examples(nlp.vocab))
    transformer = nlp.get_pipe("xlre_relation").model.get_ref("markers").shims[0].transformer
    calls = []
    transformer.encoder.layer[0].attention.register_forward_hook(lambda *args: calls.append(args))
    for _ in range(3):
        nlp.update(make_examples(nlp.vocab), sgd=optimizer)
    assert len(calls) == 1


def test_a_text_beyond_the_window_loses_no_pair(packed):
    words = ["the"] * 3000
    words[5], words[100], words[2900], words[2990] = "Ada", "Paris", "Bob", "Rome"
    doc = Doc(packed.vocab, words=words)
    doc.ents = [Span(doc, start, start + 1, label="PER") for start in (5, 100, 2900, 2990)]
    pairs, found = packed.get_pipe("xlre_relation").predict([doc])
    keys = pairs[0].keys()
    assert [key[::2] for key in keys] == [(5, 100), (100, 5), (2900, 2990), (2990, 2900)]
    assert np.isfinite(found).all()


def test_an_entity_longer_than_the_window_is_read_at_both_ends(packed):
    doc = Doc(packed.vocab, words=["the"] * 700 + ["Ada"])
    doc.ents = [Span(doc, 0, 700, label="ORG"), Span(doc, 700, 701, label="PER")]
    pairs, found = packed.get_pipe("xlre_relation").predict([doc])
    assert len(pairs[0]) == 2
    assert np.isfinite(found).all()


def test_five_hundred_entities_stay_within_the_budget_of_pairs(packed, monkeypatch):
    doc = Doc(packed.vocab, words=["Ada", "and"] * 500)
    doc.ents = [Span(doc, start, start + 1, label="PER") for start in range(0, 1000, 2)]
    relation = packed.get_pipe("xlre_relation")
    monkeypatch.setattr(relation, "candidates", replace(relation.candidates, context=16))
    (pairs,), found = relation.predict([doc])
    assert len(pairs) == len(found) == 2000
    assert pairs.n_left_out > 0
    markers = relation.model.get_ref("markers")
    rows = mark_pairs(markers.shims[0].tokenizer.backend_tokenizer, layout_of(markers), [doc], [pairs])
    assert len(rows) < 200
    assert max(len(row.ids) for row in rows) <= markers.attrs["row_pieces"]


@pytest.fixture(scope="module")
def roberta_folder(tiny_encoder_folder, tmp_path_factory):
    """A random encoder that counts positions from behind the padding, and has one type of segments."""
    from transformers import AutoTokenizer, XLMRobertaConfig, XLMRobertaModel

    folder = tmp_path_factory.mktemp("encoders") / "roberta"
    tokenizer = AutoTokenizer.from_pretrained(tiny_encoder_folder)
    config = XLMRobertaConfig(
        vocab_size=len(tokenizer),
        hidden_size=32,
        num_hidden_layers=2,
        num_attention_heads=4,
        intermediate_size=64,
        max_position_embeddings=130,
        type_vocab_size=1,
        pad_token_id=tokenizer.pad_token_id,
    )
    XLMRobertaModel(config).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


@pytest.mark.parametrize("packed", [True, False])
def test_encoders_that_count_positions_otherwise_work_as_well(roberta_folder, packed):
    fix_random_seed(0)
    nlp = make_pipeline(marker_model(roberta_folder, packed=packed))
    nlp.initialize(lambda: make_examples(nlp.vocab))
    markers = nlp.get_pipe("xlre_relation").model.get_ref("markers")
    assert layout_of(markers).first_position == markers.shims[0].tokenizer.pad_token_id + 1
    doc = Doc(nlp.vocab, words=["the"] * 300)
    doc.ents = [Span(doc, 5, 6, label="PER"), Span(doc, 60, 61, label="PER")]
    assert np.isfinite(scores(nlp, [doc])).all()
    train(nlp, steps=2)


def test_checkpointed_gradients_are_those_of_the_whole_pass(tiny_encoder_folder):
    found = []
    for checkpointing in (False, True):
        fix_random_seed(0)
        nlp = make_pipeline(marker_model(tiny_encoder_folder, gradient_checkpointing=checkpointing))
        nlp.initialize(lambda nlp=nlp: make_examples(nlp.vocab))
        shim = nlp.get_pipe("xlre_relation").model.get_ref("markers").shims[0]
        for part in shim.transformer.modules():
            if type(part).__name__ == "Dropout":
                part.p = 0.0
        for layer in shim.transformer.encoder.layer:
            layer.attention.self.dropout_prob = 0.0
        for _ in range(2):  # in the first step the output layer is still zero
            nlp.update(make_examples(nlp.vocab), sgd=nlp.create_optimizer())
        nlp.update(make_examples(nlp.vocab), sgd=False)
        found.append(shim.transformer.encoder.layer[0].attention.self.query.weight.grad.numpy().copy())
    assert np.abs(found[0]).max() > 0
    np.testing.assert_allclose(found[1], found[0], rtol=1e-3, atol=1e-5)


def test_batches_without_candidates_change_nothing(packed):
    empty = [toy for toy in TOYS if len(toy[1]) < 2]
    before = scores(packed, [make_doc(packed.vocab, *toy[:2]) for toy in TOYS])
    losses = packed.update(make_examples(packed.vocab, empty), sgd=False, losses={})
    assert losses["xlre_relation"] == 0.0
    np.testing.assert_array_equal(scores(packed, [make_doc(packed.vocab, *toy[:2]) for toy in TOYS]), before)


def test_what_is_kept_of_frozen_layers_tells_both_directions_apart_where_markers_are_the_same(tiny_encoder_folder):
    found = []
    for megabytes in (0, 10):
        fix_random_seed(0)
        same = {"head_marker": "@", "tail_marker": "@", "frozen_layers": 1, "frozen_cache_mb": megabytes}
        nlp = make_pipeline(marker_model(tiny_encoder_folder, packed=False, **same))
        nlp.initialize(lambda nlp=nlp: make_examples(nlp.vocab))
        model = nlp.get_pipe("xlre_relation").model.get_ref("markers")
        for part in model.shims[0].transformer.modules():
            if type(part).__name__ == "Dropout":
                part.p = 0.0
        for layer in model.shims[0].transformer.encoder.layer:
            layer.attention.self.dropout_prob = 0.0
        doc = make_doc(nlp.vocab, *TOYS[0][:2])
        pairs = nlp.get_pipe("xlre_relation").get_candidates([doc], [entities_of(doc)])
        model.begin_update(([doc], pairs))
        found.append(model.begin_update(([doc], pairs))[0])
    np.testing.assert_allclose(found[1], found[0], atol=1e-5)
