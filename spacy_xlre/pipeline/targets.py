"""What a batch of examples teaches about its candidate pairs: a target and a weight for each."""

from typing import Dict, Iterable, List, Mapping, NamedTuple, Optional, Sequence, Tuple

import numpy as np
from numpy.typing import NDArray
from spacy.tokens import Doc, Span
from spacy.training import Example

from ..ml.relations.pairs import DocPairs
from ..tokens import get_negatives, get_relations, get_unknown
from ..tokens.directions import Directions
from .candidates import Entity

FloatArray = NDArray[np.float32]
PairKey = Tuple[int, int, int, int]


class Targets(NamedTuple):
    """Targets and weights of all pairs of a batch, as the losses take them."""

    targets: FloatArray
    weights: FloatArray


class SpanAligner:
    """Carries spans of an example's reference over to its predicted Doc, one by one.

    eg (Example): The example. Where both Docs have the same tokens, nothing is computed.
    """

    def __init__(self, eg: Example) -> None:
        self._same = _same_tokens(eg.predicted, eg.reference)
        self._eg = eg

    def __call__(self, span: Span) -> Optional[Tuple[int, int]]:
        """Return the token range in the predicted Doc that covers exactly the same text, or None."""
        if self._same:
            return span.start, span.end
        to_predicted, to_reference = self._eg.alignment.y2x, self._eg.alignment.x2y
        there = to_predicted[span.start : span.end]
        if len(there) == 0:
            return None
        start, end = int(there.min()), int(there.max()) + 1
        back = to_reference[start:end]
        if len(back) == 0 or int(back.min()) != span.start or int(back.max()) + 1 != span.end:
            return None
        return start, end


def entities_of(doc: Doc) -> List[Entity]:
    """Return the entities of a Doc."""
    return [Entity(ent.start, ent.end, ent.label_) for ent in doc.ents]


def gold_entities(eg: Example) -> List[Entity]:
    """Return the entities of an example's reference at their places in the predicted Doc, where they have one."""
    align = SpanAligner(eg)
    placed = ((align(ent), ent.label_) for ent in eg.reference.ents)
    return [Entity(*place, label) for place, label in placed if place is not None]


def make_targets(
    examples: Sequence[Example],
    pairs: Sequence[DocPairs],
    labels: Sequence[str],
    *,
    exclusive: bool,
    directions: Directions,
    na_weight: float,
    label_weights: Mapping[str, float],
) -> Targets:
    """Read the targets and weights of the candidates from the references.

    A pair with relations has their labels as target, and their largest weight. A pair that is marked as unknown has
    weight 0, one that is marked as NA its weight times `na_weight`; a pair that is named nowhere is NA of weight 1.
    A pair with relations that is marked as NA as well has a mixed target, as `spacy xlre distill` makes it: the weights
    are shares of it, and their sum, at most 1, is its weight. Of independent labels they may add up to more than 1:
    each is then the label's probability. A label that the pair's types exclude teaches nothing; of exclusive labels, a
    pair that has no other is unknown.

    examples (Sequence[Example]): The examples.
    pairs (Sequence[DocPairs]): Their candidates.
    labels (Sequence[str]): The component's labels. Relations with another label make their pair unknown.
    exclusive (bool): Whether the targets are distributions over the labels and NA, which is last, or independent.
    directions (Directions): How relations of symmetric and inverse labels are written.
    na_weight (float): Factor on the weights of NA.
    label_weights (Mapping[str, float]): Factors on the weights of pairs with a label, 1 for those that are not named.
    RETURNS (Targets): Targets, shape (n_pairs, n_labels), one column more if exclusive. Weights of the same shape, or
        (n_pairs, 1) if exclusive.
    """
    batch = _Batch(sum(len(doc_pairs) for doc_pairs in pairs), labels, directions, na_weight, label_weights)
    offset = 0
    for eg, doc_pairs in zip(examples, pairs):
        if len(doc_pairs):
            batch.read(eg, {key: offset + row for row, key in enumerate(doc_pairs.keys())})
        offset += len(doc_pairs)
    allowed = np.concatenate([p.allowed for p in pairs]) if pairs else np.zeros_like(batch.shares, dtype=bool)
    shares = batch.shares * allowed
    if not exclusive:
        parts = shares / np.clip(batch.shares.sum(axis=1) + batch.na_shares, 1e-12, 1.0)[:, None]
        targets = np.where(batch.mixed[:, None], parts, shares > 0)
        return Targets(targets.astype("float32"), batch.weights[:, None] * allowed)
    related = shares.any(axis=1)
    excluded = batch.shares.any(axis=1) & ~related
    targets = np.hstack([shares, np.where(related, batch.na_shares, 1.0)[:, None]]).astype("float32")
    targets /= np.maximum(targets.sum(axis=1, keepdims=True), 1e-12)
    return Targets(targets, np.where(excluded, 0.0, batch.weights).astype("float32")[:, None])


