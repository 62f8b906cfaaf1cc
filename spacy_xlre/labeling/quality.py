"""How good distant labels are, against gold Docs of the same text."""

from collections import defaultdict
from dataclasses import dataclass
from typing import Dict, Iterable, Set, Tuple

from spacy.tokens import Doc

from ..corpus.gold import get_traps
from ..errors import Errors, fail
from ..tokens import get_bitext_id, get_language, get_relations

Item = Tuple[str, str, Tuple[int, int], str, Tuple[int, int]]


@dataclass
class LabelQuality:
    """Counts of distant labels against gold: true and false positives, misses, and traps labelled.

    A trap is a fact that is true of two entities mentioned together but not stated there; labelling it is an error.
    """

    right: int = 0
    wrong: int = 0
    missed: int = 0
    traps: int = 0
    traps_labelled: int = 0

    @property
    def precision(self) -> float:
        """Share of the labels that gold states."""
        return self.right / (self.right + self.wrong) if self.right + self.wrong else 0.0

    @property
    def recall(self) -> float:
        """Share of what gold states that is labelled."""
        return self.right / (self.right + self.missed) if self.right + self.missed else 0.0

    @property
    def f1(self) -> float:
        """Harmonic mean of precision and recall."""
        total = self.precision + self.recall
        return 2 * self.precision * self.recall / total if total else 0.0

    @property
    def trap_rate(self) -> float:
        """Share of the traps that are labelled."""
        return self.traps_labelled / self.traps if self.traps else 0.0


def label_quality(labelled: Iterable[Doc], gold: Iterable[Doc]) -> Dict[str, LabelQuality]:
    """Compare distant labels with gold, Doc by Doc, by bitext id and language.

    labelled (Iterable[Doc]): Docs with distant labels.
    gold (Iterable[Doc]): Gold Docs of the same texts and tokens.
    RETURNS (Dict[str, LabelQuality]): By language code, and pooled under "all".
    RAISES (XlreError): If a labelled Doc has no gold Doc.
    """
    references = {(get_bitext_id(doc), get_language(doc)): doc for doc in gold}
    quality: Dict[str, LabelQuality] = defaultdict(LabelQuality)
    for doc in labelled:
        key = (get_bitext_id(doc), get_language(doc))
        if key not in references or references[key].text != doc.text:
            raise fail(Errors.X602, doc=key[0], lang=key[1])
        found, truth = _items(doc), _items(references[key])
        traps = {(*key, (h.start, h.end), label, (t.start, t.end)) for h, label, t in get_traps(references[key])}
        for counts in (quality[key[1]], quality["all"]):
            counts.right += len(found & truth)
            counts.wrong += len(found - truth)
            counts.missed += len(truth - found)
            counts.traps += len(traps - truth)
            counts.traps_labelled += len((traps - truth) & found)
    return dict(quality)


def _items(doc: Doc) -> Set[Item]:
    key = (get_bitext_id(doc), get_language(doc))
    return {
        (*key, (r.head.start, r.head.end), r.label, (r.tail.start, r.tail.end))
        for r in get_relations(doc)
        if r.weight > 0
    }
