"""The relation model of a marker encoder: Docs and their candidate pairs in, logits out."""

from typing import Callable, Optional, Tuple

from thinc.api import LayerNorm, Model
from thinc.types import Floats2d

from ..relations.classifier import build_classifier
from ..relations.features import PairFeatures
from ..relations.losses import IMPOSSIBLE
from ..relations.model import RelationInput, RelationModel, impossible_labels
from ..relations.pairs import collate
from .readings import by_direction, join_readings
from .transformer import MarkerTransformer


def build_marker_model(
    markers: MarkerTransformer,
    classifier: Optional[Model[Floats2d, Floats2d]] = None,
    type_width: int = 32,
    type_rows: int = 512,
    distance_width: int = 16,
    one_reading: bool = False,
    nO: Optional[int] = None,
) -> RelationModel:
    """Classify what a marker encoder reads of each pair, with its types and distance beside; registered as
    `spacy_xlre.MarkerModel.v1`.

    markers (Model): From (Docs, their pairs) to pair vectors, such as `spacy_xlre.MarkerTransformer.v1`.
    classifier (Optional[Model]): From pair vectors to logits; by default `spacy_xlre.PairClassifier.v1` with its own
        defaults.
    type_width, type_rows, distance_width (int): Features of a pair, as in `spacy_xlre.PairVectors.v1`.
    one_reading (bool): Whether two entities are read once for both of their pairs, marked in text order and not as head
        and tail, which the classifier tells apart. It halves the work, and with `one_direction = true` it is the usual
        way to classify a sentence with two entities.
    nO (Optional[int]): Number of outputs, set by the component.
    RETURNS (Model): From (Docs, their pairs) to logits, shape (n_pairs, nO), pairs in the order of the Docs.
    """
    norm: Model[Floats2d, Floats2d] = LayerNorm()
    features = PairFeatures(type_width, type_rows, distance_width)
    classifier = classifier or build_classifier()
    model: RelationModel = Model(
        "marker-model",
        forward,
        init=init,
        layers=[markers, norm, features, classifier],
        refs={"markers": markers, "norm": norm, "features": features, "classifier": classifier},
        dims={"nO": nO},
        attrs={"one_reading": one_reading},
    )
    return model


def init(model: RelationModel, X: Optional[RelationInput] = None, Y: Optional[Floats2d] = None) -> None:
    """Load the encoder, and allocate what stands above it.

    Y (Floats2d): An array with one column per output. Without it the classifier stays without outputs.
    """
    markers, norm, features, classifier = model.layers
    markers.initialize()
    width = markers.get_dim("nO")
    norm.set_dim("nI", width)
    norm.set_dim("nO", width)
    norm.initialize()
    features.initialize()
    if Y is not None and Y.shape[1]:
        n_halves = 2 if model.attrs["one_reading"] else 1
        sample = model.ops.alloc2f(1, n_halves * width + features.get_dim("nO"))
        classifier.initialize(X=sample, Y=model.ops.alloc2f(1, Y.shape[1]))
        model.set_dim("nO", Y.shape[1])


def forward(
    model: RelationModel, X: RelationInput, is_train: bool
) -> Tuple[Floats2d, Callable[[Floats2d], RelationInput]]:
    """Score all pairs of a batch. Docs without pairs cost nothing."""
    docs, doc_pairs = X
    ops = model.ops
    n_pairs = sum(len(pairs) for pairs in doc_pairs)
    if not n_pairs or not model.has_dim("nO"):
        return ops.alloc2f(n_pairs, model.maybe_get_dim("nO") or 0), lambda d_logits: X
    markers, norm, features, classifier = model.layers
    chosen = [index for index, pairs in enumerate(doc_pairs) if len(pairs)]
    docs, doc_pairs = [docs[index] for index in chosen], [doc_pairs[index] for index in chosen]
    readings = join_readings(doc_pairs) if model.attrs["one_reading"] else None
    vectors, backprop_vectors = markers((docs, readings.pairs if readings else doc_pairs), is_train)
    normed, backprop_normed = norm(vectors, is_train)
    read, backprop_read = by_direction(ops, normed, readings) if readings else (normed, lambda d_read: d_read)
    known, backprop_known = features(collate(doc_pairs), is_train)
    logits, backprop_logits = classifier(ops.xp.hstack([read, known]), is_train)
    impossible = impossible_labels(ops, doc_pairs, logits.shape[1])
    logits[impossible] = IMPOSSIBLE

    def backprop(d_logits: Floats2d) -> RelationInput:
        d_logits[impossible] = 0.0
        d_pooled = backprop_logits(d_logits)
        width = read.shape[1]
        backprop_known(d_pooled[:, width:])
        d_normed = backprop_read(ops.xp.ascontiguousarray(d_pooled[:, :width]))
        backprop_vectors(backprop_normed(d_normed))
        return X

    return logits, backprop
