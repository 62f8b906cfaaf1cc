"""Pair vectors: everything the classifier gets to know about a candidate pair."""

from typing import Callable, List, Optional, Tuple, TypeAlias

import numpy as np
from thinc.api import LayerNorm, Model, chain
from thinc.types import Floats2d

from .attention import PairAttention
from .features import PairFeatures, tokens_between
from .pairs import PairBatch
from .segments import gather, range_means
from .standardize import Standardize

PairInput = Tuple[Floats2d, PairBatch]
PairVectors: TypeAlias = Model[PairInput, Floats2d]


def build_pair_vectors(
    type_width: int = 32,
    type_rows: int = 512,
    distance_width: int = 16,
    attention_heads: int = 4,
    attention_width: int = 32,
    entity_dropout: float = 0.0,
) -> PairVectors:
    """Describe each candidate pair by one vector; registered as `spacy_xlre.PairVectors.v1`.

    A vector holds, side by side: head and tail (mean and first token each), their product and difference, the means of
    the tokens between them and of the whole context, embeddings of the entity types, of distance and direction, and of
    the number of entities between, and the context pooled by attention.

    type_width (int): Width of each of the three type embeddings: of the head, of the tail, of both together.
    type_rows (int): Rows of the table they share. Types are hashed into it, so types unseen in training work.
    distance_width (int): Width of each of the two embeddings of distance.
    attention_heads (int): Heads of the attention over the context. 0 leaves it out.
    attention_width (int): Width of keys and values, per head.
    entity_dropout (float): Share of the pairs whose entities are hidden in training: their vectors are zeros, and the
        pair is known by its types and its context alone. So a model cannot learn by heart which entities are related,
        which helps where few texts name the same ones again and again.
    RETURNS (Model): From (token vectors, shape (n_tokens, nI); pairs) to pair vectors, shape (n_pairs, nO). The
        backward returns the gradient of the token vectors, and adds over entities that several pairs share.
    """
    norm: Model[Floats2d, Floats2d] = chain(Standardize(), LayerNorm())
    layers: List[Model] = [norm, PairFeatures(type_width, type_rows, distance_width)]
    if attention_heads:
        layers.append(PairAttention(attention_heads, attention_width, attention_width))
    dims = {"nI": None, "nO": None}
    return Model("pair-vectors", forward, init=init, layers=layers, dims=dims, attrs={"entity_dropout": entity_dropout})


def init(model: PairVectors, X: Optional[PairInput] = None, Y: Optional[Floats2d] = None) -> None:
    """Fix the widths and allocate the parameters; nI must be set."""
    nI = model.get_dim("nI")
    norm, features, *attention = model.layers
    for layer in (norm, *norm.layers):
        layer.set_dim("nI", nI)
        layer.set_dim("nO", nI)
    for layer in attention:
        layer.set_dim("nI", nI)
        layer.set_dim("nE", 4 * nI)
    for layer in model.layers:
        layer.initialize()
    model.set_dim("nO", 8 * nI + features.get_dim("nO") + sum(layer.get_dim("nO") for layer in attention))


def forward(model: PairVectors, X: PairInput, is_train: bool) -> Tuple[Floats2d, Callable[[Floats2d], Floats2d]]:
    """Compute the vectors of all pairs at once; entities are pooled once however many pairs they are in."""
    tokens, pairs = X
    ops, xp = model.ops, model.ops.xp
    norm, features, *attention = model.layers
    normed, backprop_norm = norm(tokens, is_train)
    means, backprop_means = range_means(ops, normed, pairs.spans)
    firsts, backprop_firsts = gather(ops, normed, pairs.spans[:, 0])
    width = normed.shape[1]
    entities = xp.hstack([means, firsts])
    heads, backprop_heads = gather(ops, entities, pairs.heads)
    tails, backprop_tails = gather(ops, entities, pairs.tails)
    shown = _shown(model, len(pairs), is_train)
    heads, tails = heads * shown, tails * shown
    head, tail = heads[:, :width], tails[:, :width]
    ranges = np.concatenate([tokens_between(pairs), pairs.context])
    around, backprop_around = range_means(ops, normed, ranges)
    parts = [heads, tails, head * tail, head - tail, around[: len(pairs)], around[len(pairs) :]]
    embedded, backprop_embedded = features(pairs, is_train)
    parts.append(embedded)
    for layer in attention:
        pooled, backprop_attention = layer((normed, xp.hstack([heads, tails]), pairs), is_train)
        parts.append(pooled)

    def backprop(dY: Floats2d) -> Floats2d:
        d_heads, d_tails, d_product, d_difference, d_between, d_context = (
            dY[:, lo * width : hi * width] for lo, hi in ((0, 2), (2, 4), (4, 5), (5, 6), (6, 7), (7, 8))
        )
        d_heads, d_tails = d_heads.copy(), d_tails.copy()
        d_heads[:, :width] += d_product * tail + d_difference
        d_tails[:, :width] += d_product * head - d_difference
        d_normed = backprop_around(xp.concatenate([d_between, d_context]))
        start = 8 * width + embedded.shape[1]
        backprop_embedded(dY[:, 8 * width : start])
        if attention:
            d_tokens, d_entities = backprop_attention(xp.ascontiguousarray(dY[:, start:]))
            d_normed += d_tokens
            d_heads += d_entities[:, : 2 * width]
            d_tails += d_entities[:, 2 * width :]
        d_pooled = backprop_heads(d_heads * shown) + backprop_tails(d_tails * shown)
        d_normed += backprop_means(d_pooled[:, :width])
        d_normed += backprop_firsts(d_pooled[:, width:])
        return backprop_norm(d_normed)

    return xp.hstack(parts), backprop


def _shown(model: PairVectors, n_pairs: int, is_train: bool) -> Floats2d:
    """Return 1 for each pair whose entities are seen, 0 for those that are hidden in this training step."""
    xp, rate = model.ops.xp, model.attrs["entity_dropout"]
    if not (is_train and rate):
        return xp.ones((n_pairs, 1), dtype="float32")
    return (xp.random.uniform(0.0, 1.0, (n_pairs, 1)) >= rate).astype("float32")
