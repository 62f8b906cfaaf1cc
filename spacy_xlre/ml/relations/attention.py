"""Attention of a pair over the tokens of its context: which words say how these two entities are related.

A learned variant of the localized context pooling of Zhou et al. (2021), "Document-Level Relation Extraction with
Adaptive Thresholding and Localized Context Pooling": the query is made of both entities, and where a token stands
relative to each of them counts as well.
"""

from typing import Callable, List, Optional, Tuple, cast

import numpy as np
from thinc.api import Model, glorot_uniform_init, zero_init
from thinc.types import Floats2d, Floats3d

from .pairs import IntArray, PairBatch

# Buckets of the distance from an entity: 0 inside it, then 1, 2, 3-4, 5-8, 9-16, more, to the left and to the right.
_EDGES = np.array([1, 2, 3, 5, 9, 17])
N_POSITIONS = 1 + 2 * len(_EDGES)

AttentionInput = Tuple[Floats2d, Floats2d, PairBatch]


def PairAttention(n_heads: int, key_width: int, value_width: int) -> Model[AttentionInput, Floats2d]:
    """Pool the context of each pair by attention.

    n_heads (int): Attention heads.
    key_width (int): Width of queries and keys, per head.
    value_width (int): Width of values, per head. The output is n_heads * value_width wide.
    RETURNS (Model): From (token vectors, shape (n_tokens, nI); entity vectors of every pair, head beside tail, shape
        (n_pairs, nE); pairs) to pooled contexts, shape (n_pairs, nO). The backward returns the gradients of the first
        two.
    """
    return Model(
        "pair-attention",
        forward,
        init=init,
        params={"Q": None, "K": None, "V": None, "head_bias": None, "tail_bias": None},
        dims={"nI": None, "nE": None, "nO": n_heads * value_width},
        attrs={"n_heads": n_heads, "key_width": key_width},
    )


def init(model: Model[AttentionInput, Floats2d], X: Optional[AttentionInput] = None, Y: object = None) -> None:
    """Allocate the parameters once nI and nE are known."""
    n_heads, keys = model.attrs["n_heads"], model.attrs["n_heads"] * model.attrs["key_width"]
    nI, nE, nO = model.get_dim("nI"), model.get_dim("nE"), model.get_dim("nO")
    for name, shape in (("Q", (nE, keys)), ("K", (nI, keys)), ("V", (nI, nO))):
        model.set_param(name, glorot_uniform_init(model.ops, shape))
    for name in ("head_bias", "tail_bias"):
        model.set_param(name, zero_init(model.ops, (N_POSITIONS, n_heads)))


