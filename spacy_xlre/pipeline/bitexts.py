"""The steps of aligning a batch of bitexts: sentences, one pass of the encoder, then beads and links of every pair."""

from dataclasses import dataclass, field
from itertools import combinations
from typing import TYPE_CHECKING, Dict, Iterable, Iterator, List, Sequence, Tuple

import numpy
from spacy.attrs import IDX, LENGTH
from spacy.tokens import Doc, Span

from ..ml.align.beads import BeadRow, BeadSettings, find_beads
from ..ml.align.links import link_beads
from ..ml.align.methods import LinkSettings
from ..ml.align.probability import ProbabilitySettings, bead_probability
from ..ml.align.types import EncodedText
from ..tokens.bitext import Bead, Link, PairAlignment, get_segments, set_alignment
from ..tokens.sentences import split_sentences

if TYPE_CHECKING:
    from ..ml.align.encoder import AlignmentEncoder

ALL_PAIRS = "all"
# Tokens of the Docs that are buffered together.
BATCH_TOKENS = 20_000


@dataclass(frozen=True)
class AlignSettings:
    """How bitexts are aligned; see `make_aligner` for the meaning of each."""

    method: str
    links: LinkSettings
    beads: BeadSettings
    probability: ProbabilitySettings
    pairs: str
    keep_sentences: bool
    bead_probs: bool


@dataclass
class _Side:
    """A segment with its sentences as token ranges from its start, and what the encoder says about each."""

    segment: Span
    sentences: List[Tuple[int, int]]
    encoded: List[EncodedText] = field(default_factory=list)
    with_vectors: bool = False


def align_bitexts(docs: Sequence[Doc], encoder: "AlignmentEncoder", settings: AlignSettings) -> None:
    """Set the sentence starts, beads and links of bitexts, in place.

    docs (Sequence[Doc]): Bitexts. Their sentences are encoded together, so give many short ones at once.
    encoder (AlignmentEncoder): Gives vectors of word pieces and sentences.
    settings (AlignSettings): How.
    """
    for doc in docs:
        mark_sentences(doc, keep=settings.keep_sentences)
    sides = [[_side(segment) for segment in get_segments(doc).values()] for doc in docs]
    chosen = [(index, pair) for index, group in enumerate(sides) for pair in _pairs(group, settings)]
    for _, pair in chosen:
        if settings.bead_probs or any(len(side.sentences) > 1 for side in pair):
            for side in pair:
                side.with_vectors = True
    _encode([side for group in sides for side in group], encoder)
    tasks = [(index, pair, _beads(*pair, settings)) for index, pair in chosen]
    sought = [
        (source.encoded[slice(*bead.source)], target.encoded[slice(*bead.target)])
        for _, (source, target), beads in tasks
        for bead in beads
    ]
    found = link_beads(sought, settings.method, settings.links)
    pairs: Dict[int, List[PairAlignment]] = {index: [] for index in range(len(docs))}
    for index, (source, target), rows in tasks:
        links = [Link(i, j, prob) for _ in rows for (i, j), prob in next(found).items()]
        beads = [_bead(row, source, target, settings) for row in rows]
        pairs[index].append(
            PairAlignment(source.segment, target.segment, beads, sorted(links, key=lambda li: (li.source, li.target)))
        )
    for index, doc in enumerate(docs):
        set_alignment(doc, pairs[index])


def batch_bitexts(stream: Iterable[Doc], batch_size: int) -> Iterator[List[Doc]]:
    """Group a stream of Docs to be aligned together.

    stream (Iterable[Doc]): Docs.
    batch_size (int): The most Docs of a group; fewer if they are long.
    YIELDS (List[Doc]): Docs in order.
    """
    batch: List[Doc] = []
    tokens = 0
    for doc in stream:
        if batch and (len(batch) >= batch_size or tokens + len(doc) > BATCH_TOKENS):
            yield batch
            batch, tokens = [], 0
        batch.append(doc)
        tokens += len(doc)
    if batch:
        yield batch


def mark_sentences(doc: Doc, *, keep: bool = False) -> None:
    """Set the sentence starts of every segment of a bitext by the rules of its language.

    doc (Doc): The bitext. What stands between two segments becomes a sentence of its own, so that none crosses.
    keep (bool): Keep the sentence starts of a Doc that has some, and only see to it that segments begin one.
    """
    if doc.has_annotation("DEP"):  # spaCy takes sentence starts from a parse and lets nobody change them
        return
    kept = keep and doc.has_annotation("SENT_START")
    for lang, segment in get_segments(doc).items():
        if not kept:
            split_sentences(segment, lang)
        for position in (segment.start, segment.end):
            if position < len(doc):
                doc[position].is_sent_start = True


def _side(segment: Span) -> _Side:
    starts = [0, *(token.i - segment.start for token in segment if token.is_sent_start and token.i > segment.start)]
    return _Side(segment, list(zip(starts, [*starts[1:], len(segment)])))


def _pairs(sides: List[_Side], settings: AlignSettings) -> List[Tuple[_Side, _Side]]:
    pivot = next((side for side in sides if side.segment.label_ == settings.pairs), None)
    if settings.pairs == ALL_PAIRS or pivot is None:
        return list(combinations(sides, 2))
    return [(pivot, side) for side in sides if side is not pivot]


def _encode(sides: List[_Side], encoder: "AlignmentEncoder") -> None:
    texts: List[str] = []
    offsets: List[List[Tuple[int, int]]] = []
    wanted: List[bool] = []
    for side in sides:
        ranges = (
            side.segment.doc.to_array([IDX, LENGTH])[side.segment.start : side.segment.end].astype("int64").tolist()
        )
        for start, end in side.sentences:
            begin = ranges[start][0]
            texts.append(side.segment[start:end].text)
            offsets.append([(idx - begin, idx - begin + length) for idx, length in ranges[start:end]])
            wanted.append(side.with_vectors)
    encoded = iter(encoder.encode(texts, offsets, wanted))
    for side in sides:
        for start, _ in side.sentences:
            text = next(encoded)
            text.first += start
            text.last += start
            side.encoded.append(text)


def _beads(source: _Side, target: _Side, settings: AlignSettings) -> List[BeadRow]:
    if not source.with_vectors or not target.with_vectors:
        return [BeadRow((0, 1), (0, 1), 1.0)]
    sides = (source, target)
    vectors = [numpy.stack([text.vector for text in side.encoded]) for side in sides]
    lengths = [numpy.array([text.weight for text in side.encoded], dtype="float32") for side in sides]
    pieces = [[text.pieces for text in side.encoded] for side in sides]
    return find_beads(vectors[0], vectors[1], lengths[0], lengths[1], settings.beads, (pieces[0], pieces[1]))


def _bead(row: BeadRow, source: _Side, target: _Side, settings: AlignSettings) -> Bead:
    left, right = _tokens(row.source, source), _tokens(row.target, target)
    if left[0] == left[1] or right[0] == right[1]:
        return Bead(left, right, 0.0)
    if not source.with_vectors or not target.with_vectors:
        return Bead(left, right, 1.0)
    ratio = _weight(row.source, source) / _weight(row.target, target)
    return Bead(left, right, float(bead_probability(row.cosine, ratio, settings=settings.probability)))


def _weight(sentences: Tuple[int, int], side: _Side) -> float:
    return sum(text.weight for text in side.encoded[slice(*sentences)])


def _tokens(sentences: Tuple[int, int], side: _Side) -> Tuple[int, int]:
    starts = [*(start for start, _ in side.sentences), len(side.segment)]
    return starts[sentences[0]], starts[sentences[1]]
