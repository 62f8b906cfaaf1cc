"""Metrics of relations as pure functions over sets of items: (document, head, label, tail).

An item that is gold and not predicted is a miss, whether or not its pair was ever a candidate. Whether entities are
gold or predicted is decided by the Docs that the items are read from.
"""

from collections import defaultdict
from dataclasses import dataclass
from typing import AbstractSet, Any, Callable, Dict, Hashable, List, Mapping, NamedTuple, Optional, Set, Tuple

from spacy.tokens import Doc, Span

from ..tokens import NA, get_relations, get_unknown
from ..tokens.directions import Directions

CharRange = Tuple[int, int]
PairItem = Tuple[Hashable, CharRange, CharRange]
AS_WRITTEN = Directions()


class RelationItem(NamedTuple):
    """What counts once: a document's key, the character ranges of head and tail, and the label between them."""

    doc: Hashable
    head: CharRange
    label: str
    tail: CharRange

    @property
    def pair(self) -> PairItem:
        """The item without its label."""
        return self.doc, self.head, self.tail


Items = AbstractSet[RelationItem]


@dataclass(frozen=True)
class Counts:
    """Hits, false alarms and misses; precision, recall and F1 are 0 where they would divide by 0."""

    tp: int = 0
    fp: int = 0
    fn: int = 0

    @property
    def precision(self) -> float:
        """Share of the predictions that are right."""
        return self.tp / (self.tp + self.fp) if self.tp + self.fp else 0.0

    @property
    def recall(self) -> float:
        """Share of the gold items that were found."""
        return self.tp / (self.tp + self.fn) if self.tp + self.fn else 0.0

    @property
    def f1(self) -> float:
        """Harmonic mean of precision and recall."""
        return 2 * self.tp / (2 * self.tp + self.fp + self.fn) if self.tp else 0.0

    def __bool__(self) -> bool:
        return bool(self.tp or self.fp or self.fn)


def read_items(doc: Doc, key: Hashable, directions: Directions = AS_WRITTEN) -> Dict[RelationItem, float]:
    """Read the relations of a Doc as items with their scores.

    doc (Doc): The Doc.
    key (Hashable): What identifies the document, the same for gold and predictions.
    directions (Directions): Symmetric and inverse labels, whose relations count once.
    RETURNS (Dict[RelationItem, float]): The best score of each item.
    """
    items: Dict[RelationItem, float] = {}
    for relation in get_relations(doc):
        head, tail = _chars(relation.head), _chars(relation.tail)
        label, turned = directions.canonical(relation.label, head <= tail)
        if turned:
            head, tail = tail, head
        item = RelationItem(key, head, label, tail)
        items[item] = max(relation.score, items.get(item, 0.0))
    return items


def read_unknown(doc: Doc, key: Hashable) -> AbstractSet[PairItem]:
    """Return the pairs of a Doc that nobody can judge: predictions about them do not count."""
    return {(key, _chars(head), _chars(tail)) for head, tail in get_unknown(doc)}


def judged(
    items: Mapping[RelationItem, float], unknown: AbstractSet[PairItem], symmetric: AbstractSet[str]
) -> Dict[RelationItem, float]:
    """Return the items, with their scores, whose pair somebody can judge.

    items (Mapping[RelationItem, float]): Predictions.
    unknown (AbstractSet[PairItem]): What `read_unknown` returns.
    symmetric (AbstractSet[str]): Labels that hold both ways: they are unknown whichever way the pair is.
    """

    def is_unknown(item: RelationItem) -> bool:
        return item.pair in unknown or (item.label in symmetric and (item.doc, item.tail, item.head) in unknown)

    return {item: score for item, score in items.items() if not is_unknown(item)}


def count(gold: AbstractSet[Any], predicted: AbstractSet[Any]) -> Counts:
    """Count hits, false alarms and misses of two sets of items of any kind, such as relations or entities."""
    hits = len(gold & predicted)
    return Counts(hits, len(predicted) - hits, len(gold) - hits)


def count_by(gold: Items, predicted: Items, group: Callable[[RelationItem], Optional[str]]) -> Dict[str, Counts]:
    """Count within groups of items, such as their labels or languages.

    group (Callable[[RelationItem], Optional[str]]): Names the group of an item; None leaves it out.
    RETURNS (Dict[str, Counts]): The groups that hold a gold or predicted item, sorted by name.
    """
    parts: Dict[str, Tuple[set, set]] = defaultdict(lambda: (set(), set()))
    for side, items in enumerate((gold, predicted)):
        for item in items:
            name = group(item)
            if name is not None:
                parts[name][side].add(item)
    return {name: count(*parts[name]) for name in sorted(parts)}


def with_na(items: Items, pairs: AbstractSet[PairItem]) -> Set[RelationItem]:
    """Add an item labelled NA for each pair without a relation, so that NA counts as a label like others.

    pairs (AbstractSet[PairItem]): All pairs that are judged, for example the candidates.
    """
    related = {item.pair for item in items}
    return {*items, *(RelationItem(doc, head, NA, tail) for doc, head, tail in pairs - related)}


def macro_f1(counts: Mapping[str, Counts]) -> Optional[float]:
    """Average the F1 of groups that hold anything; None if there are none."""
    scored = [group.f1 for group in counts.values() if group]
    return sum(scored) / len(scored) if scored else None


def candidate_recall(
    gold: Items, candidates: AbstractSet[PairItem], symmetric: AbstractSet[str] = frozenset()
) -> Optional[float]:
    """Return the share of gold items whose pair was a candidate: the ceiling of recall. None without gold items.

    symmetric (AbstractSet[str]): Labels for which either direction will do.
    """
    if not gold:
        return None
    found = 0
    for item in gold:
        turned = (item.doc, item.tail, item.head)
        found += item.pair in candidates or (item.label in symmetric and turned in candidates)
    return found / len(gold)


def precision_recall_curve(gold: Items, scored: Mapping[RelationItem, float]) -> List[Tuple[float, float]]:
    """Return (recall, precision) at every distinct score from the best down; items of equal score come together."""
    points: List[Tuple[float, float]] = []
    ranked = sorted(scored.items(), key=lambda pair: -pair[1])
    hits = 0
    for rank, (item, score) in enumerate(ranked, start=1):
        hits += item in gold
        if rank == len(ranked) or ranked[rank][1] != score:
            points.append((hits / len(gold) if gold else 0.0, hits / rank))
    return points


def precision_recall_area(gold: Items, scored: Mapping[RelationItem, float]) -> Optional[float]:
    """Return the area under the precision-recall curve as average precision: each step of recall at its precision.

    gold (Items): Gold items; those without a score are never reached, and cost their share of the area.
    scored (Mapping[RelationItem, float]): Predictions with scores, made with threshold 0 for the full curve.
    RETURNS (Optional[float]): In [0, 1]; None without gold items.
    """
    if not gold:
        return None
    area, last = 0.0, 0.0
    for recall, precision in precision_recall_curve(gold, scored):
        area += (recall - last) * precision
        last = recall
    return area


def precision_at(gold: Items, scored: Mapping[RelationItem, float], n: int) -> Optional[float]:
    """Return the share of the n best predictions that is right, of all of them if there are fewer; None without any."""
    best = sorted(scored, key=lambda item: (-scored[item], str(item)))[:n]
    return sum(item in gold for item in best) / len(best) if best else None


def _chars(span: Span) -> CharRange:
    return span.start_char, span.end_char
