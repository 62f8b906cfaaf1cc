"""Sentence vectors of two languages made comparable, from the two sets themselves and nothing else.

Vectors of one language share a direction that says which language it is: each side is centred. Of what is left, some
directions differ between a sentence and its translation and others do not. Pairs that are sure anyway tell which: the
space is stretched by the inverse square root of the covariance of their differences (within-class covariance
normalisation, Hatch and others 2006, with a translation pair as a class), drawn towards the identity so that few pairs
change little.
"""

from typing import Tuple

import numpy
from thinc.types import Floats2d, Floats3d

# The mean of a few sentences says more of them than of their language: with so many it is half subtracted.
MEAN_PRIOR = 10
# How much the average variance weighs beside each direction's own. Chosen on NTREX.
SHRINKAGE = 3.0


def join_layers(vectors: Floats3d) -> Floats2d:
    """Centre and join the vectors that several layers give the sentences of one language.

    vectors (Floats3d): Shape (n_sentences, n_layers, width).
    RETURNS (Floats2d): Unit vectors, shape (n_sentences, n_layers * width).
    """
    count = len(vectors)
    if not count:
        return numpy.zeros((0, vectors.shape[1] * vectors.shape[2]), dtype="float32")
    vectors = to_unit(numpy.asarray(vectors, dtype="float32"))
    centred = to_unit(vectors - vectors.mean(axis=0) * (count / (count + MEAN_PRIOR)))
    return to_unit(centred.reshape(count, -1))


def stretch(source: Floats2d, target: Floats2d, pairs: Tuple[Floats2d, Floats2d]) -> Tuple[Floats2d, Floats2d]:
    """Make directions count the less, the more translations differ in them.

    source, target (Floats2d): Unit vectors of both sides.
    pairs (Tuple[Floats2d, Floats2d]): Vectors of sentences and of their translations, at least one.
    RETURNS (Tuple[Floats2d, Floats2d]): Unit vectors of both sides.
    """
    differences = pairs[0] - pairs[1]
    variances, directions = numpy.linalg.eigh(differences.T @ differences / len(differences))
    variances = numpy.maximum(variances, 0.0)
    scale = (variances + SHRINKAGE * variances.mean() + 1e-9) ** -0.5
    projection = (directions * scale).astype("float32")
    return to_unit(source @ projection), to_unit(target @ projection)


def to_unit(vectors: Floats2d) -> Floats2d:
    """Divide vectors, in the last dimension, by their lengths; zeros stay."""
    return vectors / numpy.maximum(numpy.linalg.norm(vectors, axis=-1, keepdims=True), 1e-9)
