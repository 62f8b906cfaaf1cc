"""What is trained on a GPU, with every setting of its own, gives the same on the CPU. Skipped where there is no GPU."""

from typing import Any, Dict, Iterator

import numpy as np
import pytest
import spacy
from thinc.api import fix_random_seed, require_cpu, require_gpu
from thinc.compat import has_cupy_gpu, has_torch_cuda_gpu

from spacy_xlre.tokens import make_bitext
from spacy_xlre.tokens.blank import blank_multilingual

from .relation_toys import SMALL_MODEL, TOYS, make_examples, make_pipeline, predict, train, triples
from .test_aligner import TEXTS, content, make_nlp
from .test_marker_component import marker_model
from .test_relation_learning import translations

pytestmark = pytest.mark.skipif(
    not (has_cupy_gpu and has_torch_cuda_gpu), reason="needs a GPU, CuPy and torch with CUDA"
)

MARKER_SETTINGS: Dict[str, Dict[str, Any]] = {
    "packed": {},
    "inserted": {"packed": False},
    "one reading": {"one_reading": True},
    "frozen layers": {"frozen_layers": 1},
    "mixed precision": {"mixed_precision": True},
    "mixed precision, several batches": {"mixed_precision": True, "batch_pieces": 60},
    "gradient checkpointing": {"gradient_checkpointing": True},
    "device map": {"transformer_config": {"device_map": "auto"}},
}
COMPONENT_SETTINGS: Dict[str, Dict[str, Any]] = {
    "plain": {},
    "one direction": {"one_direction": True},
    "adversarial": {"adversarial": 0.5},
    "consistency": {"consistency": 0.5},
    "independent labels": {"exclusive": False},
    "bags": {"loss": {"@misc": "spacy_xlre.bag_cross_entropy.v1"}},
    "noisy labels": {"loss": {"@misc": "spacy_xlre.generalized_cross_entropy.v1"}},
    "a share of wrong labels": {"loss": {"@misc": "spacy_xlre.corrected_cross_entropy.v1"}},
}
# Half precision moves scores by about this much.
MIXED_TOLERANCE = 0.05


@pytest.fixture(autouse=True)
def gpu() -> Iterator[None]:
    require_gpu()
    yield
    require_cpu()


def learned(model: Dict[str, Any], *, rate: float, steps: int = 60, **settings: Any) -> spacy.language.Language:
    fix_random_seed(0)
    nlp = make_pipeline(model, **settings)
    train(nlp, steps=steps, rate=rate)
    return nlp


def assert_learned_and_the_same_on_the_cpu(nlp: spacy.language.Language, folder: Any, tolerance: float) -> None:
    docs = [predict(nlp, toy) for toy in TOYS]
    for toy, doc in zip(TOYS, docs):
        assert triples(doc) == [(doc.ents[h].text, label, doc.ents[t].text) for h, label, t in toy[2]]
    expected = nlp.get_pipe("xlre_relation").predict(docs)[1]
    nlp.to_disk(folder)
    require_cpu()
    loaded = spacy.load(folder)
    found = loaded.get_pipe("xlre_relation").predict([predict(loaded, toy) for toy in TOYS])[1]
    np.testing.assert_allclose(found, expected, atol=tolerance)


@pytest.mark.parametrize("name", list(MARKER_SETTINGS))
def test_a_marker_encoder(tiny_encoder_folder, tmp_path, name):
    if name == "device map":
        pytest.importorskip("accelerate")
    nlp = learned(marker_model(tiny_encoder_folder, **MARKER_SETTINGS[name]), rate=0.004, steps=100)
    assert_learned_and_the_same_on_the_cpu(nlp, tmp_path, MIXED_TOLERANCE if "mixed" in name else 1e-3)


@pytest.mark.parametrize("name", list(COMPONENT_SETTINGS))
def test_a_component_with_a_small_encoder(tmp_path, name):
    nlp = learned(SMALL_MODEL, rate=0.01, **COMPONENT_SETTINGS[name])
    assert_learned_and_the_same_on_the_cpu(nlp, tmp_path, 1e-3)


def test_adversarial_training_of_a_marker_encoder(tiny_encoder_folder, tmp_path):
    nlp = learned(marker_model(tiny_encoder_folder), rate=0.004, steps=100, adversarial=0.5)
    assert_learned_and_the_same_on_the_cpu(nlp, tmp_path, 1e-3)


@pytest.mark.parametrize(
    "settings", [{"loss": {"@misc": "spacy_xlre.bag_cross_entropy.v1"}}, {"consistency": 1.0}], ids=str
)
def test_pairs_that_belong_together(settings):
    nlp = make_pipeline(SMALL_MODEL, **settings)
    optimizer = nlp.initialize(lambda: translations(nlp))
    losses = [nlp.update(translations(nlp), sgd=optimizer)["xlre_relation"] for _ in range(20)]
    assert losses[-1] < 0.7 * losses[0]


def test_an_aligner(tiny_encoder_folder):
    bitext = make_bitext(blank_multilingual(), TEXTS)
    on_gpu = content(make_nlp(tiny_encoder_folder)(bitext.copy()))
    require_cpu()
    assert content(make_nlp(tiny_encoder_folder)(bitext)) == on_gpu


def test_gradients_of_several_batches_add_up_in_mixed_precision(tiny_encoder_folder):
    still = {"hidden_dropout_prob": 0.0, "attention_probs_dropout_prob": 0.0}
    # With a large scale, the first gradients overflow, and are left out.
    mixed = {"mixed_precision": True, "grad_scaler_config": {"init_scale": 256.0}}
    gradients = []
    for settings in ({}, mixed, {**mixed, "batch_pieces": 60}):
        fix_random_seed(0)
        nlp = make_pipeline(marker_model(tiny_encoder_folder, transformer_config=still, **settings))
        nlp.initialize(lambda nlp=nlp: make_examples(nlp.vocab))
        # The output layer starts with zeros, and nothing would reach the encoder.
        output = nlp.get_pipe("xlre_relation").model.get_ref("classifier").get_ref("output_layer")
        weights = np.random.default_rng(0).normal(0.0, 0.1, output.get_param("W").shape)
        output.set_param("W", output.ops.asarray2f(weights, dtype="float32"))
        nlp.update(make_examples(nlp.vocab), sgd=False)
        transformer = nlp.get_pipe("xlre_relation").model.get_ref("markers").shims[0].transformer
        gradients.append(transformer.encoder.layer[0].output.dense.weight.grad.float().cpu().numpy())
    full, mixed, in_batches = gradients
    assert np.abs(full).max() > 0.0
    np.testing.assert_allclose(mixed, full, atol=0.05 * np.abs(full).max())
    np.testing.assert_allclose(in_batches, full, atol=0.05 * np.abs(full).max())
