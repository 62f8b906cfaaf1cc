"""Several relation models behind one: their logits averaged."""

from typing import Callable, List, Optional, Tuple

from thinc.api import Model
from thinc.types import Floats2d

from ...errors import Errors, fail
from .losses import IMPOSSIBLE
from .model import RelationInput, RelationModel


def build_ensemble(*models: RelationModel, nO: Optional[int] = None) -> RelationModel:
    """Average the logits of several relation models; registered as `spacy_xlre.Ensemble.v1`.

    In exclusive mode this is the geometric mean of their probabilities, normalised. `spacy xlre ensemble` makes one of
    trained components. It can be trained as well: each model then gets the gradient of the average.

    models (Model): Relation models, such as `spacy_xlre.RelationModel.v1` or `spacy_xlre.MarkerModel.v1`.
    nO (Optional[int]): Number of outputs, set by the component.
    RETURNS (Model): From (Docs, their pairs) to logits, shape (n_pairs, nO).
    RAISES (XlreError): If there are no models.
    """
    if not models:
        raise fail(Errors.X313)
    return Model("relation-ensemble", forward, init=init, layers=list(models), dims={"nO": nO})


def init(model: RelationModel, X: Optional[RelationInput] = None, Y: Optional[Floats2d] = None) -> None:
    """Initialise each model alike."""
    for member in model.layers:
        member.initialize(X=X, Y=Y)
    if Y is not None and Y.shape[1]:
        model.set_dim("nO", Y.shape[1])


def forward(model: RelationModel, X: RelationInput, is_train: bool) -> Tuple[Floats2d, Callable[[Floats2d], object]]:
    """Run each model and average; what one finds impossible stays so, as all see the same types."""
    outputs: List[Tuple[Floats2d, Callable]] = [member(X, is_train) for member in model.layers]
    share = 1.0 / len(outputs)
    logits = sum(logits for logits, _ in outputs) * share
    impossible = outputs[0][0] <= IMPOSSIBLE / 2
    logits[impossible] = IMPOSSIBLE

    def backprop(d_logits: Floats2d) -> RelationInput:
        for _, backprop_member in outputs:
            backprop_member(d_logits * share)
        return X

    return logits, backprop