def label_frequencies(parts: Iterable[Targets], n_labels: int) -> FloatArray:
    """Return the share of pairs that hold each independent label.

    parts (Iterable[Targets]): Those of independent labels. Pairs count by their weights.
    n_labels (int): Number of labels.
    RETURNS (FloatArray): Above 0 and below 1, as half a pair with each label and half a pair without it are added;
        shape (n_labels,).
    """
    held, counted = np.full(n_labels, 0.5), np.ones(n_labels)
    for targets, weights in parts:
        held += (weights * targets).sum(axis=0)
        counted += weights.sum(axis=0)
    frequencies: FloatArray = (held / counted).astype("float32")
    return frequencies


class _Batch:
    """What the references say of a batch's pairs, as in `make_targets`: shares of labels and of NA, and weights."""

    def __init__(
        self,
        n_pairs: int,
        labels: Sequence[str],
        directions: Directions,
        na_weight: float,
        label_weights: Mapping[str, float],
    ) -> None:
        self.shares = np.zeros((n_pairs, len(labels)), dtype="float32")
        self.na_shares = np.zeros((n_pairs,), dtype="float32")
        self.mixed = np.zeros((n_pairs,), dtype=bool)
        self.weights = np.full((n_pairs,), na_weight, dtype="float32")
        self._columns = {label: column for column, label in enumerate(labels)}
        self._factors = np.array([label_weights.get(label, 1.0) for label in labels], dtype="float32")
        self._directions = directions
        self._na_weight = na_weight

    def read(self, eg: Example, rows: Dict[PairKey, int]) -> None:
        """Read an example, whose pairs stand in these rows."""
        align = SpanAligner(eg)

        def row_of(head: Span, tail: Span) -> Optional[int]:
            first, second = align(head), align(tail)
            return rows.get((*first, *second)) if first is not None and second is not None else None

        negatives = set()
        for negative in get_negatives(eg.reference):
            row = row_of(negative.head, negative.tail)
            if row is not None:
                negatives.add(row)
                self.weights[row] = negative.weight * self._na_weight
                self.na_shares[row] = negative.weight
        for head, tail in get_unknown(eg.reference):
            row = row_of(head, tail)
            if row is not None:
                self.weights[row] = 0.0
        found: Dict[int, float] = {}
        for relation in get_relations(eg.reference):
            head, tail = relation.head, relation.tail
            label, turned = self._directions.canonical(relation.label, head.start < tail.start)
            if turned:
                head, tail = tail, head
            row = row_of(head, tail)
            if row is None:
                continue
            column = self._columns.get(label)
            if column is None:
                found.setdefault(row, 0.0)
            else:
                found[row] = max(found.get(row, 0.0), relation.weight * float(self._factors[column]))
                self.shares[row, column] = max(self.shares[row, column], relation.weight)
        for row, weight in found.items():
            self.mixed[row] = row in negatives
            self.weights[row] = self._mixed_weight(row) if self.mixed[row] else weight

    def _mixed_weight(self, row: int) -> float:
        """Return the sum of a mixed target's shares, at most 1, times the mean of the factors on them."""
        shared = self.na_shares[row] * self._na_weight + (self.shares[row] * self._factors).sum()
        return float(shared / max(1.0, self.na_shares[row] + self.shares[row].sum()))


def _same_tokens(predicted: Doc, reference: Doc) -> bool:
    return len(predicted) == len(reference) and [t.orth for t in predicted] == [t.orth for t in reference]
