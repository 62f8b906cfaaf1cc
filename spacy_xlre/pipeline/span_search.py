"""Finding where a span lies in a translation by what it means, where links are missing or contradict each other.

*How it works.* First comes the best run of linked words (`tokens.projection`). Where that finds nothing, or something
that it is not sure of, every short candidate span of the target bead is compared with the source span: by the cosine of
the means of their word pieces, above that of candidates at large, and by how well links agree with the candidate. The
best candidate that is near enough wins.
"""

from typing import TYPE_CHECKING, Callable, Dict, List, Optional, Sequence, Tuple

import numpy
from thinc.types import Floats1d, Floats2d

from ..ml.align.types import EncodedText
from ..tokens.bitext import Bead, Link, PairAlignment
from ..tokens.projection import Found, Range, project_range, score_ranges

if TYPE_CHECKING:
    from ..ml.align.encoder import AlignmentEncoder

LinkScore = Callable[[Range], float]

# Projections by links that are at least as sure are kept. This and the next three were chosen on the embedded corpus
# and on CrossRE's development part.
SURE = 0.15
# How much links count beside the vectors.
LINK_SHARE = 1.0
# The least that a candidate must be nearer than candidates at large, of all that is possible.
NEAREST = 0.3
# Longest candidates: so many tokens for one of the source span, and so many more.
LONGER, MORE = 2, 3


class SpanSearch:
    """A way of projecting for `PairAlignment.project`: by links, and by vectors where links do not say enough.

    pair (PairAlignment): The alignment; spans of its source are searched in its target.
    encoder (AlignmentEncoder): Encodes each bead once, when a span of it is searched.
    """

    def __init__(self, pair: PairAlignment, encoder: "AlignmentEncoder") -> None:
        self.pair = pair
        self.encoder = encoder
        self._vectors: Dict[Range, Tuple[Floats2d, Floats2d]] = {}

    def __call__(self, source: Range, links: Sequence[Link]) -> Found:
        """Find the target range of a source range; both are counted from their segments' starts."""
        by_links = project_range(source, links)
        if by_links[1] >= SURE:
            return by_links
        bead = self._bead(source)
        if bead is None:
            return by_links
        source_sums, target_sums = self._encode(bead)
        start = bead.target[0]
        found = _nearest(
            source_sums[source[1] - bead.source[0]] - source_sums[source[0] - bead.source[0]],
            target_sums,
            LONGER * (source[1] - source[0]) + MORE,
            lambda candidate: score_ranges(source, (start + candidate[0], start + candidate[1]), links),
        )
        if found is None:
            return by_links
        (first, last), score = found
        return (start + first, start + last), score, ""

    def _bead(self, source: Range) -> Optional[Bead]:
        """Return one bead of those that hold a range: from the first one's start to the last one's end."""
        beads = self.pair.beads or [Bead((0, len(self.pair.source)), (0, len(self.pair.target)))]
        held = [bead for bead in beads if bead.source[0] < source[1] and source[0] < bead.source[1]]
        if not held:
            return None
        target = (held[0].target[0], held[-1].target[1])
        if target[0] == target[1]:
            return None
        return Bead((held[0].source[0], held[-1].source[1]), target)

    def _encode(self, bead: Bead) -> Tuple[Floats2d, Floats2d]:
        if bead.source not in self._vectors:
            sides = [
                segment.doc[segment.start + start : segment.start + end]
                for segment, (start, end) in ((self.pair.source, bead.source), (self.pair.target, bead.target))
            ]
            offsets = [[(t.idx - side.start_char, t.idx - side.start_char + len(t)) for t in side] for side in sides]
            texts = self.encoder.encode([side.text for side in sides], offsets, [False, False])
            sums = [_running_sums(text, len(side)) for text, side in zip(texts, sides)]
            self._vectors[bead.source] = sums[0], sums[1]
        return self._vectors[bead.source]


def _running_sums(text: EncodedText, n_tokens: int) -> Floats2d:
    """Sum up the vectors of word pieces over the tokens in front of each place, shape (n_tokens + 1, width)."""
    sums = numpy.zeros((n_tokens + 1, text.pieces.shape[1]), dtype="float64")
    numpy.add.at(sums, text.first + 1, text.pieces)
    return numpy.cumsum(sums, axis=0)


def _unit(vectors: Floats2d) -> Floats2d:
    return vectors / numpy.maximum(numpy.linalg.norm(vectors, axis=-1, keepdims=True), 1e-9)


def _nearest(source: Floats1d, target: Floats2d, longest: int, links: LinkScore) -> Optional[Tuple[Range, float]]:
    """Return the best candidate and its score, or None if none is near enough."""
    n_tokens = len(target) - 1
    candidates: List[Range] = []
    cosines: List[Floats1d] = []
    for length in range(1, min(longest, n_tokens) + 1):
        candidates += [(start, start + length) for start in range(n_tokens - length + 1)]
        cosines.append(_unit(target[length:] - target[:-length]) @ _unit(source))
    similar = numpy.concatenate(cosines)
    usual = float(similar.sum() - similar.max()) / (len(similar) - 1) if len(similar) > 1 else 0.0
    nearer = ((similar - usual) / max(1.0 - usual, 1e-6)).clip(0.0, 1.0)
    value = nearer + LINK_SHARE * numpy.array([links(candidate) for candidate in candidates])
    best = int(value.argmax())
    if nearer[best] < NEAREST:
        return None
    return candidates[best], float(nearer[best])
