"""The scorer that `xlre_relation` uses during training and in `spacy evaluate`."""

from typing import AbstractSet, Any, Callable, Dict, Iterable, List, Mapping, Optional, Sequence, Set, Tuple, cast

from spacy.training import Example

from ..tokens import get_language
from ..tokens.directions import Directions
from .relations import (
    AS_WRITTEN,
    Counts,
    PairItem,
    RelationItem,
    candidate_recall,
    count,
    count_by,
    judged,
    macro_f1,
    read_items,
    read_unknown,
)

TokenPair = Tuple[int, int, int, int]


def create_relation_scorer() -> Callable[..., Dict[str, Any]]:
    """Make the scorer registered as `spacy_xlre.relation_scorer.v1`; see `score_relations`."""
    return score_relations


def score_relations(
    examples: Iterable[Example],
    *,
    symmetric: Iterable[str] = (),
    inverse: Mapping[str, str] = AS_WRITTEN.inverse,
    candidates: Optional[Sequence[AbstractSet[TokenPair]]] = None,
    **kwargs: Any,
) -> Dict[str, Any]:
    """Compare the relations of predicted Docs with those of their references.

    examples (Iterable[Example]): Examples. The language of each is read from its reference.
    symmetric (Iterable[str]): Labels that hold both ways and count once.
    inverse (Mapping[str, str]): Labels that count as another one with head and tail exchanged.
    candidates (Optional[Sequence[AbstractSet[TokenPair]]]): For each example, the candidates as (head start, head end,
        tail start, tail end) in tokens of the predicted Doc.
    **kwargs: Accepted and not used: spaCy passes the component's whole `cfg`.
    RETURNS (Dict[str, Any]): `rel_micro_p`, `rel_micro_r`, `rel_micro_f`, `rel_macro_f` over labels, `rel_per_type`,
        `rel_per_language`, `rel_candidate_recall`; None where nothing was scored.
    """
    both = frozenset(symmetric)
    directions = Directions(both, inverse)
    gold: Set[RelationItem] = set()
    predicted: Set[RelationItem] = set()
    pairs: Set[PairItem] = set()
    languages: List[str] = []
    for key, eg in enumerate(examples):
        languages.append(get_language(eg.reference))
        unknown = read_unknown(eg.reference, key)
        gold |= set(read_items(eg.reference, key, directions))
        predicted |= set(judged(read_items(eg.predicted, key, directions), unknown, both))
        if candidates is not None:
            pairs |= {_pair(eg, key, found) for found in candidates[key]}
    total = count(gold, predicted)
    by_label = count_by(gold, predicted, lambda item: item.label)
    by_language = count_by(gold, predicted, lambda item: languages[cast(int, item.doc)])
    scored = bool(total)
    return {
        "rel_micro_p": total.precision if scored else None,
        "rel_micro_r": total.recall if scored else None,
        "rel_micro_f": total.f1 if scored else None,
        "rel_macro_f": macro_f1(by_label),
        "rel_per_type": {name: _prf(counts) for name, counts in by_label.items()} if scored else None,
        "rel_per_language": {name: _prf(counts) for name, counts in by_language.items()} if scored else None,
        "rel_candidate_recall": candidate_recall(gold, pairs, both) if candidates is not None else None,
    }


def _prf(counts: Counts) -> Dict[str, float]:
    return {"p": counts.precision, "r": counts.recall, "f": counts.f1}


def _pair(eg: Example, key: int, tokens: TokenPair) -> PairItem:
    doc = eg.predicted
    head_start, head_end, tail_start, tail_end = tokens
    head, tail = doc[head_start:head_end], doc[tail_start:tail_end]
    return key, (head.start_char, head.end_char), (tail.start_char, tail.end_char)
