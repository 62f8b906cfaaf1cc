import numpy as np
import pytest
from spacy.tokens import Doc
from spacy.vocab import Vocab
from thinc.api import Adam, fix_random_seed

from spacy_xlre.errors import XlreError
from spacy_xlre.ml.frozen import build_transformer, freeze, replace_listener_config
from spacy_xlre.ml.windows import create_piece_windows

DOCS = [Doc(Vocab(), words=["the", "born"]), Doc(Vocab(), words=["of", "Paris"])]


def transformer(folder, **settings):
    fix_random_seed(0)
    model = build_transformer(str(folder), create_piece_windows(), {"use_fast": True}, **settings)
    model.initialize(X=DOCS)
    return model


def learned(model):
    """Return the top-level parts, and layers by number, that have a gradient after one step."""
    output, backprop = model.begin_update(DOCS)
    gradient = [[data.tensors[0] * 0 + 1.0] for data in output.doc_data]
    backprop(output.unsplit_by_doc(gradient))
    parts = [name.split(".") for name, param in model.transformer.named_parameters() if param.grad is not None]
    return {part[2] if part[0] == "encoder" else part[0] for part in parts}


def test_gradients_end_at_the_lowest_layer_that_learns(tiny_encoder_folder):
    assert learned(transformer(tiny_encoder_folder, frozen_layers=1)) == {"1"}
    assert learned(transformer(tiny_encoder_folder)) == {"0", "1"}
    assert learned(transformer(tiny_encoder_folder, frozen_embeddings=False)) == {"embeddings", "0", "1"}


def test_what_is_below_is_not_even_computed_for_the_backward(tiny_encoder_folder):
    model = transformer(tiny_encoder_folder, frozen_layers=1)
    seen = []
    for layer in model.transformer.encoder.layer:
        layer.register_forward_hook(lambda layer, inputs, outputs: seen.append(outputs[0].requires_grad))
    model.begin_update(DOCS)
    assert seen == [False, True]


def test_parts_stay_frozen_in_copies_and_after_loading(tiny_encoder_folder):
    model = transformer(tiny_encoder_folder, frozen_layers=1)
    assert learned(model.copy()) == {"1"}
    loaded = build_transformer("elsewhere", create_piece_windows(), frozen_layers=1)
    loaded.from_bytes(model.to_bytes())
    assert learned(loaded) == {"1"}


def test_frozen_parameters_do_not_change(tiny_encoder_folder):
    model = transformer(tiny_encoder_folder, frozen_layers=1)
    before = {name: value.clone() for name, value in model.transformer.state_dict().items()}
    learned(model)
    model.finish_update(Adam(0.1))
    changed = {name for name, value in model.transformer.state_dict().items() if not value.equal(before[name])}
    assert changed
    assert all(name.startswith("encoder.layer.1.") for name in changed)


@pytest.mark.parametrize("layers", [2, 3])
def test_at_least_one_layer_has_to_learn(tiny_encoder_folder, layers):
    model = transformer(tiny_encoder_folder, frozen_layers=layers)
    with pytest.raises(XlreError, match="X322"):
        model.begin_update(DOCS)


def test_layers_that_are_not_in_a_list_cannot_be_frozen():
    from transformers import AlbertConfig, AlbertModel

    albert = AlbertModel(
        AlbertConfig(vocab_size=8, embedding_size=4, hidden_size=8, num_attention_heads=2, intermediate_size=8)
    )
    with pytest.raises(XlreError, match="X323"):
        freeze(albert, 1, True)


def test_layers_that_are_left_out_on_purpose_are_not_warned_of(tiny_encoder_folder, monkeypatch):
    from transformers import modeling_utils

    said = []
    monkeypatch.setattr(modeling_utils.logger, "handle", lambda record: said.append(record.getMessage()))
    transformer(tiny_encoder_folder, transformer_config={"num_hidden_layers": 1})
    assert said == []


def test_a_replaced_listener_is_described_with_the_transformer_and_its_own_pooling():
    transformer = {"@architectures": "spacy_xlre.TransformerModel.v1", "name": "encoder", "frozen_layers": 4}
    listener = {"@architectures": "x", "grad_factor": 0.5, "pooling": {"@layers": "reduce_mean.v1"}, "upstream": "*"}
    assert replace_listener_config(transformer, listener) == {
        "@architectures": "spacy_xlre.Tok2VecTransformer.v1",
        "name": "encoder",
        "frozen_layers": 4,
        "grad_factor": 0.5,
        "pooling": {"@layers": "reduce_mean.v1"},
    }


def test_outputs_of_frozen_layers_that_were_kept_change_nothing(tiny_encoder_folder):
    still = {"hidden_dropout_prob": 0.0, "attention_probs_dropout_prob": 0.0}
    kept = transformer(tiny_encoder_folder, frozen_layers=1, transformer_config=still)
    computed = transformer(tiny_encoder_folder, frozen_layers=1, transformer_config=still, frozen_cache_mb=0)
    calls = []
    kept.transformer.encoder.layer[0].attention.register_forward_hook(lambda *args: calls.append(args))
    for docs in (DOCS, DOCS, DOCS[::-1]):
        outputs, expected = (vectors(model.begin_update(docs)[0]) for model in (kept, computed))
        np.testing.assert_allclose(outputs, expected, atol=1e-5)
    assert len(calls) == 1
    np.testing.assert_allclose(vectors(kept.predict(DOCS)), vectors(computed.predict(DOCS)), atol=1e-5)
    assert learned(kept) == {"1"}


def vectors(batch):
    """Return the outputs for word pieces; what stands in the padding does not matter."""
    return batch.model_output.last_hidden_state.detach().numpy()[batch.wordpieces.attention_mask > 0]
