"""Bitexts: one Doc that holds the same text in two or more languages, with beads and links between its segments.

The segments are the spans of `doc.spans["bitext"]`, each labelled with its language code. The group's `attrs` hold
`alignments`, one entry per ordered pair of segments: `[source index, target index, beads, links]`. Positions are kept
as character offsets from the segment's start, so that they survive retokenisation, and are read back as tokens:

    beads   [[source start, source end, target start, target end, probability], …]
    links   [[source character, target character, probability], …]   the first character of each token
"""

from bisect import bisect_left, bisect_right
from dataclasses import dataclass, field
from typing import Any, Dict, List, Mapping, Optional, Sequence, Tuple, Union

from spacy.language import Language
from spacy.tokens import Doc, Span, SpanGroup

from ..errors import Errors, fail
from .alignment_html import alignment_html, pair_html
from .projection import Finder, Projection, project_span
from .spans import read_spans

GROUP = "bitext"
SEPARATOR = "\n"


@dataclass(frozen=True)
class Link:
    """An aligned token pair: token indices counted from the starts of the two segments, and a probability in [0, 1]."""

    source: int
    target: int
    prob: float = 1.0


@dataclass(frozen=True)
class Bead:
    """Aligned groups of sentences as half-open token ranges from the segments' starts, and P(s,t) in [0, 1].

    A side that leaves the text out has an empty range, at the place where the text would stand.
    """

    source: Tuple[int, int]
    target: Tuple[int, int]
    prob: float = 1.0


@dataclass(frozen=True)
class PairAlignment:
    """The beads and links between two segments of a bitext.

    source, target (Span): The segments.
    beads (List[Bead]): In text order; empty if the segments were never split.
    links (List[Link]): Sorted by source, then target token.
    """

    source: Span
    target: Span
    beads: List[Bead] = field(default_factory=list)
    links: List[Link] = field(default_factory=list)

    def flipped(self) -> "PairAlignment":
        """Return the same alignment with source and target exchanged."""
        beads = [Bead(bead.target, bead.source, bead.prob) for bead in self.beads]
        links = sorted((Link(li.target, li.source, li.prob) for li in self.links), key=_link_order)
        return PairAlignment(self.target, self.source, beads, links)

    def bead_at(self, token: int) -> Optional[Bead]:
        """Return the bead whose source side holds a token (counted from the segment's start), or None."""
        return next((bead for bead in self.beads if bead.source[0] <= token < bead.source[1]), None)

    def project(self, span: Span, method: Union[str, Finder] = "run") -> Projection:
        """Carry a span of the source segment to the target segment.

        span (Span): A part of the source segment.
        method (Union[str, Finder]): A name in `PROJECTIONS`, or a callable; see `project_span`.
        RETURNS (Projection): The contiguous target span with a score, or None and the reason.
        RAISES (XlreError): If the span is not a part of the source segment.
        """
        if span.doc is not self.source.doc or not self.source.start <= span.start < span.end <= self.source.end:
            raise fail(Errors.X405, start=span.start, end=span.end, lang=self.source.label_)
        return project_span(span, self.source, self.target, self._links_near(span), method)

    def _repr_html_(self) -> str:
        return pair_html(self)

    def _links_near(self, span: Span) -> List[Link]:
        """Return the links of the beads that a span stands in: no other can have a say in its projection."""
        start, end = span.start - self.source.start, span.end - self.source.start
        for bead in self.beads:
            if bead.source[0] < span.end - self.source.start and span.start - self.source.start < bead.source[1]:
                start, end = min(start, bead.source[0]), max(end, bead.source[1])
        if not self.beads:
            return self.links
        return self.links[bisect_left(self.links, start, key=_source_of) : bisect_left(self.links, end, key=_source_of)]


@dataclass(frozen=True)
class Alignment:
    """All pair alignments of a bitext; what `doc._.alignment` returns."""

    doc: Doc
    pairs: List[PairAlignment]

    def between(self, source: Optional[str] = None, target: Optional[str] = None) -> Optional[PairAlignment]:
        """Return the alignment of two segments by language, in the asked direction; None if they were not aligned.

        source, target (str): Language codes. Both may be left out when the bitext has two segments.
        RAISES (XlreError): If a language is not there, or the pair must be named.
        """
        segments = get_segments(self.doc)
        if source is None or target is None:
            if len(segments) != 2:
                raise fail(Errors.X008, n=len(segments))
            source, target = list(segments)
        for lang in (source, target):
            if lang not in segments:
                raise fail(Errors.X007, lang=lang, langs=", ".join(segments))
        for pair in self.pairs:
            if (pair.source.label_, pair.target.label_) == (source, target):
                return pair
            if (pair.source.label_, pair.target.label_) == (target, source):
                return pair.flipped()
        return None

    def project(self, span: Span, to: str) -> Projection:
        """Carry a span from the segment that it stands in to another.

        span (Span): A part of one segment.
        to (str): The language code of the segment to carry it to.
        RETURNS (Projection): The contiguous target span with a score, or None and the reason.
        RAISES (XlreError): If the span lies in no segment, or there is no segment in that language.
        """
        segments = get_segments(self.doc)
        for lang, segment in segments.items():
            if span.doc is self.doc and segment.start <= span.start < span.end <= segment.end:
                pair = self.between(lang, to)
                return Projection(None, 0.0, "not aligned") if pair is None else pair.project(span)
        raise fail(Errors.X405, start=span.start, end=span.end, lang=", ".join(segments))

    def _repr_html_(self) -> str:
        return alignment_html(self)


