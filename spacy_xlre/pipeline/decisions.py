"""From a model's logits to the relations of a Doc: scores, and which of them become relations."""

from typing import Dict, List, Mapping, Sequence

import numpy as np
from spacy.tokens import Doc, Span
from thinc.types import Floats2d

from ..ml.relations.both_directions import better_direction, reversed_pairs
from ..ml.relations.pairs import BoolArray, DocPairs
from ..tokens import Relation


def label_scores(logits: Floats2d, labels: Sequence[str], *, exclusive: bool, offsets: Mapping[str, float]) -> Floats2d:
    """Return the probability of each label rather than none.

    logits (Floats2d): Shape (n_pairs, n_labels), on the CPU; one column more, that of NA, if exclusive.
    labels (Sequence[str]): The labels.
    exclusive (bool): Whether a pair has at most one label: logits then count relative to that of NA.
    offsets (Mapping[str, float]): Added to the logits of single labels.
    RETURNS (Floats2d): In [0, 1], shape (n_pairs, n_labels).
    """
    if exclusive:
        logits = logits[:, :-1] - logits[:, -1:]
    logits = logits + np.array([offsets.get(label, 0.0) for label in labels], dtype="float32")
    return 1.0 / (1.0 + np.exp(-np.clip(logits, -60.0, 60.0)))


def choose(
    scores: Floats2d, pairs: Sequence[DocPairs], *, threshold: float, exclusive: bool, one_direction: bool
) -> BoolArray:
    """Say which scores are high enough for a relation.

    scores (Floats2d): Shape (n_pairs, n_labels).
    pairs (Sequence[DocPairs]): The candidates of a batch, which say what labels each of them may have.
    threshold (float): The least score.
    exclusive (bool): Whether a pair keeps only its best label.
    one_direction (bool): Whether two entities, if exclusive, keep only the better direction.
    RETURNS (BoolArray): Of the shape of the scores.
    """
    chosen: BoolArray = scores >= threshold
    if len(pairs):
        chosen &= np.concatenate([doc_pairs.allowed for doc_pairs in pairs])
    if exclusive and scores.shape[1]:
        best = np.zeros_like(chosen)
        best[np.arange(len(scores)), scores.argmax(axis=1)] = True
        chosen &= best
        if one_direction:
            chosen &= better_direction(scores, reversed_pairs(pairs))[:, None]
    return chosen


def make_relations(
    doc: Doc, pairs: DocPairs, chosen: BoolArray, scores: Floats2d, labels: Sequence[str]
) -> List[Relation]:
    """Return the chosen relations of a Doc.

    doc (Doc): With the entities that the candidates were made of.
    pairs (DocPairs): Its candidates.
    chosen (BoolArray): Shape (n_pairs, n_labels).
    scores (Floats2d): Of the same shape.
    labels (Sequence[str]): The labels.
    """
    rows, columns = np.nonzero(chosen)
    ents: Dict[int, Span] = {ent.start: ent for ent in doc.ents} if len(rows) else {}
    starts = pairs.spans[:, 0]
    return [
        Relation(
            ents[int(starts[pairs.heads[row]])],
            labels[int(column)],
            ents[int(starts[pairs.tails[row]])],
            score=float(scores[row, column]),
        )
        for row, column in zip(rows, columns)
    ]
