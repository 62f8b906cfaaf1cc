"""A label model: how far to trust each labelling function, and what is likely true of a pair, from their votes alone.

The model is that of Dawid and Skene (1979, "Maximum Likelihood Estimation of Observer Error-Rates Using the EM
Algorithm") in the implementation of crowd-kit: each function has a confusion matrix, estimated together with the truth.
The distant labels themselves are one of the functions. A pair is judged in all languages of its bitext together; in
several of them a function has one vote, that of most languages.
"""

from collections import Counter, defaultdict
from dataclasses import dataclass
from typing import Dict, Hashable, List, Mapping, Sequence, Tuple

from spacy.tokens import Doc

from ..errors import Errors, fail
from ..extras import need
from ..tokens import get_negatives, get_relations
from ..tokens.relations import NA
from .functions import LabelingFunction, Votes
from .pairs import PairKey, named_pairs, pair_key, pair_places
from .second_opinion import Scores

LABELS = "labels"
_ITERATIONS = 100


@dataclass(frozen=True)
class FunctionReport:
    """How a labelling function did.

    judged (int): Pairs of bitexts that it voted on.
    agreed (float): The share of them on which its vote is what the label model believes most, in [0, 1].
    """

    name: str
    judged: int
    agreed: float


def label_votes(docs: Sequence[Doc]) -> List[Votes]:
    """Let the distant labels vote: NA, or the relation of a pair. A pair of several relations, or unknown, is not
    voted on."""
    found: List[Votes] = []
    for doc in docs:
        labels: Dict[PairKey, List[str]] = defaultdict(list)
        for relation in get_relations(doc):
            labels[pair_key(relation.head, relation.tail)].append(relation.label)
        for negative in get_negatives(doc):
            labels[pair_key(negative.head, negative.tail)].append(NA)
        found.append({key: names[0] for key, names in labels.items() if len(names) == 1})
    return found


def judge(docs: Sequence[Doc], functions: Mapping[str, LabelingFunction]) -> Tuple[List[Scores], List[FunctionReport]]:
    """Let functions vote on labelled Docs, and say how likely each label of a pair is.

    docs (Sequence[Doc]): Labelled Docs whose entities have ids.
    functions (Mapping[str, LabelingFunction]): The functions by name; the Docs' own labels vote beside them.
    RETURNS (Tuple[List[Scores], List[FunctionReport]]): Probabilities by pair for each Doc, of pairs that any function
        voted on, as `second_opinion.revise` takes them; what is missing to 1 is that of NA. And how each function did.
    RAISES (XlreError): If a function's answers are not votes, or crowd-kit is missing.
    """
    places = [pair_places(doc, named_pairs(doc)) for doc in docs]
    votes = {name: _vote(name, function, docs, places) for name, function in {LABELS: label_votes, **functions}.items()}
    rows = [(place, name, label) for name, own in votes.items() for place, label in own.items()]
    believed = _dawid_skene(rows)
    reports = [FunctionReport(name, len(own), _share(own, believed)) for name, own in votes.items()]
    for scores in believed.values():
        scores.pop(NA, None)
    return [{key: believed[place] for key, place in own.items() if place in believed} for own in places], reports


def _vote(
    name: str, function: LabelingFunction, docs: Sequence[Doc], places: Sequence[Mapping[PairKey, Hashable]]
) -> Dict[Hashable, str]:
    """Return a function's vote by place: that of most languages, none if it is a tie."""
    answers = function(docs)
    if len(answers) != len(docs):
        raise fail(Errors.X608, name=name, found=len(answers), expected=len(docs))
    ballots: Dict[Hashable, Counter] = defaultdict(Counter)
    for own, where in zip(answers, places):
        for key, label in own.items():
            if not isinstance(label, str) or not label:
                raise fail(Errors.X609, name=name, found=repr(label))
            if key in where:
                ballots[where[key]][label] += 1
    found: Dict[Hashable, str] = {}
    for place, ballot in ballots.items():
        (label, most), *others = ballot.most_common(2)
        if not others or others[0][1] < most:
            found[place] = label
    return found


def _dawid_skene(rows: Sequence[Tuple[Hashable, str, str]]) -> Dict[Hashable, Dict[str, float]]:
    """Return the probability of each label by place, from (place, function, vote)."""
    aggregation = need("crowdkit.aggregation.classification", extra="votes")
    pandas = need("pandas", extra="votes")
    numbers = {place: number for number, place in enumerate(dict.fromkeys(place for place, _, _ in rows))}
    table = pandas.DataFrame(
        [(numbers[place], name, label) for place, name, label in rows], columns=["task", "worker", "label"]
    )
    believed = aggregation.DawidSkene(n_iter=_ITERATIONS).fit_predict_proba(table)
    labels = [str(label) for label in believed.columns]
    by_number = {int(number): row for number, row in zip(believed.index, believed.to_numpy().tolist())}
    return {place: dict(zip(labels, by_number[number])) for place, number in numbers.items()}


def _share(votes: Mapping[Hashable, str], believed: Mapping[Hashable, Mapping[str, float]]) -> float:
    """Return the share of votes that are what is believed most."""
    right = sum(max(believed[place], key=believed[place].__getitem__) == label for place, label in votes.items())
    return right / len(votes) if votes else 0.0