def make_bitext(nlp: Language, texts: Mapping[str, str]) -> Doc:
    """Tokenise the same text in several languages into one Doc, with one segment per language.

    nlp (Language): The pipeline whose tokenizer is used. Segments are tokenised apart, with a newline between them.
    texts (Mapping[str, str]): Text by language code, at least two, none empty or blank.
    RETURNS (Doc): The bitext. `get_segments(doc)["de"]` is the German text.
    RAISES (XlreError): For fewer than two texts, or an empty one.
    """
    for lang, text in texts.items():
        if not text.strip():
            raise fail(Errors.X005, lang=lang)
    return join_bitext({lang: nlp.tokenizer(text) for lang, text in texts.items()})


def join_bitext(docs: Mapping[str, Doc]) -> Doc:
    """Make a bitext of Docs that are tokenised already; only their tokens are taken over.

    docs (Mapping[str, Doc]): Docs of one vocabulary by language code, at least two, none empty or blank.
    RETURNS (Doc): The bitext.
    RAISES (XlreError): For fewer than two Docs, or an empty one.
    """
    if len(docs) < 2:
        raise fail(Errors.X004, n=len(docs))
    words: List[str] = []
    spaces: List[bool] = []
    bounds: List[Tuple[str, int, int]] = []
    for lang, part in docs.items():
        if not part.text.strip():
            raise fail(Errors.X005, lang=lang)
        if words:
            words.append(SEPARATOR)
            spaces.append(False)
        start = len(words)
        words.extend(token.text for token in part)
        spaces.extend(bool(token.whitespace_) for token in part)
        bounds.append((lang, start, len(words)))
    doc = Doc(next(iter(docs.values())).vocab, words=words, spaces=spaces)
    segments = [Span(doc, start, end, label=lang) for lang, start, end in bounds]
    doc.spans[GROUP] = SpanGroup(doc, name=GROUP, attrs={"alignments": []}, spans=segments)
    return doc


def is_bitext(doc: Doc) -> bool:
    """Tell whether a Doc has segments."""
    return GROUP in doc.spans and len(doc.spans[GROUP]) > 1


def get_segments(doc: Doc) -> Dict[str, Span]:
    """Return the segments of a bitext by language code, in the order in which they stand in the text.

    RAISES (XlreError): If the Doc is not a bitext.
    """
    if not is_bitext(doc):
        raise fail(Errors.X006)
    return {span.label_: span for span in read_spans(doc, GROUP)}


def set_alignment(doc: Doc, pairs: Sequence[PairAlignment]) -> None:
    """Replace all alignments of a bitext.

    doc (Doc): The bitext.
    pairs (Sequence[PairAlignment]): At most one per unordered pair of its segments.
    RAISES (XlreError): If the Doc is not a bitext or a pair names a language that it has not.
    """
    segments = get_segments(doc)
    order = {lang: index for index, lang in enumerate(segments)}
    rows: List[List[Any]] = []
    for pair in pairs:
        for span in (pair.source, pair.target):
            if span.label_ not in order:
                raise fail(Errors.X007, lang=span.label_, langs=", ".join(segments))
        source, target = _offsets(pair.source), _offsets(pair.target)
        beads = [
            [
                *_range_to_chars(bead.source, source, pair.source),
                *_range_to_chars(bead.target, target, pair.target),
                float(bead.prob),
            ]
            for bead in pair.beads
        ]
        links = [[source[li.source], target[li.target], float(li.prob)] for li in pair.links]
        rows.append([order[pair.source.label_], order[pair.target.label_], beads, links])
    doc.spans[GROUP].attrs["alignments"] = rows


def get_alignment(doc: Doc) -> Optional[Alignment]:
    """Return the alignment of a bitext, or None for a Doc that is not a bitext or was not aligned."""
    if not is_bitext(doc) or not doc.spans[GROUP].attrs.get("alignments"):
        return None
    segments = read_spans(doc, GROUP)
    starts = [_offsets(segment) for segment in segments]
    pairs = []
    for source, target, bead_rows, link_rows in doc.spans[GROUP].attrs["alignments"]:
        from_, to = starts[source], starts[target]
        beads = [Bead(_chars_to_range(a, b, from_), _chars_to_range(c, d, to), float(p)) for a, b, c, d, p in bead_rows]
        best: Dict[Tuple[int, int], float] = {}
        for source_char, target_char, prob in link_rows:
            key = (bisect_right(from_, source_char) - 1, bisect_right(to, target_char) - 1)
            best[key] = max(best.get(key, 0.0), float(prob))
        links = [Link(i, j, prob) for (i, j), prob in sorted(best.items())]
        pairs.append(PairAlignment(segments[source], segments[target], beads, links))
    return Alignment(doc, pairs)


def _source_of(link: Link) -> int:
    return link.source


def _link_order(link: Link) -> Tuple[int, int]:
    return link.source, link.target


def _offsets(segment: Span) -> List[int]:
    return [token.idx - segment.start_char for token in segment]


def _range_to_chars(range_: Tuple[int, int], offsets: Sequence[int], segment: Span) -> Tuple[int, int]:
    length = segment.end_char - segment.start_char
    start, end = (offsets[i] if i < len(offsets) else length for i in range_)
    return start, end


def _chars_to_range(start: int, end: int, offsets: Sequence[int]) -> Tuple[int, int]:
    return bisect_left(offsets, start), bisect_left(offsets, end)
