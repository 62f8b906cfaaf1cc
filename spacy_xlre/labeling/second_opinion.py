"""A second opinion on distant labels: what models that never saw a text read in it, in all of its languages.

A fact between two entities labels every sentence that mentions both, whether it states the fact or not; and where the
knowledge base lacks a fact, a sentence that states it is labelled NA. A model trained on the other texts knows neither
the text nor its labels by heart. It scores the text's pairs in each language; a pair's vote is the mean over the
languages, of the same two entities in the same sentence. A relation that the vote does not see, and an NA where it sees
a relation, become unknown, and teach nothing. (Cross-validated as in Northcutt and others 2021, "Confident Learning".)
"""

from collections import defaultdict
from dataclasses import dataclass, replace
from typing import Any, Dict, Hashable, List, Sequence, Tuple

import numpy
from spacy.language import Language
from spacy.tokens import Doc, Span

from ..pipeline.pretrained import find_component
from ..tokens import (
    PairNegative,
    Relation,
    get_bitext_id,
    get_language,
    get_negatives,
    get_relations,
    get_unknown,
    set_relations,
)
from ..tokens.directions import Directions
from .pairs import PairKey, bag_of, pair_key, pair_places, reverse

# The source of relations that votes alone tell.
SOURCE = "voted"
# By pair: a score in [0, 1] for each label.
Scores = Dict[PairKey, Dict[str, float]]


@dataclass(frozen=True)
class OpinionSettings:
    """When a label is given up. Chosen by the labels of the embedded corpus's development documents.

    min_relation (float): A relation whose label gets a lower vote becomes unknown.
    max_na (float): An NA pair of which some label gets this vote or more becomes unknown.
    min_added (float): A pair that is unknown or NA and of which some label gets this vote or more becomes a relation,
        with the vote as its weight (self-training). Above 1, none does.
    weigh (bool): Whether a vote is also a factor on the weight of a relation, or what is left of it on that of NA.
    """

    min_relation: float = 0.15
    max_na: float = 0.3
    min_added: float = 0.9
    weigh: bool = False


@dataclass
class Revision:
    """How many labels there were, how many were given up, and how many came from votes."""

    relations: int = 0
    relations_unknown: int = 0
    negatives: int = 0
    negatives_unknown: int = 0
    added: int = 0


def split_folds(docs: Sequence[Doc], n_folds: int) -> List[List[int]]:
    """Deal the bitexts out to folds, all languages of a bitext to the same one.

    docs (Sequence[Doc]): Labelled Docs.
    n_folds (int): How many.
    RETURNS (List[List[int]]): The indices of each fold's Docs, in order.
    """
    numbers: Dict[str, int] = {}
    folds: List[List[int]] = [[] for _ in range(n_folds)]
    for index, doc in enumerate(docs):
        bitext = get_bitext_id(doc) or str(index)
        folds[numbers.setdefault(bitext, len(numbers)) % n_folds].append(index)
    return folds


def score_pairs(nlp: Language, docs: Sequence[Doc], batch_size: int = 32) -> List[Scores]:
    """Score the pairs of the entities that Docs have, with the relation component of a pipeline.

    nlp (Language): The pipeline. Of its components, those that the relation component listens to are run.
    docs (Sequence[Doc]): Labelled Docs; they are not changed.
    batch_size (int): Docs at a time.
    RETURNS (List[Scores]): One per Doc.
    RAISES (XlreError): If the pipeline has no relation component.
    """
    component = find_component(nlp)
    before: List[Any] = [nlp.get_pipe(name) for name in nlp.pipe_names if hasattr(nlp.get_pipe(name), "listeners")]
    found: List[Scores] = []
    for start in range(0, len(docs), batch_size):
        batch = [_copy(nlp, doc) for doc in docs[start : start + batch_size]]
        for upstream in before:
            batch = list(upstream.pipe(batch))
        pairs, scores = component.predict(batch)
        rows = iter(scores.tolist())
        for own in pairs:
            found.append({key: dict(zip(component.labels, row)) for key, row in zip(own.keys(), rows)})
    return found


