import json
import struct

import numpy as np
import pytest
from tokenizers import Tokenizer

from spacy_xlre.encoder import find_embedded_weights, read_weights
from spacy_xlre.encoder.embedded import embedded_files
from spacy_xlre.encoder.folder import write_encoder

from .weights_file import SIZES, weights_bytes


@pytest.fixture
def small_files(tmp_path):
    (tmp_path / "weights.bin").write_bytes(weights_bytes())
    return embedded_files(read_weights(tmp_path / "weights.bin", sha256=None))


def test_a_file_becomes_a_model_whose_every_parameter_is_set(small_files, tmp_path):
    from transformers import AutoModel, BertModel

    write_encoder(small_files, tmp_path / "encoder")
    model, loading = AutoModel.from_pretrained(tmp_path / "encoder", output_loading_info=True)
    assert isinstance(model, BertModel)
    assert not any(loading.values())
    np.testing.assert_array_equal(
        model.encoder.layer[0].output.dense.weight.detach().numpy(),
        small_files.tensors["encoder.layer.0.output.dense.weight"],
    )
    assert (model.config.hidden_size, model.config.num_attention_heads) == (SIZES.hidden, SIZES.heads)
    assert (model.config.layer_norm_eps, model.config.pad_token_id) == (1e-12, 1)


def test_ids_are_those_of_the_file(small_files):
    tokenizer = Tokenizer.from_str(json.dumps(small_files.tokenizer))
    encoding = tokenizer.encode("a\ta\x07 é?<mask>")
    assert encoding.tokens == ["<s>", "▁a", "▁a", "▁", "é", "?", "<mask>", "</s>"]
    assert encoding.ids == [0, 4, 4, 3, 5, 3, 7, 2]


def test_the_embedded_encoder_splits_text_as_xlm_r_does(full_tokenizer):
    assert full_tokenizer.encode("Hello world").ids == [0, 35378, 8999, 2]
    assert full_tokenizer.encode("Hello world", "Hello").ids == [0, 35378, 8999, 2, 2, 35378, 2]
    assert full_tokenizer.encode("  Hello \u3000 world \n").ids == [0, 35378, 8999, 2]
    assert full_tokenizer.encode("Ｈｅｌｌｏ\u200bworld").ids == [0, 35378, 8999, 2]
    assert full_tokenizer.token_to_id("<mask>") == 250001


def test_offsets_point_into_the_text_before_normalisation(full_tokenizer):
    text = "ﬁne Ｚürich,\u3000①!"
    encoding = full_tokenizer.encode(text, add_special_tokens=False)
    pieces = [text[start:end] for start, end in encoding.offsets]
    assert "".join(pieces) == text.replace(" ", "").replace("\u3000", "")
    assert pieces[0] == "ﬁne"


def test_the_numbers_are_those_of_the_file_unpacked_one_by_one(embedded_files_full):
    data = find_embedded_weights().read_bytes()
    weights = read_weights()
    for name, full_name, row, columns in (
        ("emb.word", "embeddings.word_embeddings.weight", 35378, 384),
        ("l7.fo.w", "encoder.layer.7.output.dense.weight", 11, 1536),
    ):
        offset = weights.tensors[name].offset + row * columns // 32 * 18
        expected = []
        for block in range(columns // 32):
            scale, *packed = struct.unpack_from("<e16B", data, offset + block * 18)
            expected += [(byte % 16 - 8) * scale for byte in packed] + [(byte // 16 - 8) * scale for byte in packed]
        np.testing.assert_allclose(embedded_files_full.tensors[full_name][row], expected, rtol=1e-6)
