"""Batches that keep together what is learned together: translations, and Docs whose relations share a bag."""

from collections import defaultdict
from typing import Callable, Dict, Iterable, Iterator, List, Set

from spacy.training import Example

from ..errors import Errors, fail
from ..tokens import get_bitext_id, get_relations

Batcher = Callable[[Iterable[Example]], Iterator[List[Example]]]


def create_bag_batcher(size: int = 32, max_group: int = 8) -> Batcher:
    """Make the batcher registered as `spacy_xlre.batch_by_bag.v1`.

    An example is followed by those of the same bitext, and by those with a relation of the same bag, in the order in
    which they come; groups are not split unless they are larger than a batch. The whole epoch is held in memory.

    size (int): The most examples of a batch.
    max_group (int): The most examples that follow one another for a bag; those of a bitext always do.
    RETURNS (Callable): From examples to batches.
    RAISES (XlreError): If a number is below 1.
    """
    for name, value in (("size", size), ("max_group", max_group)):
        if value < 1:
            raise fail(Errors.X517, name=name, value=value)

    def batch(examples: Iterable[Example]) -> Iterator[List[Example]]:
        current: List[Example] = []
        for group in group_examples(list(examples), max_group):
            if current and len(current) + len(group) > size:
                yield current
                current = []
            current += group
            while len(current) > size:
                yield current[:size]
                current = current[size:]
        if current:
            yield current

    return batch


def group_examples(examples: List[Example], max_group: int) -> Iterator[List[Example]]:
    """Yield groups of examples that share a bitext or a bag; each example is in one group."""
    by_bitext: Dict[str, List[int]] = defaultdict(list)
    by_bag: Dict[str, List[int]] = defaultdict(list)
    for index, eg in enumerate(examples):
        by_bitext[get_bitext_id(eg.reference) or f"\0{index}"].append(index)
        for bag in {relation.bag for relation in get_relations(eg.reference)} - {""}:
            by_bag[bag].append(index)
    used: Set[int] = set()
    siblings = {index: group for group in by_bitext.values() for index in group}
    for index, eg in enumerate(examples):
        group: List[int] = []
        related = (i for relation in get_relations(eg.reference) for i in by_bag.get(relation.bag, ()))
        for other in (index, *related) if index not in used else ():
            if other not in used and (not group or len(group) < max_group):
                group += siblings[other]
                used.update(siblings[other])
        if group:
            yield [examples[i] for i in group]
