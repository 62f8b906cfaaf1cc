"""Distillation: labels become what a teacher thinks of each pair, so that a smaller or single model learns from that.

A teacher, such as an ensemble, says more than the label: which others are likely too, and how sure it is (Hinton and
others 2015, "Distilling the Knowledge in a Neural Network"). Its probabilities, mixed with the labels that are there,
become the weights of a pair's relations and of its NA, which `xlre_relation` reads as one target.
"""

from typing import Dict, List, Sequence

from spacy.tokens import Doc

from ..tokens import PairNegative, Relation, get_negatives, get_relations, get_unknown, set_relations
from ..tokens.directions import Directions
from .pairs import PairKey, bag_of, entities_by_range, pair_key, reverse
from .second_opinion import Scores

# The source of relations that a teacher's probabilities weigh.
SOURCE = "distilled"
# Below this, a share of a target is left out; the others take it if labels exclude each other.
LEAST_SHARE = 0.005
# Scores are kept this far from 1, where they would be infinitely likelier than NA.
_SUREST = 1.0 - 1e-6


def soften(
    docs: Sequence[Doc],
    taught: Sequence[Scores],
    *,
    share: float,
    directions: Directions = Directions(),
    exclusive: bool = True,
    one_direction: bool = False,
    teach_unknown: bool = False,
) -> int:
    """Mix labels with a teacher's probabilities, in place.

    docs (Sequence[Doc]): Labelled Docs. Pairs without an opinion keep their labels. A pair's weight stays: its shares
        add up to it.
    taught (Sequence[Scores]): The teacher's probabilities, by pair and label of each Doc, as `probabilities` returns.
    share (float): How much of a target the teacher decides, in [0, 1].
    directions (Directions): Which way round the teacher has symmetric and inverse labels. Those of softened pairs are
        written that way.
    exclusive (bool): Whether a pair's labels are one distribution, to which NA belongs, or independent: each is then
        mixed with the teacher's opinion of it alone. A pair where those add up to more than 1 has weight 1 from then
        on, as one that has less could not be told from one whose labels are shares.
    one_direction (bool): Whether the labels of both directions of two entities are one distribution. Both then have
        the weight of the direction with a label, or the lesser weight of both, and are unknown if one is.
    teach_unknown (bool): Whether the teacher alone decides on unknown pairs (self-training). Else they stay unknown.
    RETURNS (int): How many pairs have a new target.
    """
    softened = 0
    for doc, own in zip(docs, taught):
        entities = entities_by_range(doc)
        unknown = {pair_key(*pair): pair for pair in get_unknown(doc)}
        guessed = {*unknown, *map(reverse, unknown)} if one_direction else set(unknown)
        left = set() if teach_unknown else guessed
        labels: Dict[PairKey, Dict[str, float]] = {}
        bags: Dict[PairKey, str] = {}
        relations: List[Relation] = []
        for relation in get_relations(doc):
            label, turned = directions.canonical(relation.label, relation.head.start < relation.tail.start)
            key = pair_key(relation.head, relation.tail)
            key = reverse(key) if turned else key
            if key in own and key not in left:
                labels.setdefault(key, {})[label] = relation.weight
                bags[key] = relation.bag
            else:
                relations.append(relation)
        known = {pair_key(negative.head, negative.tail): negative for negative in get_negatives(doc)}
        negatives = [negative for key, negative in known.items() if key not in own or key in left]
        weights = {key: negative.weight for key, negative in known.items()}
        weights.update({key: max(found.values()) for key, found in labels.items()})
        for key in (key for key in own if key not in left):
            mix = mixed if exclusive else mixed_independent
            target = mix(labels.get(key, {}), own[key], 1.0 if key in guessed else share)
            judged = (key, reverse(key)) if one_direction else (key,)
            labelled = [weights[direction] for direction in judged if direction in labels]
            weight = max(labelled) if labelled else min(weights.get(direction, 1.0) for direction in judged)
            if not exclusive and sum(target.values()) > 1.0:
                weight = 1.0
            head, tail = entities[key[:2]], entities[key[2:]]
            bag = bags.get(key) or bag_of(head, tail)
            relations += [
                Relation(head, label, tail, weight=weight * part, source=SOURCE, bag=bag)
                for label, part in target.items()
                if part >= LEAST_SHARE
            ]
            negatives.append(PairNegative(head, tail, weight * max(0.0, 1.0 - sum(target.values()))))
            softened += 1
        kept = [pair for key, pair in unknown.items() if key in left or key not in own]
        set_relations(doc, relations, negatives=negatives, unknown=kept)
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
        total = 1.0 + sums[key] + (sums.get(reverse(key), 0.0) if one_direction else 0.0)
        found[key] = {label: value / total for label, value in labels.items()}
    return found


def mixed(labels: Dict[str, float], taught: Dict[str, float], share: float) -> Dict[str, float]:
    """Return the shares of a pair's labels in its target; what is left to 1 is NA's.

    labels (Dict[str, float]): The pair's labels and their weights; empty for NA.
    taught (Dict[str, float]): The teacher's probabilities. Of several pairs that were joined they may add up to more
        than 1, and are then shares.
    share (float): How much the teacher decides.
    """
    total, taught_total = max(sum(labels.values()), 1e-12), max(sum(taught.values()), 1.0)
    return {
        label: (1.0 - share) * labels.get(label, 0.0) / total + share * taught.get(label, 0.0) / taught_total
        for label in {**taught, **labels}
    }


def mixed_independent(labels: Dict[str, float], taught: Dict[str, float], share: float) -> Dict[str, float]:
    """Return the probabilities of a pair's independent labels in its target; they may add up to more than 1.

    Those below `LEAST_SHARE` are left out: they count as 0.

    labels (Dict[str, float]): The pair's labels and their weights; empty for none.
    taught (Dict[str, float]): The teacher's probabilities.
    share (float): How much the teacher decides.
    """
    target = {
        label: (1.0 - share) * (label in labels) + share * taught.get(label, 0.0) for label in {**taught, **labels}
    }
    return {label: value for label, value in target.items() if value >= LEAST_SHARE}
