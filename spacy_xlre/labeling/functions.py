"""Labelling functions: what else a user knows of a text, as votes on its pairs.

A labelling function takes labelled Docs and gives one dictionary for each: its vote, a label or "NA", for the pairs
that it can judge; it abstains on the others. `LabelingFunction` is any callable of this kind; register your own as

    @spacy.registry.misc("capitals.v1")
    def create_capitals():
        return by_pair(lambda doc, head, tail: "P36" if "capital" in doc[head.end : tail.start].text else None)

and name it in the config that `spacy xlre vote` reads.
"""

from typing import Callable, Dict, List, Mapping, Optional, Sequence

import spacy
from spacy.tokens import Doc, Span

from ..tokens.relations import NA
from .pairs import PairKey, entities_by_range, named_pairs, words_key
from .second_opinion import Scores, score_pairs
from .vote_files import read_votes

Votes = Dict[PairKey, str]
Types = Mapping[str, Mapping[str, Sequence[str]]]
LabelingFunction = Callable[[Sequence[Doc]], List[Votes]]


def by_pair(function: Callable[[Doc, Span, Span], Optional[str]]) -> LabelingFunction:
    """Make a labelling function of one that judges a single pair.

    function (Callable[[Doc, Span, Span], Optional[str]]): From a Doc and the head and tail in it to a label, "NA", or
        None to abstain.
    """

    def votes(docs: Sequence[Doc]) -> List[Votes]:
        found: List[Votes] = []
        for doc in docs:
            entities = entities_by_range(doc)
            own = {key: function(doc, entities[key[:2]], entities[key[2:]]) for key in named_pairs(doc)}
            found.append({key: vote for key, vote in own.items() if vote is not None})
        return found

    return votes


def create_type_votes(types: Types) -> LabelingFunction:
    """Vote NA where the types of the entities allow no label; registered as `spacy_xlre.type_votes.v1`.

    types (Types): Allowed types by label, such as {"P19": {"head": ["PER"], "tail": ["LOC"]}}; a reader such as
        `spacy_xlre.property_types.v1` gives them. No types listed means any; an entity without a type fits all.
    """
    rules = list(types.values())

    def judge(doc: Doc, head: Span, tail: Span) -> Optional[str]:
        return None if any(fits(rule, head, tail) for rule in rules) else NA

    return by_pair(judge)


def create_pipeline_votes(path: str, min_relation: float = 0.5, max_na: float = 0.1) -> LabelingFunction:
    """Vote what a trained pipeline reads; registered as `spacy_xlre.pipeline_votes.v1`.

    Give it texts that it was not trained on: what it learned by heart is no second opinion.

    path (str): The pipeline.
    min_relation (float): The least score of its likeliest label to vote for it.
    max_na (float): Below this score of its likeliest label it votes NA. Between the two it abstains.
    """

    def votes(docs: Sequence[Doc]) -> List[Votes]:
        return [_read(scores, min_relation, max_na) for scores in score_pairs(spacy.load(path), docs)]

    return votes


def create_stored_votes(path: str, min_relation: float = 0.5, max_na: float = 0.1) -> LabelingFunction:
    """Vote what `spacy xlre review --votes` stored; registered as `spacy_xlre.stored_votes.v1`.

    path (str): The file.
    min_relation, max_na (float): As in `spacy_xlre.pipeline_votes.v1`.
    """

    def votes(docs: Sequence[Doc]) -> List[Votes]:
        stored = read_votes(path)
        return [_read(stored.get(words_key(doc), {}), min_relation, max_na) for doc in docs]

    return votes


def fits(rule: Mapping[str, Sequence[str]], head: Span, tail: Span) -> bool:
    """Tell whether the types of two entities are allowed: rule (Mapping): {"head": ["PER"], "tail": ["LOC"]}."""
    return all(
        not rule.get(side) or not span.label_ or span.label_ in rule[side]
        for side, span in (("head", head), ("tail", tail))
    )


def _read(scores: Scores, min_relation: float, max_na: float) -> Votes:
    found: Votes = {}
    for key, by_label in scores.items():
        label, score = max(by_label.items(), key=lambda item: item[1], default=(NA, 0.0))
        if score >= min_relation:
            found[key] = label
        elif score < max_na:
            found[key] = NA
    return found
