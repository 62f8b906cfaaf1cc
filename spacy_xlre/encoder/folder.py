"""An encoder as a Hugging Face folder: config.json, model.safetensors, tokenizer.json and tokenizer_config.json."""

import json
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Dict

import numpy as np

from ..errors import Errors, fail
from ..files import PathLike, atomic_folder

CONFIG = "config.json"
TENSORS = "model.safetensors"
TOKENIZER = "tokenizer.json"
TOKENIZER_CONFIG = "tokenizer_config.json"


@dataclass(frozen=True)
class EncoderFiles:
    """What an encoder folder holds, in memory: the JSON files as dicts, and the tensors by name as float32 arrays."""

    config: Dict[str, Any]
    tokenizer: Dict[str, Any]
    tokenizer_config: Dict[str, Any]
    tensors: Dict[str, np.ndarray]


def write_encoder(files: EncoderFiles, dest: PathLike) -> None:
    """Write an encoder folder, which `AutoModel` and `AutoTokenizer` load; put in place only when it is complete.

    files (EncoderFiles): The encoder.
    dest (str or Path): The folder. An existing encoder folder is replaced.
    RAISES (XlreError): If `dest` exists and is something else.
    """
    from safetensors.numpy import save_file

    with atomic_folder(dest, marker=CONFIG) as folder:
        tensors = {name: np.ascontiguousarray(values, dtype="f4") for name, values in files.tensors.items()}
        # transformers refuses a file that does not name a framework.
        save_file(tensors, folder / TENSORS, metadata={"format": "pt"})
        for name, content, indent in (
            (TOKENIZER, files.tokenizer, None),
            (TOKENIZER_CONFIG, files.tokenizer_config, 2),
            (CONFIG, files.config, 2),
        ):
            (folder / name).write_text(json.dumps(content, ensure_ascii=False, indent=indent) + "\n", encoding="utf8")
        # safetensors makes a file that only its owner can read.
        shutil.copymode(folder / CONFIG, folder / TENSORS)


def read_encoder(folder: PathLike) -> EncoderFiles:
    """Read an encoder folder.

    folder (str or Path): A Hugging Face folder with a fast tokenizer and its tensors in one safetensors file.
    RETURNS (EncoderFiles): The encoder.
    RAISES (XlreError): If a file is missing or broken.
    """
    from safetensors import SafetensorError
    from safetensors.numpy import load_file

    folder = Path(folder)
    for name in (CONFIG, TOKENIZER, TOKENIZER_CONFIG, TENSORS):
        if not (folder / name).is_file():
            raise fail(Errors.X205, folder=folder, name=name)
    try:
        tensors = load_file(folder / TENSORS)
    except (SafetensorError, TypeError, KeyError, AttributeError) as error:
        raise fail(Errors.X206, path=folder / TENSORS, reason=str(error)) from None
    return EncoderFiles(
        config=_read_json(folder / CONFIG),
        tokenizer=_read_json(folder / TOKENIZER),
        tokenizer_config=_read_json(folder / TOKENIZER_CONFIG),
        tensors=tensors,
    )


def _read_json(path: Path) -> Dict[str, Any]:
    try:
        content = json.loads(path.read_text(encoding="utf8"))
    except ValueError as error:
        raise fail(Errors.X206, path=path, reason=str(error)) from None
    if not isinstance(content, dict):
        raise fail(Errors.X206, path=path, reason="not a JSON object")
    return content
