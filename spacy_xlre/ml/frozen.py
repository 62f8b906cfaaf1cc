"""Transformers of spacy-transformers whose word embeddings and lowest layers do not learn, for fast training on a CPU.

Backpropagation ends at the lowest layer that learns: what lies below costs a forward pass only. Freezing is applied at
each training step, so it holds for a pipeline that was loaded, copied, or sourced, too.
"""

from functools import partial
from typing import Any, Callable, Dict, List, Tuple

from spacy.tokens import Doc, Span
from thinc.api import Model, chain
from thinc.types import Floats2d, Ragged

from ..errors import Errors, fail
from .frozen_cache import ATTRIBUTE as FROZEN_OUTPUTS
from .frozen_cache import FrozenOutputs, window_keys

SpanGetter = Callable[[List[Doc]], List[List[Span]]]
TRANSFORMER = "spacy_xlre.TransformerModel.v1"
STANDALONE = "spacy_xlre.Tok2VecTransformer.v1"


def build_transformer(
    name: str,
    get_spans: SpanGetter,
    tokenizer_config: Dict[str, Any] = {},  # noqa: B006 (confection needs a plain default)
    transformer_config: Dict[str, Any] = {},  # noqa: B006
    mixed_precision: bool = False,
    grad_scaler_config: Dict[str, Any] = {},  # noqa: B006
    frozen_layers: int = 0,
    frozen_embeddings: bool = True,
    frozen_cache_mb: int = 1000,
) -> Model[List[Doc], Any]:
    """Build `spacy-transformers.TransformerModel.v3` with frozen parts; registered as `spacy_xlre.TransformerModel.v1`.

    name (str): A Hugging Face folder or hub name.
    get_spans (SpanGetter): Cuts Docs into windows, such as `spacy_xlre.piece_windows.v1`.
    tokenizer_config, transformer_config, mixed_precision, grad_scaler_config: See spacy-transformers.
    frozen_layers (int): How many of the lowest layers do not learn, and so need no backward pass.
    frozen_embeddings (bool): Whether the embeddings do not learn. Their table is most of a multilingual model's size.
    frozen_cache_mb (int): Megabytes for the frozen layers' outputs, so that they run once a window and not once an
        epoch; they then run without dropout. 0 for none. It takes effect if the embeddings are frozen.
    RETURNS (Model): From Docs to a FullTransformerBatch.
    """
    from spacy_transformers.layers.transformer_model import TransformerModel

    model: Model = TransformerModel(
        name, get_spans, dict(tokenizer_config), dict(transformer_config), mixed_precision, dict(grad_scaler_config)
    )
    wrapper = model.layers[0]
    convert = wrapper.attrs["convert_inputs"]
    cache_mb = frozen_cache_mb if frozen_embeddings else 0
    wrapper.attrs["convert_inputs"] = partial(_freeze_and_convert, convert, frozen_layers, frozen_embeddings, cache_mb)
    model.attrs["replace_listener_cfg"] = replace_listener_config
    if "num_hidden_layers" in transformer_config and model.init is not None:
        model.init = _without_warnings(model.init)
    return model


