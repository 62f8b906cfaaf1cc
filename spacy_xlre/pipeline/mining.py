"""Translation pairs out of unaligned sentences of two languages: texts and vectors in, pairs out.

*How it works.* Equal sentences of a side are compared once. The vectors of both sides are made comparable
(`ml.align.common_space`), first by centring, then by what the surest pairs teach. Each sentence meets its nearest
neighbours of the other side; a pair's margin says how much nearer it is than the neighbourhood. Pairs are taken by
falling margin, each sentence as often as it stands in its text. The same text on both sides is no translation, and
never a pair.
"""

from dataclasses import dataclass
from typing import Any, Callable, Dict, List, Optional, Sequence, Tuple

import numpy
from thinc.types import Floats1d, Floats3d, Ints1d

from ..ml.align.common_space import join_layers, stretch, to_unit
from ..ml.align.nearest import (
    EXACT_UP_TO,
    Candidates,
    Neighbours,
    find_neighbours,
    mutual_best,
    one_to_one,
    pair_candidates,
)

# Pairs of this margin teach which directions matter. Chosen on NTREX.
SURE_MARGIN = 0.125
# Fewer would teach what is particular to them.
MIN_SURE = 30
# Neighbours that may become pairs; the margin is taken over the nearest of them.
MAX_CANDIDATES = 16

Progress = Callable[[str, int], Any]
Probability = Callable[[Floats1d, Ints1d, Ints1d], Floats1d]


@dataclass(frozen=True)
class MiningSettings:
    """How pairs are chosen.

    neighbours (int): How many neighbours of each side the margin is taken over.
    min_margin (float): Pairs of a lower margin are left out. 0 is a pair that is no nearer than its neighbourhood; 0.1
        takes nine right pairs in ten out of text of which a third has a translation.
    min_prob (float): Pairs of a lower P(s,t) are left out.
    learn (bool): Let the surest pairs teach the comparison, where there are enough. Without it, sides are only centred.
    exact_up_to (int): Sentences of the larger side up to which all are compared with all.
    """

    neighbours: int = 4
    min_margin: float = 0.1
    min_prob: float = 0.0
    learn: bool = True
    exact_up_to: int = EXACT_UP_TO


@dataclass(frozen=True)
class MinedPair:
    """A sentence and its translation: where they stand on their sides, their margin, and P(s,t)."""

    source: int
    target: int
    margin: float
    prob: float


@dataclass(frozen=True)
class LeftOut:
    """A sentence that is in no pair: its side (0 source, 1 target), where it stands there, and why."""

    side: int
    index: int
    reason: str


@dataclass(frozen=True)
class Mined:
    """What mining found: pairs in the order of the source, and every sentence that is in none of them."""

    pairs: List[MinedPair]
    left_out: List[LeftOut]


class UniqueTexts:
    """The different texts of a side, each with the places at which it stands.

    texts (Sequence[str]): All sentences; of the same text, the first gives the vector.
    """

    def __init__(self, texts: Sequence[str]) -> None:
        self.places: Dict[str, List[int]] = {}
        for index, text in enumerate(texts):
            self.places.setdefault(text, []).append(index)
        self.texts = list(self.places)
        self.copies = numpy.array([len(places) for places in self.places.values()], dtype="int64")


def mine_pairs(
    source: UniqueTexts,
    target: UniqueTexts,
    source_vectors: Floats3d,
    target_vectors: Floats3d,
    probability: Probability,
    settings: Optional[MiningSettings] = None,
    progress: Optional[Progress] = None,
) -> Mined:
    """Find the sentences of two sides that are translations of each other.

    source, target (UniqueTexts): The sentences, each in one language.
    source_vectors, target_vectors (Floats3d): A vector for each different text and layer, the last layer last, shape
        (n_texts, n_layers, width).
    probability (Callable[[Floats1d, Ints1d, Ints1d], Floats1d]): From the cosines of pairs' last-layer vectors, and
        where their texts stand on both sides, to P(s,t).
    settings (MiningSettings): How pairs are chosen.
    progress (Callable[[str, int], Any]): Called with the name of a step and the number of texts that it is done with.
    RETURNS (Mined): Pairs, one-to-one by place, and what is left out, with the reason.
    """
    settings = settings or MiningSettings()
    report = progress or (lambda step, count: None)
    shared = {text: index for index, text in enumerate(target.texts) if text in source.places}
    same = {(index, shared[text]) for index, text in enumerate(source.texts) if text in shared}
    vectors = join_layers(source_vectors), join_layers(target_vectors)
    candidates = _candidates(vectors, same, settings, lambda count: report("compare", count))
    if settings.learn:
        best = mutual_best(candidates)
        sure = best.margin >= SURE_MARGIN
        if sure.sum() >= MIN_SURE:
            taught = vectors[0][best.source[sure]], vectors[1][best.target[sure]]
            vectors = stretch(*vectors, taught)
            candidates = _candidates(vectors, same, settings, lambda count: report("compare again", count))
    probs = _probabilities(candidates, source_vectors, target_vectors, probability)
    reasons = _reasons(candidates, probs, (source, target), same, settings)
    kept = numpy.nonzero((candidates.margin >= settings.min_margin) & (probs >= settings.min_prob))[0]
    good = Candidates(*(part[kept] for part in candidates))
    chosen = [
        (int(good.source[index]), int(good.target[index]), float(good.margin[index]), float(probs[kept[index]]), copies)
        for index, copies in one_to_one(good, source.copies, target.copies)
    ]
    return _lines(chosen, (source, target), reasons)


