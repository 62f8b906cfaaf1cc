"""Carrying spans over links to another segment: geometry only, no model.

*How it works.* Every target token has a value: the probability of its links from inside the source span, less a share
of that of its links from outside. The projection is the contiguous range with the greatest sum of values, where a token
without links costs a little: a small gap is bridged, a stray link far away left out, and a word that belongs rather to
a neighbour of the source span is not swallowed. Then the edges are set: a range that is most of a quoted title becomes
the title, a Chinese transliteration takes in the rest of its characters, and punctuation and articles that the source
span does not have are cut off. The score says how much of the span's link probability the range holds, how much of the
span it covers, and how much of what the range is linked to lies outside.
"""

import math
import unicodedata
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Callable, Dict, List, Mapping, Optional, Sequence, Tuple, Union

from spacy.tokens import Doc, Span, Token

from ..errors import Errors, fail
from .relations import Relation
from .transliteration import CHINESE_NAME_CHARACTERS

if TYPE_CHECKING:
    from .bitext import Link, PairAlignment

GAP_COST = 0.1
FOREIGN_SHARE = 0.5
MAX_LOST = 0.5
CLAIMED = 1.0
MAX_TITLE = 30
BRACKETS = {"(": ")", "[": "]", "{": "}", "（": "）"}
QUOTES = {"《": "》", "〈": "〉", "「": "」", "『": "』", "“": "”", "„": "“", "«": "»", "»": "«", "‹": "›", '"': '"'}
ARTICLES = {"the", "a", "an", "der", "die", "das", "den", "dem", "des", "ein", "eine", "einen", "einem", "einer"}
ARTICLES |= {"el", "la", "los", "las", "un", "una", "unos", "unas", "le", "les", "l'", "l’", "une", "du", "il", "lo"}
ARTICLES |= {"gli", "i", "uno", "o", "os", "um", "uma", "de", "het", "een"}

Range = Tuple[int, int]
# A target range, its score, and the reason if there is none.
Found = Tuple[Optional[Range], float, str]
# From a source range and the links of its beads, both counted from the segments' starts.
Finder = Callable[[Range, Sequence["Link"]], Found]


@dataclass(frozen=True)
class Projection:
    """Where a span lies in another segment.

    span (Optional[Span]): The contiguous target span, with the label and the entity id of the source span, or None.
    score (float): How sure it is, in [0, 1]; 0 if there is none.
    reason (str): Why there is none: "not aligned", "no links", "outweighed" (by links of other words), "discontiguous",
        "only punctuation", or "taken" (by another span of the same call); empty if there is one.
    """

    span: Optional[Span]
    score: float
    reason: str = ""


def project_span(
    span: Span, source: Span, target: Span, links: Sequence["Link"], method: Union[str, Finder] = "run"
) -> Projection:
    """Carry a span over links to another segment.

    span (Span): A part of the source segment.
    source, target (Span): The segments.
    links (Sequence[Link]): The links between them.
    method (Union[str, Finder]): "run", the best run of linked words with its edges set as said above; "minmax", from
        the first linked word to the last, which others do; or a callable that finds a range, whose edges are then set.
    RETURNS (Projection): Always one; its `span` is None if the span cannot be projected.
    RAISES (XlreError): If there is no such method.
    """
    if isinstance(method, str) and method not in PROJECTIONS:
        raise fail(Errors.X415, method=method, methods=", ".join(PROJECTIONS))
    inside = (span.start - source.start, span.end - source.start)
    finder = PROJECTIONS[method] if isinstance(method, str) else method
    found, score, reason = finder(inside, links)
    if found is None:
        return Projection(None, 0.0, reason)
    if method == "minmax":
        chosen = Span(target.doc, target.start + found[0], target.start + found[1], label=span.label, kb_id=span.kb_id)
        return Projection(chosen, score)
    start, end = (target.start + position for position in found)
    if _title_around(source, span.start, span.end) is None:
        start, end = _title_around(target, start, end) or (start, end)
    if _is_chinese(target) and not _is_chinese(source):
        start, end = _whole_name(target, start, end, _foreign(inside, links))
    start, end = _trim(target.doc, start, end, span)
    if start >= end:
        return Projection(None, 0.0, "only punctuation")
    return Projection(Span(target.doc, start, end, label=span.label, kb_id=span.kb_id), score)


def project_entities(pair: "PairAlignment", spans: Sequence[Span], method: str = "run") -> List[Projection]:
    """Carry several spans of one segment to the other, so that no two projections overlap: the surer one stays.

    pair (PairAlignment): The alignment of the two segments.
    spans (Sequence[Span]): Parts of the source segment, for example its entities.
    method (str): See `project_span`.
    RETURNS (List[Projection]): One per span, in their order.
    RAISES (XlreError): If a span is not a part of the source segment, or there is no such method.
    """
    return keep_apart([pair.project(span, method) for span in spans])


