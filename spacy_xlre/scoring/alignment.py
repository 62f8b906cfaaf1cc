"""The metrics of word alignment, and the registered scorer of `xlre_aligner`."""

from dataclasses import dataclass
from typing import AbstractSet, Any, Callable, Dict, Iterable, Tuple

from spacy.training import Example

from ..tokens.bitext import get_alignment

TokenPair = Tuple[int, int]
# A reference's link below this probability is a possible one: right if found, no miss if not.
SURE = 0.75


@dataclass
class LinkCounts:
    """Sums over sentences, from which the metrics follow (Och and Ney 2003).

    found, sure (int): Predicted links, and sure links of the reference.
    found_possible, found_sure (int): Predicted links that are possible, and that are sure, in the reference.
    """

    found: int = 0
    sure: int = 0
    found_possible: int = 0
    found_sure: int = 0

    def add(
        self, found: AbstractSet[TokenPair], sure: AbstractSet[TokenPair], possible: AbstractSet[TokenPair]
    ) -> None:
        """Count a sentence; every sure link is possible, too."""
        self.found += len(found)
        self.sure += len(sure)
        self.found_possible += len(found & (possible | sure))
        self.found_sure += len(found & sure)

    @property
    def precision(self) -> float:
        """Share of the predicted links that are possible; 0 without any."""
        return self.found_possible / self.found if self.found else 0.0

    @property
    def recall(self) -> float:
        """Share of the sure links that are predicted; 0 without any."""
        return self.found_sure / self.sure if self.sure else 0.0

    @property
    def f1(self) -> float:
        """Harmonic mean of precision and recall."""
        total = self.precision + self.recall
        return 2 * self.precision * self.recall / total if total else 0.0

    @property
    def error_rate(self) -> float:
        """Alignment error rate; 1 where nothing was predicted or to be found."""
        total = self.found + self.sure
        return 1.0 - (self.found_sure + self.found_possible) / total if total else 1.0


def score_links(examples: Iterable[Example], **kwargs: Any) -> Dict[str, Any]:
    """Compare the links of predicted bitexts with those of the references, for every pair of segments that both have.

    examples (Iterable[Example]): Examples with the same tokens and segments on both sides.
    RETURNS (Dict[str, Any]): `align_p`, `align_r`, `align_f` and `align_aer`, None where nothing was to be compared.
    """
    counts = LinkCounts()
    for eg in examples:
        truth = get_alignment(eg.reference)
        if truth is None:
            continue
        guess = get_alignment(eg.predicted)
        for pair in truth.pairs:
            if not pair.links:
                continue
            other = guess.between(pair.source.label_, pair.target.label_) if guess is not None else None
            found = {(link.source, link.target) for link in other.links} if other is not None else set()
            sure = {(link.source, link.target) for link in pair.links if link.prob >= SURE}
            counts.add(found, sure, {(link.source, link.target) for link in pair.links})
    if not counts.sure:
        return {"align_p": None, "align_r": None, "align_f": None, "align_aer": None}
    return {
        "align_p": counts.precision,
        "align_r": counts.recall,
        "align_f": counts.f1,
        "align_aer": counts.error_rate,
    }


def create_alignment_scorer() -> Callable[..., Dict[str, Any]]:
    """Make the scorer registered as `spacy_xlre.alignment_scorer.v1`."""
    return score_links
