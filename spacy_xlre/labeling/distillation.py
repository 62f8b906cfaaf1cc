"""Distillation: labels become what a teacher thinks of each pair, so that a smaller or single model learns from that.

A teacher, such as an ensemble, says more than the label: which others are likely too, and how sure it is (Hinton and
others 2015, "Distilling the Knowledge in a Neural Network"). Its probabilities, mixed with the labels that are there,
become the weights of a pair's relations and of its NA, which `xlre_relation` reads as one target.
"""

from typing import Dict, List, Sequence

from spacy.tokens import Doc

from ..tokens import PairNegative, Relation, get_negatives, get_relations, get_unknown, set_relations
from .pairs import PairKey, entities_by_range, pair_key
from .second_opinion import Scores

# The source of relations that a teacher's probabilities weigh.
SOURCE = "distilled"
# Below this, a share of a target is left out; the others take it.
LEAST_SHARE = 0.005
# Scores are kept this far from 1, where they would be infinitely likelier than NA.
_SUREST = 1.0 - 1e-6


def soften(docs: Sequence[Doc], taught: Sequence[Scores], *, share: float) -> int:
    """Mix labels with a teacher's probabilities, in place.

    docs (Sequence[Doc]): Labelled Docs. Unknown pairs stay unknown; of the others, those without an opinion keep their
        labels. A pair's weight stays: its shares add up to it.
    taught (Sequence[Scores]): The teacher's probabilities, by pair and label of each Doc, as `probabilities` returns.
    share (float): How much of a target the teacher decides, in [0, 1].
    RETURNS (int): How many pairs have a new target.
    """
    softened = 0
    for doc, own in zip(docs, taught):
        entities = entities_by_range(doc)
        unknown = get_unknown(doc)
        left = {pair_key(*pair) for pair in unknown}
        labels: Dict[PairKey, Dict[str, float]] = {}
        relations: List[Relation] = []
        for relation in get_relations(doc):
            key = pair_key(relation.head, relation.tail)
            if key in own and key not in left:
                labels.setdefault(key, {})[relation.label] = relation.weight
            else:
                relations.append(relation)
        known = {pair_key(negative.head, negative.tail): negative for negative in get_negatives(doc)}
        negatives = [negative for key, negative in known.items() if key not in own]
        weights = {key: negative.weight for key, negative in known.items()}
        weights.update({key: max(found.values()) for key, found in labels.items()})
        for key in (key for key in own if key not in left):
            target, weight = mixed(labels.get(key, {}), own[key], share), weights.get(key, 1.0)
            head, tail = entities[key[:2]], entities[key[2:]]
            found = {label: part for label, part in target.items() if part >= LEAST_SHARE}
            relations += [Relation(head, label, tail, weight=weight * p, source=SOURCE) for label, p in found.items()]
            negatives.append(PairNegative(head, tail, weight * max(0.0, 1.0 - sum(target.values()))))
            softened += 1
        set_relations(doc, relations, negatives=negatives, unknown=unknown)
    return softened


def probabilities(scores: Scores, *, one_direction: bool) -> Scores:
    """Turn scores, each of a label rather than NA, into probabilities of labels; what is left to 1 is NA's.

    scores (Scores): By pair and label.
    one_direction (bool): Whether the labels of both directions of two entities exclude each other.
    RETURNS (Scores): By pair and label.
    """
    odds = {
        key: {label: min(score, _SUREST) / (1.0 - min(score, _SUREST)) for label, score in labels.items()}
        for key, labels in scores.items()
    }
    sums = {key: sum(labels.values()) for key, labels in odds.items()}
    found: Scores = {}
    for key, labels in odds.items():
        total = 1.0 + sums[key] + (sums.get((*key[2:], *key[:2]), 0.0) if one_direction else 0.0)
        found[key] = {label: value / total for label, value in labels.items()}
    return found


def mixed(labels: Dict[str, float], taught: Dict[str, float], share: float) -> Dict[str, float]:
    """Return the shares of a pair's labels in its target; what is left to 1 is NA's.

    labels (Dict[str, float]): The pair's labels and their weights; empty for NA.
    taught (Dict[str, float]): The teacher's probabilities.
    share (float): How much the teacher decides.
    """
    total = max(sum(labels.values()), 1e-12)
    return {
        label: (1.0 - share) * labels.get(label, 0.0) / total + share * taught.get(label, 0.0)
        for label in {**taught, **labels}
    }