def project_relations(
    pair: "PairAlignment", relations: Sequence[Relation], method: str = "run"
) -> Tuple[List[Relation], List[Tuple[Relation, str]]]:
    """Carry relations of one segment to the other, with both arguments.

    pair (PairAlignment): The alignment of the two segments.
    relations (Sequence[Relation]): Relations between spans of the source segment.
    method (str): See `project_span`.
    RETURNS (Tuple[List[Relation], List[Tuple[Relation, str]]]): The projected relations, score and weight multiplied
        by the scores of both projections and "projected" as their source where they had none; and the relations that
        were refused, each with its reason, such as "head: no links" or "tail: taken" (by the head).
    RAISES (XlreError): If an argument is not a part of the source segment, or there is no such method.
    """
    arguments: Dict[Tuple[int, int, int, int], Span] = {}
    for relation in relations:
        for span in (relation.head, relation.tail):
            arguments.setdefault(_key(span), span)
    found = dict(zip(arguments, project_entities(pair, list(arguments.values()), method)))
    projected: List[Relation] = []
    refused: List[Tuple[Relation, str]] = []
    for relation in relations:
        head, tail = found[_key(relation.head)], found[_key(relation.tail)]
        if head.span is None or tail.span is None:
            role, reason = ("head", head.reason) if head.span is None else ("tail", tail.reason)
            refused.append((relation, f"{role}: {reason}"))
            continue
        sure = head.score * tail.score
        projected.append(
            replace(
                relation,
                head=head.span,
                tail=tail.span,
                score=relation.score * sure,
                weight=relation.weight * sure,
                source=relation.source or "projected",
            )
        )
    return projected, refused


def project_cats(pair: "PairAlignment", cats: Mapping[str, float]) -> Dict[str, float]:
    """Carry the categories of a text (`doc.cats`) to its translation.

    pair (PairAlignment): The alignment of the two segments. How much of the source its beads translate, weighted by
        P(s,t), says how far the translation can be trusted to be of the same category.
    cats (Mapping[str, float]): Scores by category, in [0, 1].
    RETURNS (Dict[str, float]): Each score moved towards 0.5, which says nothing, by what is not translated.
    """
    total = sum(bead.source[1] - bead.source[0] for bead in pair.beads)
    kept = sum((b.source[1] - b.source[0]) * b.prob for b in pair.beads if b.target[0] < b.target[1])
    trust = kept / total if total else 1.0
    return {name: 0.5 + (score - 0.5) * trust for name, score in cats.items()}


def _key(span: Span) -> Tuple[int, int, int, int]:
    return span.start, span.end, span.label, span.kb_id


def keep_apart(projections: Sequence[Projection]) -> List[Projection]:
    """Refuse all but the surest of projections that overlap; of equal ones the first stays."""
    projections = list(projections)
    taken: List[Range] = []
    for index in sorted(range(len(projections)), key=lambda i: (-projections[i].score, i)):
        span = projections[index].span
        if span is None:
            continue
        if any(start < span.end and span.start < end for start, end in taken):
            projections[index] = Projection(None, 0.0, "taken")
        else:
            taken.append((span.start, span.end))
    return projections


def project_range(source: Range, links: Sequence["Link"]) -> Found:
    """Find the contiguous target range that a source range corresponds to, by links alone.

    source (Tuple[int, int]): Half-open token range, counted as in the links.
    links (Sequence[Link]): Links of the bead, or of the pair of segments.
    RETURNS (Tuple[Optional[Tuple[int, int]], float, str]): The range, its score, and the reason if there is none.
    """
    inside: Dict[int, float] = {}
    for link in links:
        if source[0] <= link.source < source[1] and link.prob > 0.0:
            inside[link.target] = inside.get(link.target, 0.0) + link.prob
    if not inside:
        return None, 0.0, "no links"
    outside = _foreign(source, links)
    start, end, value = _best_run(inside, outside)
    if value <= 0.0:
        return None, 0.0, "outweighed"
    total = sum(inside.values())
    kept = sum(prob for target, prob in inside.items() if start <= target < end)
    if kept < (1.0 - MAX_LOST) * total:
        return None, 0.0, "discontiguous"
    return (start, end), score_ranges(source, (start, end), links), ""


