"""A transformer that belongs to one relation component and reads each pair between markers."""

from typing import TYPE_CHECKING, Any, Callable, Dict, List, Optional, Sequence, Tuple, TypeAlias

import numpy as np
from spacy.tokens import Doc
from thinc.api import ArgsKwargs, Model, torch2xp, xp2torch
from thinc.types import Floats2d

from ...encoder.loading import need_torch
from ...errors import Errors, fail
from ..frozen import freeze
from ..frozen_cache import ATTRIBUTE as FROZEN_OUTPUTS
from ..frozen_cache import FrozenOutputs
from ..pieces import first_position, max_positions, special_ids
from ..precision import MixedPrecision
from ..relations.adversary import ATTRIBUTE as ADVERSARY
from ..relations.adversary import Adversary
from ..relations.pairs import DocPairs
from .packing import N_MARKERS, Layout, MarkedRow, batches, mark_pairs, stack

if TYPE_CHECKING:
    from .shim import EncoderShim

MarkerInput = Tuple[Sequence[Doc], Sequence[DocPairs]]
MarkerTransformer: TypeAlias = Model[MarkerInput, Floats2d]

# The roles' vectors start as small as BERT's own embeddings do.
_ROLE_SCALE = 0.02


def build_marker_transformer(
    name: str,
    packed: bool = True,
    head_marker: str = "@",
    tail_marker: str = "#",
    entity_pieces: bool = False,
    row_pieces: int = 512,
    batch_pieces: int = 8192,
    tokenizer_config: Dict[str, Any] = {},  # noqa: B006 (confection needs a plain default)
    transformer_config: Dict[str, Any] = {},  # noqa: B006
    mixed_precision: MixedPrecision = False,
    grad_scaler_config: Dict[str, Any] = {},  # noqa: B006
    gradient_checkpointing: bool = False,
    frozen_layers: int = 0,
    frozen_cache_mb: int = 1000,
) -> MarkerTransformer:
    """Read each pair between markers; registered as `spacy_xlre.MarkerTransformer.v1`.

    A pair's vector is made of the last hidden states of its four markers: start and end of the head, start and end of
    the tail. Word and position embeddings do not learn; each of the four markers has a vector of its own that is added
    to the embedding of its piece, and learns unless layers are frozen.

    name (str): A Hugging Face folder or hub name. The encoder must take `inputs_embeds`, position ids and, for packed
        markers, a 3-D attention mask (rows, from, to), as BERT, RoBERTa, XLM-RoBERTa and their kin do; its tokenizer
        must be a fast one.
    packed (bool): Whether all pairs of a text are read in one pass, with their markers beside it, or each in a pass of
        its own, with its markers in the text. Packed costs a fraction where a text has many pairs.
    head_marker, tail_marker (str): The words whose pieces mark heads and tails.
    entity_pieces (bool): Whether packed markers are copies of the first and last pieces of their entities, with their
        roles added, instead of those words: then they begin with what the encoder knows of the entities.
    row_pieces (int): The most pieces of a row with packed markers; pairs beyond that go to more rows.
    batch_pieces (int): Word pieces that the transformer reads at once, padding counted: memory against speed.
    tokenizer_config, transformer_config, grad_scaler_config: See spacy-transformers. With the package accelerate,
        `device_map = "auto"` in transformer_config spreads an encoder over several GPUs.
    mixed_precision (Union[bool, str]): Half precision on a GPU, bfloat16 on a CPU; "auto" where that is faster.
    gradient_checkpointing (bool): Compute hidden states again in the backward pass, to save memory on a GPU.
    frozen_layers (int): How many of the lowest layers do not learn.
    frozen_cache_mb (int): Megabytes for the frozen layers' outputs, which are then computed once a row and not once an
        epoch, without dropout.
    RETURNS (Model): From (Docs, their pairs) to pair vectors, shape (n_pairs, nO), pairs in the order of the Docs.
    RAISES (XlreError): If a number is out of range, or torch is missing.
    """
    for setting, value, least in (("row_pieces", row_pieces, 16), ("batch_pieces", batch_pieces, 16)):
        if value < least:
            raise fail(Errors.X300, name=setting, value=value, least=least)
    need_torch()
    from .shim import EncoderShim

    shim = EncoderShim(name, tokenizer_config, transformer_config, mixed_precision, grad_scaler_config)
    return Model(
        "marker-transformer",
        forward,
        init=init,
        shims=[shim],
        params={"roles": None},
        dims={"nO": None},
        attrs={
            "packed": packed,
            "markers": [head_marker, tail_marker],
            "entity_pieces": entity_pieces,
            "row_pieces": row_pieces,
            "batch_pieces": batch_pieces,
            "gradient_checkpointing": gradient_checkpointing,
            "frozen_layers": frozen_layers,
            "frozen_cache_mb": frozen_cache_mb,
            **({} if frozen_layers else {ADVERSARY: Adversary()}),
        },
    )


