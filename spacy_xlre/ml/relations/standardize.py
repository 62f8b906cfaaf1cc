"""Each dimension of token vectors brought to mean 0 and variance 1, by statistics that training collects.

The vectors of multilingual encoders point in one direction mostly: a few dimensions are large in every token and tell
nothing. Without them a classifier learns several times faster.
"""

from typing import Callable, Optional, Tuple

from thinc.api import Model
from thinc.types import Floats2d

# Training batches that the statistics remember.
_MEMORY = 100
_EPSILON = 1e-5


def Standardize() -> Model[Floats2d, Floats2d]:
    """Standardize each dimension by a running mean and variance over training batches.

    RETURNS (Model): From token vectors, shape (n_tokens, nI), to vectors of the same shape. The statistics count as
        constants in the backward, as they do in prediction.
    """
    return Model(
        "standardize",
        forward,
        init=init,
        params={"mean": None, "variance": None, "n_batches": None},
        dims={"nI": None, "nO": None},
    )


def init(model: Model[Floats2d, Floats2d], X: Optional[Floats2d] = None, Y: Optional[Floats2d] = None) -> None:
    """Start with mean 0 and variance 1, which the first training batch replaces."""
    width = model.get_dim("nI")
    model.set_dim("nO", width)
    model.set_param("mean", model.ops.alloc1f(width))
    model.set_param("variance", model.ops.alloc1f(width) + 1.0)
    model.set_param("n_batches", model.ops.alloc1f(1))


def forward(
    model: Model[Floats2d, Floats2d], X: Floats2d, is_train: bool
) -> Tuple[Floats2d, Callable[[Floats2d], Floats2d]]:
    """Standardize; in training, take the batch into the statistics first."""
    if is_train and len(X) > 1:
        _remember(model, X)
    scale = 1.0 / model.ops.xp.sqrt(model.get_param("variance") + _EPSILON)

    def backprop(dY: Floats2d) -> Floats2d:
        return dY * scale

    return (X - model.get_param("mean")) * scale, backprop


def _remember(model: Model[Floats2d, Floats2d], X: Floats2d) -> None:
    n_batches = model.get_param("n_batches") + 1.0
    share = 1.0 / model.ops.xp.minimum(n_batches, _MEMORY)
    for name, found in (("mean", X.mean(axis=0)), ("variance", X.var(axis=0))):
        known = model.get_param(name)
        model.set_param(name, (known + share * (found - known)).astype("float32"))
    model.set_param("n_batches", n_batches)
