"""The classifier: pair vectors in, one logit per label out."""

from functools import partial
from typing import Callable, Optional, Tuple

from thinc.api import Dropout, Gelu, LayerNorm, Linear, Model, chain, zero_init
from thinc.types import Floats2d


def build_classifier(
    hidden_width: int = 256, output_scale: float = 8.0, nO: Optional[int] = None
) -> Model[Floats2d, Floats2d]:
    """Score the labels of each pair with one hidden layer; registered as `spacy_xlre.PairClassifier.v1`.

    hidden_width (int): Width of the hidden layer.
    output_scale (float): Factor on the logits. Its effect is a learning rate for the output layer that is higher by
        this factor than that of the encoder, which is fine-tuned in small steps.
    nO (Optional[int]): Number of outputs, set by the component: the labels, and NA in exclusive mode.
    RETURNS (Model): From pair vectors, shape (n_pairs, nI), to logits, shape (n_pairs, nO). Its dropout is that of
        the training configuration.
    """
    output: Model[Floats2d, Floats2d] = Linear(nO=nO, nI=hidden_width, init_W=zero_init)
    hidden: Model[Floats2d, Floats2d] = Gelu(nO=hidden_width)
    norm: Model[Floats2d, Floats2d] = LayerNorm(nI=hidden_width)
    model: Model[Floats2d, Floats2d] = chain(Dropout(), hidden, norm, Dropout(), output, scale(output_scale))
    model.set_ref("output_layer", output)
    return model


def scale(factor: float) -> Model[Floats2d, Floats2d]:
    """Multiply by a constant."""
    return Model("scale", partial(_forward, factor))


def _forward(
    factor: float, model: Model[Floats2d, Floats2d], X: Floats2d, is_train: bool
) -> Tuple[Floats2d, Callable[[Floats2d], Floats2d]]:
    return X * factor, lambda dY: dY * factor