def init(model: MarkerTransformer, X: Optional[MarkerInput] = None, Y: Optional[Floats2d] = None) -> None:
    """Load the encoder."""
    shim = _shim(model)
    shim.load()
    width = int(shim.transformer.config.hidden_size)
    model.set_dim("nO", N_MARKERS * width)
    roles = model.ops.xp.random.normal(0.0, _ROLE_SCALE, (N_MARKERS, width))
    model.set_param("roles", model.ops.asarray2f(roles, dtype="float32"))


def forward(
    model: MarkerTransformer, X: MarkerInput, is_train: bool
) -> Tuple[Floats2d, Callable[[Floats2d], MarkerInput]]:
    """Read rows of like length together; the backward goes through the same batches."""
    docs, doc_pairs = X
    transformer = _shim(model).transformer
    frozen = freeze(transformer, model.attrs["frozen_layers"], True) if is_train else []
    if is_train and model.attrs["gradient_checkpointing"] and not transformer.is_gradient_checkpointing:
        transformer.gradient_checkpointing_enable()
    Y = model.ops.alloc2f(sum(map(len, doc_pairs)), model.get_dim("nO"))
    rows = mark_pairs(_shim(model).tokenizer.backend_tokenizer, layout_of(model), docs, doc_pairs)
    backprops = []
    for batch in batches(rows, model.attrs["batch_pieces"]):
        _announce(model, batch, frozen)
        vectors, backprop_batch = _read(model, batch, is_train, learn_roles=not frozen)
        pairs = model.ops.xp.asarray(np.concatenate([row.pairs for row in batch]))
        Y[pairs] = vectors
        backprops.append((pairs, backprop_batch))

    def backprop(dY: Floats2d) -> MarkerInput:
        for pairs, backprop_batch in backprops:
            backprop_batch(dY[pairs])
        return X

    return Y, backprop


def layout_of(model: MarkerTransformer) -> Layout:
    """Return what the rows of a loaded model look like.

    RAISES (XlreError): If the encoder's tokenizer is not a fast one.
    """
    shim, attrs = _shim(model), model.attrs
    if not getattr(shim.tokenizer, "is_fast", False):
        raise fail(Errors.X401, name=shim.name)
    backend = shim.tokenizer.backend_tokenizer
    before, after = special_ids(backend)
    head, tail = (backend.encode(word, add_special_tokens=False).ids[-1] for word in attrs["markers"])
    return Layout(
        before=before,
        after=after,
        markers=(head, head, tail, tail),
        max_positions=max_positions(shim.transformer, shim.tokenizer),
        row_pieces=attrs["row_pieces"],
        first_position=first_position(shim.transformer),
        packed=attrs["packed"],
        entity_pieces=attrs["entity_pieces"],
    )


def _shim(model: MarkerTransformer) -> "EncoderShim":
    return model.shims[0]


