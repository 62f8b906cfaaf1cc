"""How good distant labels are, against gold Docs of the same text."""

from collections import defaultdict
from dataclasses import dataclass
from typing import Dict, Hashable, Iterable, Set, Tuple

from spacy.tokens import Doc

from ..corpus.gold import get_traps
from ..errors import Errors, fail
from ..scoring.relations import Counts, RelationItem, count, read_items
from .pairs import doc_key


@dataclass(frozen=True)
class LabelQuality:
    """Labels against gold.

    counts (Counts): Right, wrong and missed labels.
    traps (int): Facts that are true of two entities mentioned together but not stated there.
    traps_labelled (int): Those of them that were labelled all the same.
    """

    counts: Counts
    traps: int
    traps_labelled: int

    @property
    def trap_rate(self) -> float:
        """Share of the traps that are labelled; 0 if there are none."""
        return self.traps_labelled / self.traps if self.traps else 0.0


def trap_items(doc: Doc, key: Hashable) -> Set[RelationItem]:
    """Return the traps of a gold Doc as items, of a document with this key."""
    return {
        RelationItem(key, (head.start_char, head.end_char), label, (tail.start_char, tail.end_char))
        for head, label, tail in get_traps(doc)
    }


def label_quality(labelled: Iterable[Doc], gold: Iterable[Doc]) -> Dict[str, LabelQuality]:
    """Compare distant labels with gold, Doc by Doc.

    labelled (Iterable[Doc]): Docs with distant labels. A symmetric relation has its head first in the text, as in gold.
    gold (Iterable[Doc]): Gold Docs of the same texts.
    RETURNS (Dict[str, LabelQuality]): By language code, and pooled under "all".
    RAISES (XlreError): If a labelled Doc has no gold Doc with its text.
    """
    references = {doc_key(doc): doc for doc in gold}
    sides: Dict[str, Tuple[Set[RelationItem], Set[RelationItem], Set[RelationItem]]]
    sides = defaultdict(lambda: (set(), set(), set()))
    for doc in labelled:
        key = doc_key(doc)
        reference = references.get(key)
        if reference is None:
            raise fail(Errors.X602, doc=key[0], lang=key[1])
        truth = set(read_items(reference, key))
        traps = trap_items(reference, key) - truth
        for group in (key[1], "all"):
            for side, items in zip(sides[group], (truth, set(read_items(doc, key)), traps)):
                side.update(items)
    return {
        group: LabelQuality(count(truth, found), len(traps), len(traps & found))
        for group, (truth, found, traps) in sides.items()
    }