def build_tok2vec_transformer(
    name: str,
    get_spans: SpanGetter,
    pooling: Model[Ragged, Floats2d],
    tokenizer_config: Dict[str, Any] = {},  # noqa: B006
    transformer_config: Dict[str, Any] = {},  # noqa: B006
    mixed_precision: bool = False,
    grad_scaler_config: Dict[str, Any] = {},  # noqa: B006
    frozen_layers: int = 0,
    frozen_embeddings: bool = True,
    frozen_cache_mb: int = 1000,
    grad_factor: float = 1.0,
) -> Model[List[Doc], List[Floats2d]]:
    """Build the same transformer as a tok2vec that belongs to one component; registered as
    `spacy_xlre.Tok2VecTransformer.v1`. It is what a listener becomes when it is replaced by the transformer itself.

    pooling (Model): Makes a token's vector of its word pieces', such as `reduce_mean.v1`.
    grad_factor (float): Factor on the gradients that reach the transformer.
    The other arguments: see `build_transformer`.
    RETURNS (Model): From Docs to token vectors.
    """
    from spacy_transformers.layers.split_trf import split_trf_batch
    from spacy_transformers.layers.trfs2arrays import trfs2arrays

    transformer = build_transformer(
        name,
        get_spans,
        tokenizer_config,
        transformer_config,
        mixed_precision,
        grad_scaler_config,
        frozen_layers,
        frozen_embeddings,
        frozen_cache_mb,
    )
    # Nested as a replaced listener is, so that their bytes are interchangeable.
    tok2vec: Model[List[Doc], List[Floats2d]] = chain(
        chain(transformer, split_trf_batch()), trfs2arrays(pooling, grad_factor)
    )
    return tok2vec


def _without_warnings(init: Callable[..., Any]) -> Callable[..., Any]:
    """Keep transformers from listing the weights of the layers that a config leaves out on purpose."""

    def quiet_init(model: Model, X: Any = None, Y: Any = None) -> Any:
        from transformers.utils import logging

        before = logging.get_verbosity()
        logging.set_verbosity_error()
        try:
            return init(model, X=X, Y=Y)
        finally:
            logging.set_verbosity(before)

    return quiet_init


def replace_listener_config(transformer: Dict[str, Any], listener: Dict[str, Any]) -> Dict[str, Any]:
    """Return the config that describes a component's model after its listener was replaced by the transformer."""
    config = {**transformer, "@architectures": STANDALONE}
    return {**config, **{key: listener[key] for key in ("pooling", "grad_factor") if key in listener}}


def freeze(transformer: Any, n_layers: int, embeddings: bool) -> List[Any]:
    """Stop the gradients of the lowest layers of a Hugging Face encoder.

    transformer (PreTrainedModel): The encoder.
    n_layers (int): How many of the lowest layers.
    embeddings (bool): The embeddings too.
    RETURNS (List[Module]): The frozen layers.
    RAISES (XlreError): If no layer would be left to learn, or the layers cannot be found.
    """
    if embeddings:
        for name, parameter in transformer.named_parameters():
            if "embed" in name.split(".")[0]:
                parameter.requires_grad_(False)
    frozen = _layers(transformer, n_layers)[:n_layers] if n_layers else []
    for layer in frozen:
        for parameter in layer.parameters():
            parameter.requires_grad_(False)
    return frozen


def _layers(transformer: Any, n_frozen: int) -> List[Any]:
    kind, total = type(transformer).__name__, getattr(transformer.config, "num_hidden_layers", 0)
    if n_frozen >= total:
        raise fail(Errors.X322, frozen=n_frozen, kind=kind, layers=total)
    for module in transformer.modules():
        if type(module).__name__ == "ModuleList" and len(module) == total:
            return list(module)
    raise fail(Errors.X323, kind=kind)


def _freeze_and_convert(
    convert: Callable[[Model, Any, bool], Tuple[Any, Callable]],
    n_layers: int,
    embeddings: bool,
    cache_mb: int,
    model: Model,
    wordpieces: Any,
    is_train: bool,
) -> Tuple[Any, Callable]:
    transformer = model.shims[0]._hfmodel.transformer
    frozen = freeze(transformer, n_layers, embeddings) if is_train else []
    if frozen and cache_mb and hasattr(transformer, "embeddings"):
        keys = window_keys(wordpieces.input_ids, wordpieces.attention_mask)
        FrozenOutputs.of(transformer, frozen, cache_mb).begin(*keys)
    elif hasattr(transformer, FROZEN_OUTPUTS):
        getattr(transformer, FROZEN_OUTPUTS).end()
    return convert(model, wordpieces, is_train)