def _candidates(
    vectors: Tuple[Any, Any], same: Any, settings: MiningSettings, report: Callable[[int], Any]
) -> Candidates:
    """Find candidate pairs, those of the same text aside: neither are they pairs, nor do they count as neighbours."""
    wanted = max(settings.neighbours, MAX_CANDIDATES) + bool(same)
    forward, backward = find_neighbours(*vectors, wanted, exact_up_to=settings.exact_up_to, progress=report)
    if same:
        forward = _without(forward, same)
        backward = _without(backward, {(target, source) for source, target in same})
    candidates = pair_candidates(forward, backward, settings.neighbours)
    if same:
        kept = numpy.array(
            [pair not in same for pair in zip(candidates.source.tolist(), candidates.target.tolist())], dtype=bool
        )
        candidates = Candidates(*(part[kept] for part in candidates))
    return candidates


def _without(neighbours: Neighbours, same: Any) -> Neighbours:
    """Put the neighbour that has the same text last, so that it does not make the neighbourhood look near."""
    own = dict(same)
    at = numpy.array([own.get(row, -1) for row in range(len(neighbours.indices))])
    order = numpy.argsort(neighbours.indices == at[:, None], axis=1, kind="stable")
    return Neighbours(*(numpy.take_along_axis(part, order, axis=1) for part in neighbours))


def _probabilities(
    candidates: Candidates,
    source_vectors: Floats3d,
    target_vectors: Floats3d,
    probability: Probability,
) -> Floats1d:
    step = 50_000
    parts = [numpy.zeros(0, dtype="float32")]
    for start in range(0, len(candidates.source), step):
        rows, columns = (side[start : start + step] for side in (candidates.source, candidates.target))
        left, right = (
            to_unit(vectors[places, -1].astype("float32"))
            for vectors, places in ((source_vectors, rows), (target_vectors, columns))
        )
        parts.append(probability((left * right).sum(axis=1), rows, columns))
    return numpy.concatenate(parts)


def _reasons(
    candidates: Candidates, probs: Floats1d, sides: Tuple[UniqueTexts, UniqueTexts], same: Any, settings: MiningSettings
) -> Tuple[List[str], List[str]]:
    """Say for every text why it has no pair, should it have none."""
    found = []
    for side, own in enumerate((candidates.source, candidates.target)):
        reasons = ["there is nothing to compare it with"] * len(sides[side].texts)
        order = numpy.lexsort((candidates.margin, own))
        last = numpy.nonzero(numpy.diff(own[order], append=-1))[0]
        for index in order[last].tolist():
            margin, prob = float(candidates.margin[index]), float(probs[index])
            if margin < settings.min_margin:
                reason = f"its best margin is {margin:.3f}"
            elif prob < settings.min_prob:
                reason = f"P(s,t) of its best pair is {prob:.3f}"
            else:
                reason = "its best counterpart has a better one"
            reasons[int(own[index])] = reason
        for pair in same:
            reasons[pair[side]] = f"the same text stands on the other side; else {reasons[pair[side]]}"
        found.append(reasons)
    return found[0], found[1]


def _lines(
    chosen: List[Tuple[int, int, float, float, int]],
    sides: Tuple[UniqueTexts, UniqueTexts],
    reasons: Tuple[List[str], List[str]],
) -> Mined:
    """Give out the places of each text in order. Further copies of a pair are left out as such."""
    free = [[iter(places) for places in side.places.values()] for side in sides]
    pairs, left_out = [], []
    for source, target, margin, prob, copies in chosen:
        pairs.append(MinedPair(next(free[0][source]), next(free[1][target]), margin, prob))
        for _ in range(copies - 1):
            left_out += [
                LeftOut(side, next(free[side][index]), "a copy of a pair that was found")
                for side, index in enumerate((source, target))
            ]
    for side in (0, 1):
        for places, reason in zip(free[side], reasons[side]):
            left_out += [LeftOut(side, place, reason) for place in places]
    return Mined(
        sorted(pairs, key=lambda pair: (pair.source, pair.target)),
        sorted(left_out, key=lambda item: (item.side, item.index)),
    )
