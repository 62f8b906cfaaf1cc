import json
import shutil
import sys

import pytest

from spacy_xlre.encoder import fetch_encoder, load_hidden_encoder, read_encoder, trim_encoder
from spacy_xlre.errors import XlreError


def test_the_last_state_of_fewer_layers_is_the_hidden_state_of_all(tiny_encoder_folder):
    import torch

    tokenizer, whole = load_hidden_encoder(str(tiny_encoder_folder))
    _, first = load_hidden_encoder(str(tiny_encoder_folder), 1)
    inputs = tokenizer(["born in 北京"], return_tensors="pt")
    assert not whole.training
    assert (len(whole.encoder.layer), len(first.encoder.layer), first.config.num_hidden_layers) == (2, 1, 1)
    with torch.inference_mode():
        states = whole(**inputs, output_hidden_states=True).hidden_states
        assert torch.equal(first(**inputs).last_hidden_state, states[1])


@pytest.mark.parametrize("n_layers", [0, 3, -1])
def test_layers_that_are_not_there_cannot_be_kept(tiny_encoder_folder, n_layers):
    with pytest.raises(XlreError, match=rf"\[X213\].*keep {n_layers} layers of 2"):
        load_hidden_encoder(str(tiny_encoder_folder), n_layers)


def test_a_model_without_a_list_of_layers_is_named(tiny_encoder_folder, tmp_path):
    shutil.copytree(tiny_encoder_folder, tmp_path / "encoder")
    config = {"model_type": "gpt2", "n_embd": 8, "n_layer": 1, "n_head": 1, "vocab_size": 10, "n_positions": 8}
    (tmp_path / "encoder" / "config.json").write_text(json.dumps(config), encoding="utf-8")
    with pytest.raises(XlreError, match=r"\[X212\].*GPT2Model"):
        load_hidden_encoder(str(tmp_path / "encoder"), 1)


def test_a_folder_of_something_else_is_named(tmp_path):
    with pytest.raises(XlreError, match=r"\[X205\].*config.json"):
        load_hidden_encoder(str(tmp_path))


def test_missing_torch_is_reported_with_the_command_that_installs_it(tiny_encoder_folder, monkeypatch):
    monkeypatch.setitem(sys.modules, "torch", None)
    with pytest.raises(XlreError, match=r"\[X210\].*pip install torch"):
        load_hidden_encoder(str(tiny_encoder_folder))


def test_a_hub_that_cannot_be_reached_is_one_line(monkeypatch):
    import huggingface_hub

    def snapshot_download(name, **kwargs):
        raise ConnectionError("Name or service\nnot known.")

    monkeypatch.setattr(huggingface_hub, "snapshot_download", snapshot_download)
    with pytest.raises(XlreError, match=r"\[X211\] some/encoder: .*\(Name or service not known\)") as error:
        load_hidden_encoder("some/encoder")
    assert "\n" not in str(error.value)


def test_a_hub_model_is_downloaded_without_other_libraries_formats(tiny_encoder_folder, tmp_path, monkeypatch):
    import huggingface_hub

    asked = []

    def snapshot_download(name, *, allow_patterns, ignore_patterns):
        asked.append((name, sorted(allow_patterns), ignore_patterns))
        return str(tiny_encoder_folder)

    monkeypatch.setattr(huggingface_hub, "snapshot_download", snapshot_download)
    fetch_encoder("some/encoder", tmp_path / "encoder")
    assert asked == [("some/encoder", ["*.json", "*.model", "*.safetensors", "*.txt"], ["*/*"])]
    assert read_encoder(tmp_path / "encoder").tokenizer["model"] == read_encoder(tiny_encoder_folder).tokenizer["model"]


def test_xlm_r_as_saved_from_the_hub_is_fetched_and_trimmed(tiny_encoder_folder, tmp_path):
    from transformers import XLMRobertaConfig, XLMRobertaModel, XLMRobertaTokenizerFast

    tokenizer = XLMRobertaTokenizerFast(tokenizer_file=str(tiny_encoder_folder / "tokenizer.json"))
    config = XLMRobertaConfig(
        vocab_size=len(tokenizer) + 8, hidden_size=16, num_hidden_layers=1, num_attention_heads=2, intermediate_size=16
    )
    model = XLMRobertaModel(config).half()
    tokenizer.save_pretrained(tmp_path / "saved")
    model.save_pretrained(tmp_path / "saved")
    fetch_encoder(str(tmp_path / "saved"), tmp_path / "fetched")
    report = trim_encoder(tmp_path / "fetched", tmp_path / "trimmed", languages=["en"], words=0)
    assert report.pieces_after < report.pieces_before
    before, _ = load_hidden_encoder(str(tmp_path / "fetched"))
    after, trimmed = load_hidden_encoder(str(tmp_path / "trimmed"))
    assert before.tokenize("born?") == ["▁born", "?"]
    assert after.tokenize("born?") == ["▁", *"born", "?"]
    assert after("<mask>")["input_ids"][1] == after.mask_token_id == len(after) - 1
    assert trimmed.get_input_embeddings().num_embeddings == len(after)
    assert str(trimmed.dtype) == "torch.float32"
