import numpy as np
import pytest

from spacy_xlre.encoder.loading import load_hidden_encoder
from spacy_xlre.ml.frozen_cache import FrozenOutputs, window_keys

IDS = np.array([[0, 7, 8, 9, 2], [0, 10, 11, 2, 1]])
MASK = np.array([[1, 1, 1, 1, 1], [1, 1, 1, 1, 0]])


@pytest.fixture
def transformer(tiny_encoder_folder):
    _, transformer = load_hidden_encoder(str(tiny_encoder_folder))
    return transformer


def output(transformer, ids=IDS, mask=MASK):
    import torch

    with torch.no_grad():
        found = transformer(input_ids=torch.as_tensor(ids), attention_mask=torch.as_tensor(mask)).last_hidden_state
    return np.where(mask[:, :, None], found.numpy(), 0)


def test_kept_outputs_give_what_the_whole_transformer_gives(transformer):
    expected = output(transformer)
    cache = FrozenOutputs.of(transformer, list(transformer.encoder.layer[:1]), max_mb=1)
    for known in (False, True):
        cache.begin(*window_keys(IDS, MASK))
        assert cache.known is known
        np.testing.assert_allclose(output(transformer), expected, atol=1e-5)


def test_windows_are_known_one_by_one_in_any_batch(transformer):
    cache = FrozenOutputs.of(transformer, list(transformer.encoder.layer[:1]), max_mb=1)
    expected = output(transformer)
    cache.begin(*window_keys(IDS, MASK))
    output(transformer)
    cache.begin(*window_keys(IDS[1:, :4], MASK[1:, :4]))
    assert cache.known
    np.testing.assert_allclose(output(transformer, IDS[1:, :4], MASK[1:, :4])[0], expected[1, :4], atol=1e-5)


def test_nothing_is_kept_beyond_the_room(transformer):
    cache = FrozenOutputs.of(transformer, list(transformer.encoder.layer[:1]), max_mb=0)
    cache.begin(*window_keys(IDS, MASK))
    output(transformer)
    assert cache.kept == {}


def test_predictions_run_everything(transformer):
    cache = FrozenOutputs.of(transformer, list(transformer.encoder.layer[:1]), max_mb=1)
    cache.begin(*window_keys(IDS, MASK))
    output(transformer)
    cache.end()
    other = IDS[:, ::-1].copy()
    assert not np.allclose(output(transformer, other, np.ones_like(MASK)), output(transformer))


def test_a_transformer_has_one_cache(transformer):
    layers = list(transformer.encoder.layer[:1])
    assert FrozenOutputs.of(transformer, layers, 1) is FrozenOutputs.of(transformer, layers, 1)
