"""The relation model: Docs and their candidate pairs in, logits out."""

from typing import Callable, List, Optional, Sequence, Tuple, TypeAlias

import numpy as np
from spacy.tokens import Doc
from thinc.api import Model, Ops
from thinc.types import ArrayXd, Floats2d

from .adversary import ATTRIBUTE as ADVERSARY
from .adversary import Adversary
from .classifier import build_classifier
from .losses import IMPOSSIBLE
from .pair_vectors import PairInput, build_pair_vectors
from .pairs import DocPairs, collate

RelationInput = Tuple[Sequence[Doc], Sequence[DocPairs]]
RelationModel: TypeAlias = Model[RelationInput, Floats2d]


def build_relation_model(
    tok2vec: Model[List[Doc], List[Floats2d]],
    pair_vectors: Optional[Model[PairInput, Floats2d]] = None,
    classifier: Optional[Model[Floats2d, Floats2d]] = None,
    nO: Optional[int] = None,
) -> RelationModel:
    """Join token vectors, pair vectors and classifier; registered as `spacy_xlre.RelationModel.v1`.

    tok2vec (Model): Token vectors: a network of its own, or a listener to a shared one.
    pair_vectors (Optional[Model]): From (token vectors, pairs) to one vector per pair; by default
        `spacy_xlre.PairVectors.v1` with its own defaults.
    classifier (Optional[Model]): From pair vectors to logits; by default `spacy_xlre.PairClassifier.v1`, likewise.
    nO (Optional[int]): Number of outputs, set by the component.
    RETURNS (Model): From (Docs, their pairs) to logits, shape (n_pairs, nO), pairs in the order of the Docs.
    """
    pair_vectors = pair_vectors or build_pair_vectors()
    classifier = classifier or build_classifier()
    model: RelationModel = Model(
        "relation-model",
        forward,
        init=init,
        layers=[tok2vec, pair_vectors, classifier],
        refs={"tok2vec": tok2vec, "pair_vectors": pair_vectors, "classifier": classifier},
        dims={"nO": nO},
        attrs={ADVERSARY: Adversary()},
    )
    return model


def init(model: RelationModel, X: Optional[RelationInput] = None, Y: Optional[Floats2d] = None) -> None:
    """Find the widths by running the token vectors on a sample.

    X (RelationInput): Some Docs with tokens; their pairs do not matter.
    Y (Floats2d): An array with one column per output. Without it the classifier stays without outputs.
    """
    tok2vec, pair_vectors, classifier = (model.get_ref(name) for name in ("tok2vec", "pair_vectors", "classifier"))
    docs = [doc for doc in X[0] if len(doc)] if X is not None else []
    tok2vec.initialize(X=docs or None)
    width = tok2vec.predict(docs)[0].shape[1] if docs else tok2vec.get_dim("nO")
    pair_vectors.set_dim("nI", width)
    pair_vectors.initialize()
    if Y is not None and Y.shape[1]:
        sample = model.ops.alloc2f(1, pair_vectors.get_dim("nO"))
        classifier.initialize(X=sample, Y=model.ops.alloc2f(1, Y.shape[1]))
        model.set_dim("nO", Y.shape[1])


def forward(
    model: RelationModel, X: RelationInput, is_train: bool
) -> Tuple[Floats2d, Callable[[Floats2d], Sequence[Doc]]]:
    """Score all pairs of a batch. All Docs go through tok2vec, also those without pairs: a listener expects them."""
    docs, doc_pairs = X
    ops = model.ops
    tok2vec, pair_vectors, classifier = (model.get_ref(name) for name in ("tok2vec", "pair_vectors", "classifier"))
    adversary: Adversary = model.attrs[ADVERSARY]
    vectors, backprop_tok2vec = adversary.once(lambda: tok2vec(list(docs), is_train))
    if not any(len(pairs) for pairs in doc_pairs) or not model.has_dim("nO"):
        n_outputs = model.maybe_get_dim("nO") or 0

        def backprop_nothing(d_logits: Floats2d) -> Sequence[Doc]:
            backprop_tok2vec([ops.alloc2f(*vector.shape) for vector in vectors])
            return docs

        return ops.alloc2f(sum(len(pairs) for pairs in doc_pairs), n_outputs), backprop_nothing

    # Transformers give a Doc without tokens a matrix without columns.
    shifts = [adversary.shift() if is_train and len(vector) else None for vector in vectors]
    shifted = [vector if shift is None else vector + shift for vector, shift in zip(vectors, shifts)]
    tokens = ops.xp.vstack([vector for vector in shifted if len(vector)])
    pairs = collate(doc_pairs)
    pooled, backprop_pooled = pair_vectors((tokens, pairs), is_train)
    logits, backprop_logits = classifier(pooled, is_train)
    impossible = impossible_labels(ops, doc_pairs, logits.shape[1])
    logits[impossible] = IMPOSSIBLE

    def backprop(d_logits: Floats2d) -> Sequence[Doc]:
        d_logits[impossible] = 0.0
        d_tokens = backprop_pooled(backprop_logits(d_logits))
        splits = np.cumsum([len(vector) for vector in vectors])[:-1]
        parts = ops.xp.split(d_tokens, splits.tolist())
        d_vectors = [part if len(part) else ops.alloc2f(*vector.shape) for part, vector in zip(parts, vectors)]
        for d_vector in d_vectors:
            if len(d_vector):
                adversary.remember(d_vector)
        backprop_tok2vec(d_vectors)
        return docs

    return logits, backprop


def impossible_labels(ops: Ops, doc_pairs: Sequence[DocPairs], n_outputs: int) -> ArrayXd:
    """Mark the labels that the types of a pair exclude; NA is always possible.

    ops (Ops): Backend of the array.
    doc_pairs (Sequence[DocPairs]): The candidates.
    n_outputs (int): Columns: the labels, and NA in exclusive mode.
    RETURNS (ArrayXd): Booleans, shape (n_pairs, n_outputs).
    """
    impossible = ops.xp.zeros((sum(map(len, doc_pairs)), n_outputs), dtype="bool")
    allowed = np.concatenate([pairs.allowed for pairs in doc_pairs])
    impossible[:, : allowed.shape[1]] = ops.xp.asarray(~allowed)
    return impossible
