"""Encoders from the Hugging Face hub (or any folder that transformers loads), as an encoder folder."""

import dataclasses
import tempfile

from ..errors import Errors, fail
from ..files import PathLike
from .folder import EncoderFiles, read_encoder, write_encoder
from .loading import load_pretrained
from .unigram import FAST_CLASS


def fetch_encoder(name: str, dest: PathLike) -> None:
    """Download an encoder and write it as a folder with a fast tokenizer and safetensors.

    name (str): A hub name, for example "intfloat/multilingual-e5-small", or a folder.
    dest (str or Path): The folder to write. An existing encoder folder is replaced when the new one is complete.
    RAISES (XlreError): If the encoder cannot be downloaded or loaded, or torch is missing.
    """
    write_encoder(hub_files(name), dest)


def hub_files(name: str) -> EncoderFiles:
    """Download an encoder into memory.

    name (str): A hub name or a folder.
    RETURNS (EncoderFiles): The encoder, in float32.
    RAISES (XlreError): If the encoder cannot be downloaded or loaded, or torch is missing.
    """
    tokenizer, model = load_pretrained(name)
    if not tokenizer.is_fast:
        raise fail(Errors.X205, folder=name, name="fast tokenizer")
    with tempfile.TemporaryDirectory(prefix="xlre-encoder-") as folder:
        tokenizer.save_pretrained(folder)
        # One file: a sharded one would need its index read, and encoders are small.
        model.float().save_pretrained(folder, safe_serialization=True, max_shard_size="100GB")
        files = read_encoder(folder)
    settings = {**files.tokenizer_config, **FAST_CLASS, "model_input_names": tokenizer.model_input_names}
    return dataclasses.replace(files, tokenizer_config=settings)
