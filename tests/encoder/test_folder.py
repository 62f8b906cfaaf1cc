import json
import shutil

import numpy as np
import pytest
import spacy

from spacy_xlre.encoder import folder as folder_module
from spacy_xlre.encoder import read_encoder, write_encoder
from spacy_xlre.errors import XlreError


@pytest.fixture
def files(tiny_encoder_folder):
    return read_encoder(tiny_encoder_folder)


def test_what_is_written_is_read_again(files, tmp_path):
    write_encoder(files, tmp_path / "encoder")
    again = read_encoder(tmp_path / "encoder")
    assert (again.config, again.tokenizer, again.tokenizer_config) == (
        files.config,
        files.tokenizer,
        files.tokenizer_config,
    )
    assert again.tensors.keys() == files.tensors.keys()
    assert all(np.array_equal(again.tensors[name], files.tensors[name]) for name in files.tensors)


def test_transformers_loads_the_folder_with_a_fast_tokenizer(tiny_encoder_folder):
    from transformers import AutoModel, AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(tiny_encoder_folder)
    assert tokenizer.is_fast
    assert tokenizer.model_max_length == 512
    assert (tokenizer.bos_token_id, tokenizer.pad_token_id, tokenizer.eos_token_id) == (0, 1, 2)
    assert tokenizer.tokenize("born in 北京") == ["▁born", "▁in", "▁", "北京"]
    output = AutoModel.from_pretrained(tiny_encoder_folder)(
        **tokenizer(["in", "der в"], return_tensors="pt", padding=True)
    )
    assert output.last_hidden_state.shape == (2, 4, 32)


def test_a_spacy_transformer_keeps_the_encoder_through_bytes(tiny_encoder_folder):
    def pipeline(name):
        nlp = spacy.blank("xx")
        model = {"@architectures": "spacy-transformers.TransformerModel.v3", "name": name}
        nlp.add_pipe("transformer", config={"model": {**model, "tokenizer_config": {"use_fast": True}}})
        return nlp

    nlp = pipeline(str(tiny_encoder_folder))
    nlp.initialize()
    text = "The Иван was born in 北京."
    expected = nlp(text)._.trf_data
    found = pipeline("not loaded").from_bytes(nlp.to_bytes())(text)._.trf_data
    assert found.wordpieces.strings == expected.wordpieces.strings
    np.testing.assert_array_equal(found.model_output.last_hidden_state, expected.model_output.last_hidden_state)


@pytest.mark.parametrize("problem", [KeyboardInterrupt, OSError])
def test_an_interrupted_write_leaves_nothing(files, tmp_path, monkeypatch, problem):
    interrupt(monkeypatch, problem)
    with pytest.raises(problem):
        write_encoder(files, tmp_path / "encoder")
    assert list(tmp_path.iterdir()) == []


def test_an_interrupted_write_leaves_the_old_encoder(files, tiny_encoder_folder, tmp_path, monkeypatch):
    shutil.copytree(tiny_encoder_folder, tmp_path / "encoder")
    interrupt(monkeypatch, KeyboardInterrupt)
    with pytest.raises(KeyboardInterrupt):
        write_encoder(files, tmp_path / "encoder")
    assert [path.name for path in tmp_path.iterdir()] == ["encoder"]
    assert read_encoder(tmp_path / "encoder").tokenizer == files.tokenizer


def test_a_folder_of_something_else_is_not_replaced(files, tmp_path):
    (tmp_path / "thesis.tex").write_text("precious", encoding="utf-8")
    with pytest.raises(XlreError, match=r"\[X009\]"):
        write_encoder(files, tmp_path)
    assert (tmp_path / "thesis.tex").read_text(encoding="utf-8") == "precious"


@pytest.mark.parametrize("name", ["config.json", "model.safetensors", "tokenizer.json", "tokenizer_config.json"])
def test_a_missing_file_is_named(tiny_encoder_folder, tmp_path, name):
    shutil.copytree(tiny_encoder_folder, tmp_path / "encoder")
    (tmp_path / "encoder" / name).unlink()
    with pytest.raises(XlreError, match=rf"\[X205\].*encoder: .* no {name}"):
        read_encoder(tmp_path / "encoder")


@pytest.mark.parametrize("name", ["config.json", "model.safetensors"])
def test_a_broken_file_is_named(tiny_encoder_folder, tmp_path, name):
    shutil.copytree(tiny_encoder_folder, tmp_path / "encoder")
    content = (tmp_path / "encoder" / name).read_bytes()
    (tmp_path / "encoder" / name).write_bytes(content[: len(content) // 2])
    with pytest.raises(XlreError, match=rf"\[X206\].*{name}"):
        read_encoder(tmp_path / "encoder")


def interrupt(monkeypatch, problem):
    """Let the write of the last file fail, when the others are there."""

    def dumps(content, **kwargs):
        if "architectures" in content:
            raise problem
        return json.dumps(content, **kwargs)

    monkeypatch.setattr(folder_module, "json", type("json", (), {"dumps": staticmethod(dumps), "loads": json.loads}))
