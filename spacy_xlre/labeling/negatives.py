"""How well the knowledge base can know that a pair without a fact holds no relation (a local closed world)."""

from typing import Callable, List

from ..kb.store import KnowledgeBase, Property
from .settings import LabelingSettings

Grader = Callable[[str, str], float]


def fitting_properties(kb: KnowledgeBase, head: str, tail: str) -> List[Property]:
    """Return the properties whose allowed types fit a pair of entities; no types listed means any."""
    head_types, tail_types = _types(kb, head), _types(kb, tail)
    return [
        p
        for p in kb.properties.values()
        if (not p.head_types or head_types & set(p.head_types)) and (not p.tail_types or tail_types & set(p.tail_types))
    ]


def grade_negative(kb: KnowledgeBase, head: str, tail: str, settings: LabelingSettings) -> float:
    """Weigh NA for a pair of entities between which no fact stands, in [0, 1]; 0 means that nobody can say.

    1 where the types exclude every property; then `na_functional`, `na_described` and `na_sparse` (see the settings).
    """
    fitting = fitting_properties(kb, head, tail)
    if not fitting:
        return 1.0
    if all(p.functional and kb.facts(subject=head, property=p.id) for p in fitting):
        return settings.na_functional
    if min(kb.fact_count(head), kb.fact_count(tail)) >= settings.described_facts:
        return settings.na_described
    return settings.na_sparse


def _types(kb: KnowledgeBase, entity: str) -> set:
    known = kb.entity(entity)
    return set(known.types) if known is not None else set()
