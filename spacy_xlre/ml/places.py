"""Token vectors out of word pieces, with the places of tokens that share one."""

from typing import Callable, Optional, Tuple

from thinc.api import Model, reduce_mean
from thinc.types import Floats2d, Ragged

# Of a token in a piece of several: the first, one between, the last.
N_PLACES = 3
FIRST, BETWEEN, LAST = range(N_PLACES)
# The spread of the codes at first, about that of a hidden state's dimensions.
_SCALE = 0.3


def build_mean_with_places() -> Model[Ragged, Floats2d]:
    """Average the word pieces of each token, and tell the tokens of one piece apart; registered as
    `spacy_xlre.mean_with_places.v1`, a pooling for transformer listeners.

    A piece of a multilingual transformer often holds several tokens of a script without spaces, such as 俄罗斯,
    "Russia". Their vectors would be the same, so that nothing told a parser which is the first and which the last. So a
    code is added, which learns: one for the first token of a piece, one for the last, and one for those between.

    RETURNS (Model): From the pieces of the tokens of one text to token vectors, shape (n_tokens, width).
    """
    return Model(
        "mean-with-places",
        forward,
        init=init,
        layers=[reduce_mean()],
        params={"codes": None},
        dims={"nO": None},
    )


def init(model: Model[Ragged, Floats2d], X: Optional[Ragged] = None, Y: Optional[Floats2d] = None) -> None:
    """Draw the codes, if the width is known."""
    if X is not None:
        width = X.dataXd.shape[1]
        model.set_dim("nO", width)
        codes = model.ops.xp.random.normal(0.0, _SCALE, (N_PLACES, width))
        model.set_param("codes", model.ops.asarray2f(codes, dtype="float32"))


def forward(model: Model[Ragged, Floats2d], X: Ragged, is_train: bool) -> Tuple[Floats2d, Callable[[Floats2d], Ragged]]:
    """Average, and add the codes."""
    xp = model.ops.xp
    Y, backprop_mean = model.layers[0](X, is_train)
    # Equal to the last bit: no two pieces of a text have the same hidden state.
    follows = xp.zeros(len(Y), dtype=bool)
    follows[1:] = (Y[1:] == Y[:-1]).all(axis=1)
    is_followed = xp.zeros(len(Y), dtype=bool)
    is_followed[:-1] = follows[1:]
    masks = [is_followed & ~follows, is_followed & follows, follows & ~is_followed]
    if not model.has_param("codes"):
        init(model, X)
    codes = model.get_param("codes")
    Y = Y + sum(mask[:, None] * code for mask, code in zip(masks, codes))

    def backprop(dY: Floats2d) -> Ragged:
        model.inc_grad("codes", xp.stack([dY[mask].sum(axis=0) for mask in masks]))
        return backprop_mean(dY)

    return Y, backprop
