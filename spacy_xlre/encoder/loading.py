"""Loading an encoder folder or hub name with transformers; torch is imported here when it is needed."""

from pathlib import Path
from typing import TYPE_CHECKING, Any, Mapping, Optional, Tuple

from ..errors import Errors, fail
from .folder import CONFIG

TEXT_FILES = ("*.json", "*.model", "*.txt")

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerFast


def load_hidden_encoder(
    name: str, n_layers: Optional[int] = None
) -> Tuple["PreTrainedTokenizerFast", "PreTrainedModel"]:
    """Load an encoder for reading its hidden states.

    name (str): An encoder folder or a hub name.
    n_layers (int): Keep only that many layers, from the first: the last hidden state is then that layer's. By
        default all.
    RETURNS (Tuple[PreTrainedTokenizerFast, PreTrainedModel]): The tokenizer and the model, in evaluation mode.
    RAISES (XlreError): If the encoder cannot be loaded, has fewer layers, or torch is missing.
    """
    tokenizer, model = load_pretrained(name)
    if n_layers is not None:
        _keep_first_layers(model, n_layers, name)
    return tokenizer, model.eval()


def load_pretrained(
    name: str, *, tokenizer: Optional[Mapping[str, Any]] = None, transformer: Optional[Mapping[str, Any]] = None
) -> Tuple[Any, Any]:
    """Load a tokenizer and a model with transformers; remote code and pickled objects are never run.

    name (str): A folder or a hub name.
    tokenizer, transformer (Optional[Mapping[str, Any]]): Settings for their `from_pretrained`.
    RETURNS (Tuple[Any, Any]): Tokenizer and model.
    RAISES (XlreError): If they cannot be loaded, or torch is missing.
    """
    need_torch()
    from transformers import AutoModel, AutoTokenizer

    if Path(name).exists() and not (Path(name) / CONFIG).is_file():
        raise fail(Errors.X205, folder=name, name=CONFIG)
    try:
        folder = name if Path(name).exists() else _download(name)
        safely = {"trust_remote_code": False}
        loaded = AutoTokenizer.from_pretrained(folder, **{**(tokenizer or {}), **safely})
        model = AutoModel.from_pretrained(folder, **{**(transformer or {}), **safely, "weights_only": True})
    except (OSError, ValueError, RuntimeError) as error:
        raise fail(Errors.X211, name=name, reason=" ".join(str(error).split()).rstrip(".")) from None
    return loaded, model


def need_torch() -> None:
    """Check that torch and transformers are there.

    RAISES (XlreError): If not; the message has the command that installs them.
    """
    try:
        import torch  # noqa: F401
        import transformers  # noqa: F401
    except ImportError as error:
        raise fail(Errors.X210, reason=error) from None


def _download(name: str) -> str:
    """Return the folder of a hub model in the local cache, downloaded if needed: safetensors if the model has them."""
    from huggingface_hub import snapshot_download

    # Folders inside hold the same model in formats of other libraries.
    others = ["*/*"]
    folder = snapshot_download(name, allow_patterns=[*TEXT_FILES, "*.safetensors"], ignore_patterns=others)
    if not any(Path(folder).glob("*.safetensors")):
        snapshot_download(name, allow_patterns=[*TEXT_FILES, "pytorch_model*.bin"], ignore_patterns=others)
    return folder


def _keep_first_layers(model: Any, n_layers: int, name: str) -> None:
    layers = getattr(getattr(model, "encoder", None), "layer", None)
    if layers is None:
        raise fail(Errors.X212, name=name, kind=type(model).__name__)
    if not 1 <= n_layers <= len(layers):
        raise fail(Errors.X213, name=name, n_layers=n_layers, available=len(layers))
    model.encoder.layer = layers[:n_layers]
    model.config.num_hidden_layers = n_layers