def _announce(model: MarkerTransformer, batch: List[MarkedRow], frozen: List[Any]) -> None:
    """Tell the frozen layers which rows come, so that they are not computed twice."""
    transformer, cache_mb = _shim(model).transformer, model.attrs["frozen_cache_mb"]
    if frozen and cache_mb and hasattr(transformer, "embeddings"):
        # Ids, positions and roles say where the markers are, and with that what attends to what.
        keys = [row.ids.tobytes() + row.positions.tobytes() + row.roles.tobytes() for row in batch]
        FrozenOutputs.of(transformer, frozen, cache_mb).begin(keys, [len(row.ids) for row in batch])
    elif hasattr(transformer, FROZEN_OUTPUTS):
        getattr(transformer, FROZEN_OUTPUTS).end()


def _shifts(model: MarkerTransformer, embedded: Any) -> Any:
    """Return what adversarial training adds to the embeddings, of their shape, or 0."""
    import torch

    adversary = model.attrs.get(ADVERSARY)
    shifts = [adversary.shift() for _ in embedded] if adversary is not None else []
    if not shifts or shifts[0] is None:
        return 0.0
    return torch.stack([xp2torch(shift, device=embedded.device) for shift in shifts])


def _read(
    model: MarkerTransformer, batch: List[MarkedRow], is_train: bool, learn_roles: bool
) -> Tuple[Floats2d, Callable[[Floats2d], None]]:
    """Run the transformer on one batch and take the markers' hidden states."""
    import torch

    shim = _shim(model)
    device = shim.device

    def tensor(arrays: Sequence[Any], padding: int) -> Any:
        return torch.from_numpy(stack(arrays, padding)).to(device)

    ids = tensor([row.ids for row in batch], int(shim.tokenizer.pad_token_id or 0))
    positions = tensor([row.positions for row in batch], first_position(shim.transformer))
    groups = tensor([row.groups for row in batch], -1)
    roles = tensor([row.roles for row in batch], -1)
    text = groups == 0
    mask = text.float()
    if model.attrs["packed"]:
        mask = (text[:, None, :] | (groups[:, :, None] == groups[:, None, :])).float()
    with torch.no_grad():
        table = xp2torch(model.get_param("roles"), device=device)
        embedded = shim.transformer.get_input_embeddings()(ids)
        embedded = embedded + torch.nn.functional.pad(table, (0, 0, 1, 0))[roles + 1]
        embedded = embedded + _shifts(model, embedded) if is_train else embedded
    embedded.requires_grad_(is_train and learn_roles)
    inputs = {"inputs_embeds": embedded, "attention_mask": mask, "position_ids": positions}
    if getattr(shim.transformer.config, "type_vocab_size", 0):
        # BERT has ready-made ones, but no more than it has positions, of which packed markers need none of their own.
        inputs["token_type_ids"] = torch.zeros_like(ids)
    output, backprop_shim = shim(ArgsKwargs(args=(), kwargs=inputs), is_train)
    index = torch.from_numpy(np.repeat(np.arange(len(batch)), [len(row.pairs) for row in batch])).to(device)
    columns = torch.from_numpy(np.concatenate([row.columns for row in batch])).to(device)
    states = output.last_hidden_state[index[:, None], columns].float()
    vectors = states.reshape(len(states), -1)

    def backprop(d_vectors: Floats2d) -> None:
        gradient = xp2torch(model.ops.xp.ascontiguousarray(d_vectors), device=device)
        d_inputs = backprop_shim(ArgsKwargs(args=((vectors,),), kwargs={"grad_tensors": [gradient]}))
        if learn_roles:
            d_embedded = d_inputs.kwargs["inputs_embeds"]
            if model.attrs[ADVERSARY].learning:
                for d_row in d_embedded:
                    model.attrs[ADVERSARY].remember(torch2xp(d_row))
            is_role = torch.nn.functional.one_hot(roles.flatten() + 1, N_MARKERS + 1)[:, 1:].to(d_embedded.dtype)
            d_roles = is_role.T @ d_embedded.flatten(0, 1)
            model.inc_grad("roles", torch2xp(d_roles.float()))

    return torch2xp(vectors.detach()), backprop