def forward(
    model: Model[AttentionInput, Floats2d], X: AttentionInput, is_train: bool
) -> Tuple[Floats2d, Callable[[Floats2d], Tuple[Floats2d, Floats2d]]]:
    """Attend window by window: all pairs of a window share its keys and values."""
    tokens, entities, pairs = X
    ops, xp = model.ops, model.ops.xp
    n_heads, scale = model.attrs["n_heads"], 1.0 / float(np.sqrt(model.attrs["key_width"]))
    queries = _split_heads(ops.gemm(entities, model.get_param("Q")), n_heads)
    keys = _split_heads(ops.gemm(tokens, model.get_param("K")), n_heads)
    values = _split_heads(ops.gemm(tokens, model.get_param("V")), n_heads)
    biases = [cast(Floats2d, model.get_param(name)) for name in ("head_bias", "tail_bias")]
    Y = xp.zeros((n_heads, len(pairs), values.shape[2]), dtype="float32")
    weights: List[Floats3d] = []
    windows = list(_windows(pairs))
    for rows, start, end, positions in windows:
        scores = (queries[:, rows] @ keys[:, start:end].transpose(0, 2, 1)) * scale
        for bias, position in zip(biases, positions):
            scores += bias[xp.asarray(position)].transpose(2, 0, 1)
        scores -= scores.max(axis=-1, keepdims=True)
        xp.exp(scores, out=scores)
        scores /= scores.sum(axis=-1, keepdims=True)
        weights.append(scores)
        Y[:, rows] = scores @ values[:, start:end]

    def backprop(dY: Floats2d) -> Tuple[Floats2d, Floats2d]:
        d_pooled = _split_heads(dY, n_heads)
        d_queries, d_keys, d_values = xp.zeros_like(queries), xp.zeros_like(keys), xp.zeros_like(values)
        d_biases = [xp.zeros_like(bias) for bias in biases]
        for (rows, start, end, positions), weight in zip(windows, weights):
            d_window = d_pooled[:, rows]
            d_values[:, start:end] += weight.transpose(0, 2, 1) @ d_window
            d_scores = d_window @ values[:, start:end].transpose(0, 2, 1)
            d_scores = weight * (d_scores - (weight * d_scores).sum(axis=-1, keepdims=True))
            for d_bias, position in zip(d_biases, positions):
                index = xp.asarray(position).ravel()
                for head in range(n_heads):
                    d_bias[:, head] += xp.bincount(index, d_scores[head].ravel(), N_POSITIONS).astype("float32")
            d_scores *= scale
            d_queries[:, rows] = d_scores @ keys[:, start:end]
            d_keys[:, start:end] += d_scores.transpose(0, 2, 1) @ queries[:, rows]
        d_queries, d_keys, d_values = _join_heads(d_queries), _join_heads(d_keys), _join_heads(d_values)
        model.inc_grad("Q", ops.gemm(entities, d_queries, trans1=True))
        model.inc_grad("K", ops.gemm(tokens, d_keys, trans1=True))
        model.inc_grad("V", ops.gemm(tokens, d_values, trans1=True))
        model.inc_grad("head_bias", d_biases[0])
        model.inc_grad("tail_bias", d_biases[1])
        d_tokens = ops.gemm(d_keys, model.get_param("K"), trans2=True)
        d_tokens += ops.gemm(d_values, model.get_param("V"), trans2=True)
        return d_tokens, ops.gemm(d_queries, model.get_param("Q"), trans2=True)

    return _join_heads(Y), backprop


def _windows(pairs: PairBatch) -> List[Tuple[IntArray, int, int, Tuple[IntArray, IntArray]]]:
    """List the windows: their pairs, start, end, and the position of each token from the pairs' heads and tails."""
    found = []
    for (start, end), first, last in zip(pairs.windows.tolist(), pairs.offsets[:-1], pairs.offsets[1:]):
        rows = pairs.order[first:last]
        tokens = np.arange(start, end)
        head = relative_positions(tokens, pairs.spans[pairs.heads[rows]])
        tail = relative_positions(tokens, pairs.spans[pairs.tails[rows]])
        found.append((rows, start, end, (head, tail)))
    return found


def relative_positions(tokens: IntArray, spans: IntArray) -> IntArray:
    """Say where tokens stand relative to entities.

    tokens (IntArray): Token indices, shape (n_tokens,).
    spans (IntArray): Half-open ranges, shape (n_spans, 2).
    RETURNS (IntArray): Buckets below N_POSITIONS, shape (n_spans, n_tokens): 0 inside, then left, then right of it.
    """
    left = np.searchsorted(_EDGES, spans[:, :1] - tokens[None, :], side="right")
    right = np.searchsorted(_EDGES, tokens[None, :] - spans[:, 1:] + 1, side="right")
    return np.where(left > 0, left, np.where(right > 0, right + len(_EDGES), 0))


def _split_heads(X: Floats2d, n_heads: int) -> Floats3d:
    return X.reshape(X.shape[0], n_heads, -1).transpose(1, 0, 2)


def _join_heads(X: Floats3d) -> Floats2d:
    joined = X.transpose(1, 0, 2).reshape(X.shape[1], -1)
    return cast(Floats2d, joined)
