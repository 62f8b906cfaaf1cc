"""Carrying a span over links to the other segment: geometry only, no model.

*How it works.* Every target token has a value: the probability of its links from inside the source span, less that of
its links from outside. The projection is the contiguous range with the greatest sum of values, where a token without
links costs a little: so a small gap is bridged, a distant stray link left out, and a token that belongs more to a
neighbour of the source span is not swallowed. Punctuation and articles at the edges that the source does not have are
trimmed. The score combines how much of the source span is covered, and how much of what the target range links to
lies inside the source span.
"""

import math
import re
import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING, Dict, Optional, Sequence, Tuple

from spacy.tokens import Span, Token

if TYPE_CHECKING:
    from .bitext import Link

GAP_COST = 0.1
MAX_LOST = 0.5
BRACKETS = {")": "(", "]": "[", "}": "{", "）": "（", "」": "「", "』": "『", "》": "《", "”": "“", "»": "«"}

ARTICLES = frozenset(
    re.findall(
        r"\S+",
        "the a an der die das den dem des ein eine einen einem einer eines el la los las un una unos unas le les l' une "
        "du il lo gli i uno o os um uma de het een",
    )
)

Range = Tuple[int, int]


@dataclass(frozen=True)
class Projection:
    """Where a span lies in another segment.

    span (Optional[Span]): The contiguous target span, or None if there is none.
    score (float): How sure it is, in [0, 1]; 0 if there is none.
    reason (str): Why there is none: "not aligned", "no links", "outweighed" (by links of other words), "discontiguous"
        or "only punctuation"; empty if there is one.
    """

    span: Optional[Span]
    score: float
    reason: str = ""


def project_span(span: Span, segment: Span, target: Span, links: Sequence["Link"]) -> Projection:
    """Carry a span over links to another segment.

    span (Span): A part of the source segment.
    segment, target (Span): The source and the target segment.
    links (Sequence[Link]): Their links.
    RETURNS (Projection): Always one; its `span` is None if the span cannot be projected.
    """
    found, score, reason = project_range((span.start - segment.start, span.end - segment.start), links)
    if found is None:
        return Projection(None, 0.0, reason)
    start, end = _trim(target[found[0] : found[1]], span)
    if start >= end:
        return Projection(None, 0.0, "only punctuation")
    return Projection(Span(target.doc, start, end, label=span.label, kb_id=span.kb_id), score)


def project_range(source: Range, links: Sequence["Link"]) -> Tuple[Optional[Range], float, str]:
    """Find the contiguous target range that a source range corresponds to.

    source (Tuple[int, int]): Half-open token range, counted as in the links.
    links (Sequence[Link]): Links of the bead, or of the pair of segments.
    RETURNS (Tuple[Optional[Tuple[int, int]], float, str]): The range, its score, and the reason if there is none.
    """
    inside: Dict[int, float] = {}
    outside: Dict[int, float] = {}
    for link in links:
        side = inside if source[0] <= link.source < source[1] else outside
        side[link.target] = side.get(link.target, 0.0) + link.prob
    if not inside:
        return None, 0.0, "no links"
    start, end, value = _best_run(inside, outside)
    if value <= 0.0:
        return None, 0.0, "outweighed"
    total = sum(inside.values())
    kept = sum(prob for target, prob in inside.items() if start <= target < end)
    if kept < (1.0 - MAX_LOST) * total:
        return None, 0.0, "discontiguous"
    best: Dict[int, float] = {}
    for link in links:
        if source[0] <= link.source < source[1] and start <= link.target < end:
            best[link.source] = max(best.get(link.source, 0.0), link.prob)
    covered = sum(best.values()) / (source[1] - source[0])
    foreign = sum(prob for target, prob in outside.items() if start <= target < end)
    score = math.sqrt(min(1.0, covered) * (kept / total) * (kept / (kept + foreign)))
    return (start, end), score, ""


def _best_run(inside: Dict[int, float], outside: Dict[int, float]) -> Tuple[int, int, float]:
    """Return the run of target tokens with the greatest sum of values, and that sum."""
    first, last = min(inside), max(inside)
    best = (first, first + 1, -1.0)
    start, total = first, 0.0
    for target in range(first, last + 1):
        value = inside.get(target, 0.0) - outside.get(target, 0.0)
        if total <= 0.0:
            start, total = target, 0.0
        total += value if target in inside or target in outside else -GAP_COST
        if total > best[2]:
            best = (start, target + 1, total)
    return best


def _trim(run: Span, span: Span) -> Range:
    """Cut punctuation, spaces and articles off the edges of a projected run where the source span has none."""
    start, end = run.start, run.end
    doc = run.doc
    while start < end and _is_edge(doc[start], doc[start:end], span[0], left=True):
        start += 1
    while start < end and _is_edge(doc[end - 1], doc[start:end], span[-1], left=False):
        end -= 1
    return start, end


def _is_edge(token: Token, run: Span, source: Token, *, left: bool) -> bool:
    if token.is_space:
        return True
    if is_punctuation(token) and not is_punctuation(source):
        return not (not left and BRACKETS.get(token.text, "") in run.text and token.text in BRACKETS)
    return left and len(run) > 1 and token.text.lower() in ARTICLES and source.text.lower() not in ARTICLES


def is_punctuation(token: Token) -> bool:
    """Tell whether a token has no letter, digit or symbol that means something by itself."""
    return all(unicodedata.category(char)[0] in "PZ" for char in token.text)
