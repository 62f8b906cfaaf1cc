"""The classifier: pair vectors in, one logit per label out."""

from typing import Optional

from thinc.api import Dropout, Gelu, LayerNorm, Linear, Model, chain, zero_init
from thinc.types import Floats2d


def build_classifier(hidden_width: int = 256, nO: Optional[int] = None) -> Model[Floats2d, Floats2d]:
    """Score the labels of each pair with one hidden layer; registered as `spacy_xlre.PairClassifier.v1`.

    hidden_width (int): Width of the hidden layer.
    nO (Optional[int]): Number of outputs, set by the component: the labels, and NA in exclusive mode.
    RETURNS (Model): From pair vectors, shape (n_pairs, nI), to logits, shape (n_pairs, nO). Its dropout is that of
        the training configuration.
    """
    output: Model[Floats2d, Floats2d] = Linear(nO=nO, nI=hidden_width, init_W=zero_init)
    hidden: Model[Floats2d, Floats2d] = Gelu(nO=hidden_width)
    model: Model[Floats2d, Floats2d] = chain(Dropout(), hidden, LayerNorm(nI=hidden_width), Dropout(), output)
    model.set_ref("output_layer", output)
    return model