def _project_minmax(source: Range, links: Sequence["Link"]) -> Found:
    """Return the range from the first to the last target token that is linked, scored as `project_range` does."""
    found = [link.target for link in links if source[0] <= link.source < source[1] and link.prob > 0.0]
    if not found:
        return None, 0.0, "no links"
    range_ = (min(found), max(found) + 1)
    return range_, score_ranges(source, range_, links), ""


PROJECTIONS: Dict[str, Finder] = {"run": project_range, "minmax": _project_minmax}


def score_ranges(source: Range, target: Range, links: Sequence["Link"]) -> float:
    """Say how much of the link probability of two ranges stays between them, and how much of the source is covered."""
    best: Dict[int, float] = {}
    between = total = foreign = 0.0
    for link in links:
        inside, here = source[0] <= link.source < source[1], target[0] <= link.target < target[1]
        if inside and here:
            best[link.source] = max(best.get(link.source, 0.0), min(1.0, link.prob))
            between += link.prob
        total += link.prob if inside else 0.0
        foreign += link.prob if here and not inside else 0.0
    covered = sum(best.values()) / (source[1] - source[0])
    return math.sqrt(covered * (between / total) * (between / (between + foreign))) if between else 0.0


def is_punctuation(token: Token) -> bool:
    """Tell whether a token is made of punctuation marks and spaces only."""
    return all(unicodedata.category(char)[0] in "PZ" for char in token.text)


def _foreign(source: Range, links: Sequence["Link"]) -> Dict[int, float]:
    """Sum up, by target token, the probability of links from outside the source range."""
    outside: Dict[int, float] = {}
    for link in links:
        if not source[0] <= link.source < source[1]:
            outside[link.target] = outside.get(link.target, 0.0) + link.prob
    return outside


def _best_run(inside: Dict[int, float], outside: Dict[int, float]) -> Tuple[int, int, float]:
    """Return the run of target tokens with the greatest sum of values, and that sum."""
    first = min(inside)
    best = (first, first + 1, -1.0)
    start, total = first, 0.0
    for target in range(first, max(inside) + 1):
        if total <= 0.0:
            start, total = target, 0.0
        if target in inside or target in outside:
            total += inside.get(target, 0.0) - FOREIGN_SHARE * outside.get(target, 0.0)
        else:
            total -= GAP_COST
        if total > best[2]:
            best = (start, target + 1, total)
    return best


def _title_around(segment: Span, start: int, end: int) -> Optional[Range]:
    """Return the words between two quotation marks if a run is at least half of them and lies there mostly."""
    doc = segment.doc
    for opening in range(max(segment.start, start - MAX_TITLE), end):
        closing_mark = QUOTES.get(doc[opening].text)
        if closing_mark is None:
            continue
        stop = min(segment.end, opening + MAX_TITLE)
        closing = next((i for i in range(opening + 1, stop) if doc[i].text == closing_mark), None)
        if closing is None:
            continue
        shared = min(end, closing) - max(start, opening + 1)
        if shared > 0 and 2 * shared >= max(closing - opening - 1, end - start):
            return opening + 1, closing
    return None


def _is_chinese(segment: Span) -> bool:
    return segment.label_.split("-")[0] == "zh"


def _whole_name(target: Span, start: int, end: int, foreign: Dict[int, float]) -> Range:
    """Let a run of characters that foreign names are written with grow over more of them that no other word claims."""
    doc = target.doc

    def belongs(position: int) -> bool:
        return doc[position].text in CHINESE_NAME_CHARACTERS and foreign.get(position - target.start, 0.0) < CLAIMED

    if not all(doc[position].text in CHINESE_NAME_CHARACTERS for position in range(start, end)):
        return start, end
    while end < target.end and belongs(end):
        end += 1
    while start > target.start and belongs(start - 1):
        start -= 1
    return start, end


def _trim(doc: Doc, start: int, end: int, span: Span) -> Range:
    """Cut off punctuation, spaces and articles at the edges of a run where the source span has none."""
    while start < end and _is_loose(doc, start, start, end, span[0]):
        start += 1
    while start < end and _is_loose(doc, end - 1, start, end, span[-1]):
        end -= 1
    if end - start > 1 and doc[start].lower_ in ARTICLES and span[0].lower_ not in ARTICLES:
        start += 1
    return start, end


def _is_loose(doc: Doc, position: int, start: int, end: int, counterpart: Token) -> bool:
    token = doc[position]
    if token.is_space:
        return True
    if not is_punctuation(token) or is_punctuation(counterpart):
        return False
    words = [doc[i].text for i in range(start, end)]
    wrapped = BRACKETS.get(words[0]) == words[-1]
    inside = any(token.text in pair and set(pair) <= set(words) for pair in BRACKETS.items())
    return wrapped or not inside
