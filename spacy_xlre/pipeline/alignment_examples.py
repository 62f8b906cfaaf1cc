"""What an aligner predicts for a Doc, and what it learns from one."""

from typing import Iterator, List, NamedTuple, Tuple

from spacy.tokens import Doc, Span

from ..ml.align.training import TrainingPair
from ..tokens.bitext import Bead, PairAlignment, get_alignment, get_segments, is_bitext, set_alignment


class Prediction(NamedTuple):
    """What an aligner found in a Doc: its sentence starts and alignments; both empty for a Doc that is no bitext."""

    sentence_starts: List[int]
    pairs: List[PairAlignment]

    @classmethod
    def read(cls, doc: Doc) -> "Prediction":
        """Read it off an aligned Doc."""
        alignment = get_alignment(doc)
        if alignment is None:
            return cls([], [])
        return cls([token.i for token in doc if token.is_sent_start], alignment.pairs)


def annotate(doc: Doc, prediction: Prediction) -> None:
    """Set sentence starts and alignments on a Doc with the same segments."""
    if not prediction.pairs:
        return
    if not doc.has_annotation("DEP"):
        starts = set(prediction.sentence_starts)
        for token in doc:
            token.is_sent_start = token.i in starts
    segments = get_segments(doc)
    pairs = [
        PairAlignment(segments[pair.source.label_], segments[pair.target.label_], pair.beads, pair.links)
        for pair in prediction.pairs
    ]
    set_alignment(doc, pairs)


def training_pairs(doc: Doc, *, with_links: bool) -> Iterator[TrainingPair]:
    """Yield the parallel texts of a bitext that an aligner can learn from.

    doc (Doc): A reference. Where it has beads, each is a pair; else its segments are, each with every other.
    with_links (bool): Take its links for known, where it has any between two segments.
    YIELDS (TrainingPair): Pairs; none for a Doc that is no bitext.
    """
    if not is_bitext(doc):
        return
    alignment = get_alignment(doc)
    if alignment is not None:
        pairs = alignment.pairs
    else:
        segments = list(get_segments(doc).values())
        pairs = [PairAlignment(a, b) for index, a in enumerate(segments) for b in segments[index + 1 :]]
    for pair in pairs:
        beads = pair.beads or [Bead((0, len(pair.source)), (0, len(pair.target)))]
        known = with_links and bool(pair.links)
        for bead in beads:
            if bead.source[0] == bead.source[1] or bead.target[0] == bead.target[1]:
                continue
            (source, source_tokens), (target, target_tokens) = (
                _text(pair.source, bead.source),
                _text(pair.target, bead.target),
            )
            links = None
            if known:
                links = {
                    (link.source - bead.source[0], link.target - bead.target[0])
                    for link in pair.links
                    if bead.source[0] <= link.source < bead.source[1] and bead.target[0] <= link.target < bead.target[1]
                }
            yield TrainingPair(source, target, source_tokens, target_tokens, links)


def _text(segment: Span, range_: Tuple[int, int]) -> Tuple[str, List[Tuple[int, int]]]:
    span = segment[range_[0] : range_[1]]
    return span.text, [(token.idx - span.start_char, token.idx - span.start_char + len(token)) for token in span]