def vote(docs: Sequence[Doc], scores: Sequence[Scores]) -> List[Scores]:
    """Let the languages of a bitext vote on each pair.

    docs (Sequence[Doc]): Those of one bitext are versions of each other. Pairs of entities without ids stay alone.
    scores (Sequence[Scores]): What was read in each.
    RETURNS (List[Scores]): For each Doc, its pairs with the mean over all languages that have the same pair: the same
        two ids, in their first, second, … common sentence. Of several such pairs in a language the best counts.
    """
    places = [pair_places(doc, own) for doc, own in zip(docs, scores)]
    groups: Dict[Hashable, Dict[str, Dict[str, float]]] = defaultdict(dict)
    for doc, own, where in zip(docs, scores, places):
        for key, labels in own.items():
            best = groups[where[key]].setdefault(get_language(doc), {})
            for label, score in labels.items():
                best[label] = max(best.get(label, 0.0), score)
    votes = {place: mean_scores(list(languages.values())) for place, languages in groups.items()}
    return [{key: votes[where[key]] for key in own} for own, where in zip(scores, places)]


def revise(
    docs: Sequence[Doc],
    votes: Sequence[Scores],
    settings: OpinionSettings = OpinionSettings(),
    directions: Directions = Directions(),
) -> Revision:
    """Make the labels unknown that a vote speaks against, in place, and add those that it is sure of.

    docs (Sequence[Doc]): Labelled Docs.
    votes (Sequence[Scores]): The vote on their pairs. A pair, or a label, without a vote stays as it is.
    settings (OpinionSettings): The bounds.
    directions (Directions): Which way round the votes have symmetric and inverse labels.
    RETURNS (Revision): How many labels were given up.
    """
    revision = Revision()
    for doc, own in zip(docs, votes):
        relations: List[Relation] = []
        negatives: List[PairNegative] = []
        unknown = get_unknown(doc)
        for relation in get_relations(doc):
            revision.relations += 1
            label, turned = directions.canonical(relation.label, relation.head.start < relation.tail.start)
            key = pair_key(relation.head, relation.tail)
            likely = own.get(reverse(key) if turned else key, {}).get(label, 1.0)
            if likely < settings.min_relation:
                unknown.append((relation.head, relation.tail))
                revision.relations_unknown += 1
            else:
                relations.append(replace(relation, weight=relation.weight * (likely if settings.weigh else 1.0)))
        for negative in get_negatives(doc):
            revision.negatives += 1
            likely = _best(own, negative.head, negative.tail)[1]
            if likely >= settings.max_na:
                unknown.append((negative.head, negative.tail))
                revision.negatives_unknown += 1
            else:
                weight = negative.weight * (1.0 - likely if settings.weigh else 1.0)
                negatives.append(PairNegative(negative.head, negative.tail, weight))
        kept = {pair_key(relation.head, relation.tail) for relation in relations}
        unknown = list({pair_key(*pair): pair for pair in unknown if pair_key(*pair) not in kept}.values())
        added = [
            Relation(head, label, tail, weight=score, source=SOURCE, bag=bag_of(head, tail))
            for head, tail in unknown
            for label, score in (_best(own, head, tail),)
            if label and score >= settings.min_added
        ]
        revision.added += len(added)
        known = {pair_key(relation.head, relation.tail) for relation in added}
        unknown = [pair for pair in unknown if pair_key(*pair) not in known]
        set_relations(doc, relations + added, negatives=negatives, unknown=unknown)
    return revision


def _best(votes: Scores, head: Span, tail: Span) -> Tuple[str, float]:
    """Return the label with the highest vote, and the vote."""
    return max(votes.get(pair_key(head, tail), {}).items(), key=lambda item: item[1], default=("", 0.0))


def _copy(nlp: Language, doc: Doc) -> Doc:
    """Return a Doc of the pipeline's vocabulary with the same tokens, sentences and entities."""
    copy = Doc(
        nlp.vocab,
        words=[token.text for token in doc],
        spaces=[bool(token.whitespace_) for token in doc],
        sent_starts=[token.is_sent_start for token in doc],
    )
    copy.set_ents([Span(copy, ent.start, ent.end, label=ent.label_, kb_id=ent.kb_id_) for ent in doc.ents])
    return copy


def mean_scores(scores: Sequence[Dict[str, float]]) -> Dict[str, float]:
    """Average the scores of each label, over those that have it."""
    labels = {label for own in scores for label in own}
    return {label: float(numpy.mean([own[label] for own in scores if label in own])) for label in sorted(labels)}
