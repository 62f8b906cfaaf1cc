"""Which candidate pairs of a batch belong together: those of one bag, and those that translate each other."""

from collections import defaultdict
from typing import Dict, Iterator, List, Sequence, Tuple

import numpy as np
from spacy.training import Example

from ..ml.relations.pairs import DocPairs, IntArray
from ..tokens import get_bitext_id, get_language
from .targets import SpanAligner

Bag = Tuple[str, str]


def bag_numbers(examples: Sequence[Example], pairs: Sequence[DocPairs]) -> IntArray:
    """Number the bags of a batch.

    examples (Sequence[Example]): Their references' entities hold the ids.
    pairs (Sequence[DocPairs]): The candidates of each.
    RETURNS (IntArray): Shape (n_pairs,): the same number for ordered pairs of the same two ids; a number of its own for
        a pair that lacks one.
    """
    numbers: Dict[Bag, int] = {}
    found: List[int] = []
    for _, rows in _bags(examples, pairs):
        for bag in rows:
            fresh = len(numbers)
            found.append(numbers.setdefault(bag if all(bag) else (str(len(found)), ""), fresh))
    return np.array(found, dtype="int64")


def translated_pairs(examples: Sequence[Example], pairs: Sequence[DocPairs]) -> Tuple[IntArray, IntArray]:
    """Find pairs that translate each other: of the same bitext and the same two ids, in different languages.

    Where a text mentions two entities several times, the first pair goes with the first one, and so on.

    examples (Sequence[Example]): Their references hold ids, language and bitext.
    pairs (Sequence[DocPairs]): The candidates of each.
    RETURNS (Tuple[IntArray, IntArray]): The rows of each couple, shape (n_couples,) each.
    """
    rows_of: Dict[Tuple[str, Bag], Dict[str, List[int]]] = defaultdict(dict)
    row = 0
    for eg, bags in _bags(examples, pairs):
        bitext, lang = get_bitext_id(eg.reference), get_language(eg.reference)
        for bag in bags:
            if bitext and all(bag):
                rows_of[bitext, bag].setdefault(lang, []).append(row)
            row += 1
    couples = [
        couple
        for by_language in rows_of.values()
        for index, one in enumerate(by_language.values())
        for other in list(by_language.values())[index + 1 :]
        for couple in zip(one, other)
    ]
    first, second = np.array(couples, dtype="int64").reshape(-1, 2).T
    return first, second


def _bags(examples: Sequence[Example], pairs: Sequence[DocPairs]) -> Iterator[Tuple[Example, List[Bag]]]:
    """Yield for each example the ids of the entities of its pairs, empty where there are none."""
    for eg, doc_pairs in zip(examples, pairs):
        align = SpanAligner(eg)
        ids = {align(ent): ent.kb_id_ for ent in eg.reference.ents}
        names = [ids.get((start, end), "") for start, end in doc_pairs.spans.tolist()]
        yield eg, [(names[head], names[tail]) for head, tail in zip(doc_pairs.heads, doc_pairs.tails)]
