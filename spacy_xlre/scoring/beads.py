"""How well the sentences of two texts were aligned: precision, recall and F1 of beads, strict and lax.

A bead is strictly right if a gold bead holds exactly the same sentences; it is laxly right if it shares a sentence of
each side with one. Beads with an empty side count among the found ones, where they are right only if the gold standard
has them, but are not expected to be found (Thompson and Koehn 2019, "Vecalign"; Sennrich and Volk 2011).
"""

from dataclasses import dataclass
from typing import Iterable, Sequence, Set, Tuple

SentenceBead = Tuple[Sequence[int], Sequence[int]]


@dataclass(frozen=True)
class BeadCounts:
    """Numbers of beads, which add up over documents: `sum(counts, BeadCounts())`.

    found, found_strict, found_lax (int): Found beads, and how many of them are right.
    gold, gold_strict, gold_lax (int): Gold beads without an empty side, and how many of them were found.
    """

    found: int = 0
    found_strict: int = 0
    found_lax: int = 0
    gold: int = 0
    gold_strict: int = 0
    gold_lax: int = 0

    def __add__(self, other: "BeadCounts") -> "BeadCounts":
        return BeadCounts(*(getattr(self, name) + getattr(other, name) for name in self.__dataclass_fields__))

    @property
    def strict(self) -> Tuple[float, float, float]:
        """Precision, recall and F1 of beads as they are."""
        return _scores(self.found_strict, self.found, self.gold_strict, self.gold)

    @property
    def lax(self) -> Tuple[float, float, float]:
        """Precision, recall and F1 where an overlap on both sides will do."""
        return _scores(self.found_lax, self.found, self.gold_lax, self.gold)


def count_beads(gold: Iterable[SentenceBead], found: Iterable[SentenceBead]) -> BeadCounts:
    """Compare the beads of a document with the gold standard.

    gold, found (Iterable[SentenceBead]): Beads as sentence numbers of both sides, in any order. Those with two empty
        sides and copies do not count.
    RETURNS (BeadCounts): How many are right.
    """
    expected, given = _as_set(gold), _as_set(found)
    whole = [{bead for bead in beads if bead[0] and bead[1]} for beads in (expected, given)]
    right = [_right(given, expected), _right(*whole)]
    return BeadCounts(len(given), *right[0], len(whole[0]), *right[1])


def _as_set(beads: Iterable[SentenceBead]) -> Set[Tuple[Tuple[int, ...], Tuple[int, ...]]]:
    rows = ((tuple(sorted(source)), tuple(sorted(target))) for source, target in beads)
    return {bead for bead in rows if bead[0] or bead[1]}


def _right(
    beads: Set[Tuple[Tuple[int, ...], Tuple[int, ...]]], others: Set[Tuple[Tuple[int, ...], Tuple[int, ...]]]
) -> Tuple[int, int]:
    """Count the beads that are among the others, and those that overlap with one on both sides or are among them."""
    pairs = {(i, j) for source, target in others for i in source for j in target}
    strict = beads & others
    lax = [bead for bead in beads - others if any((i, j) in pairs for i in bead[0] for j in bead[1])]
    return len(strict), len(strict) + len(lax)


def _scores(found_right: int, found: int, gold_right: int, gold: int) -> Tuple[float, float, float]:
    precision = found_right / found if found else 0.0
    recall = gold_right / gold if gold else 0.0
    return precision, recall, 2 * precision * recall / (precision + recall) if precision + recall else 0.0
