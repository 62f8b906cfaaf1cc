"""The classifier: pair vectors in, one logit per label out."""

from functools import partial
from typing import Callable, Optional, Tuple

from thinc.api import Dropout, Gelu, LayerNorm, Linear, Model, chain, zero_init
from thinc.types import Floats1d, Floats2d

# How a classifier names the one of its layers that has an output for each label, and the factor on these outputs.
OUTPUT_LAYER, OUTPUT_SCALE = "output_layer", "output_scale"


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
    model.set_ref(OUTPUT_LAYER, output)
    model.attrs[OUTPUT_SCALE] = output_scale
    return model


def begin_with_probabilities(model: Model, probabilities: Floats1d) -> None:
    """Let an untrained model give every pair these probabilities of its labels, instead of one half.

    Of independent labels nearly all are wrong for nearly all pairs. A model that begins with one half first has to
    learn that, with steps so large that what its encoder knew is lost on the way (Lin et al. 2017, "Focal Loss for
    Dense Object Detection", begin alike).

    model (Model): An initialised model. Without a layer named by `OUTPUT_LAYER`, or a bias there, it stays as it is.
    probabilities (Floats1d): One a label, above 0 and below 1.
    """
    for classifier in model.walk():
        output = classifier.get_ref(OUTPUT_LAYER) if classifier.has_ref(OUTPUT_LAYER) else None
        if output is not None and output.has_param("b"):
            xp = output.ops.xp
            logits = xp.log(probabilities) - xp.log1p(-probabilities)
            output.set_param("b", (logits / classifier.attrs.get(OUTPUT_SCALE, 1.0)).astype("float32"))


def is_untrained(model: Model) -> bool:
    """Tell whether the weights of all output layers, which begin with zeros, are zeros still.

    model (Model): An initialised model. Without a layer named by `OUTPUT_LAYER`, nobody can tell.
    """
    outputs = [layer.get_ref(OUTPUT_LAYER) for layer in model.walk() if layer.has_ref(OUTPUT_LAYER)]
    return bool(outputs) and not any(output.get_param("W").any() for output in outputs if output.has_param("W"))


def scale(factor: float) -> Model[Floats2d, Floats2d]:
    """Multiply by a constant."""
    return Model("scale", partial(_forward, factor))


def _forward(
    factor: float, model: Model[Floats2d, Floats2d], X: Floats2d, is_train: bool
) -> Tuple[Floats2d, Callable[[Floats2d], Floats2d]]:
    return X * factor, lambda dY: dY * factor
