"""Agreement between the languages of a bitext: it filters mentions, settles what they mean, and adds missing ones.

Every mention that the matcher finds votes, with the prior of each candidate, for entity ids; the mentions linked to it
in the other languages vote too. The id with the most votes wins, and its share of the votes is the mention's score. So
a name that belongs to somebody else in one language alone is outvoted, and takes the span that the others project.
Where a language has no mention at the place onto which the others project theirs, one is added.
"""

from collections import defaultdict
from dataclasses import dataclass, field
from typing import Dict, Iterable, List, Mapping, Optional, Sequence, Set, Tuple

from spacy.tokens import Span

from ..kb.matcher import Mention
from ..tokens import Alignment, PairAlignment
from .settings import LabelingSettings

TokenRange = Tuple[int, int]


@dataclass(frozen=True)
class LinkedMention:
    """A span of one segment (doc-level token range) with the entity that it was linked to.

    score (float): How sure this is, in [0, 1].
    source (str): "matched", "relinked" (the languages chose an entity that this language's names do not offer),
        "projected" (no name was found here) or "alone" (nothing on the other sides to compare with).
    votes, voters (int): Languages that chose the entity, and languages that had a say.
    """

    start: int
    end: int
    entity: str
    score: float
    source: str
    votes: int
    voters: int


@dataclass
class _Proposal:
    """What the other languages say of a place that has no mention: support by exact span and by entity."""

    spans: Dict[TokenRange, float] = field(default_factory=lambda: defaultdict(float))
    entities: Dict[str, float] = field(default_factory=lambda: defaultdict(float))
    langs: Set[str] = field(default_factory=set)

    @property
    def span(self) -> TokenRange:
        return max(self.spans, key=lambda span: (self.spans[span], span[1] - span[0], -span[0]))

    @property
    def entity(self) -> str:
        return max(self.entities, key=lambda entity: (self.entities[entity], entity))

    @property
    def support(self) -> float:
        return self.entities[self.entity]


def agree(
    alignment: Alignment, mentions: Mapping[str, Sequence[Mention]], settings: LabelingSettings
) -> Dict[str, List[LinkedMention]]:
    """Let the languages of a bitext vote on each other's mentions.

    alignment (Alignment): The bitext's alignments; pairs of languages that were not aligned have no say on each other.
    mentions (Mapping[str, Sequence[Mention]]): What the matcher found, by language.
    settings (LabelingSettings): Shares and thresholds.
    RETURNS (Dict[str, List[LinkedMention]]): Linked mentions by language, in text order, none overlapping.
    """
    pairs = _ordered_pairs(alignment)
    linked: Dict[str, List[LinkedMention]] = {lang: [] for lang in mentions}
    proposals: Dict[str, List[_Proposal]] = {lang: [] for lang in mentions}
    for lang, found in mentions.items():
        for mention in found:
            others = {
                other: _counterpart(pairs[lang, other], mention, mentions[other], settings.min_link_share)
                for other in mentions
                if (lang, other) in pairs
            }
            voted = _vote(mention, [m for m in others.values() if m is not None], settings)
            if voted.source == "relinked":
                voted = _respan(voted, [(pairs[other, lang], m) for other, m in others.items() if m is not None])
            if voted.score < settings.min_agreement:
                continue
            linked[lang].append(voted)
            for other, counterpart in others.items():
                if counterpart is None:
                    _propose(proposals[other], pairs[lang, other], voted, mentions[other])
    for lang, places in proposals.items():
        linked[lang].extend(_accept(places, settings))
    return {lang: _without_overlaps(found) for lang, found in linked.items()}


def _ordered_pairs(alignment: Alignment) -> Dict[Tuple[str, str], PairAlignment]:
    pairs = {}
    for pair in alignment.pairs:
        pairs[pair.source.label_, pair.target.label_] = pair
        pairs[pair.target.label_, pair.source.label_] = pair.flipped()
    return pairs


def _counterpart(
    pair: PairAlignment, mention: Mention, candidates: Sequence[Mention], min_share: float
) -> Optional[Mention]:
    """Find the mention on the other side that holds most of a mention's link probability."""
    start, end = mention.start - pair.source.start, mention.end - pair.source.start
    mass: Dict[int, float] = defaultdict(float)
    for link in pair.links:
        if start <= link.source < end:
            mass[link.target + pair.target.start] += link.prob
    total = sum(mass.values())
    best, best_share = None, 0.0
    for other in candidates:
        share = sum(mass.get(i, 0.0) for i in range(other.start, other.end)) / total if total else 0.0
        if share > best_share:
            best, best_share = other, share
    return best if best_share >= min_share else None


def _vote(mention: Mention, others: Sequence[Mention], settings: LabelingSettings) -> LinkedMention:
    votes: Dict[str, float] = defaultdict(float)
    for voter in (mention, *others):
        for entity, prior in voter.candidates:
            votes[entity] += prior
    own = dict(mention.candidates)
    winner = max(votes, key=lambda entity: (votes[entity], own.get(entity, 0.0), entity))
    agreeing = sum(winner in dict(voter.candidates) for voter in (mention, *others))
    voters = 1 + len(others)
    if not others:
        return LinkedMention(
            mention.start, mention.end, winner, votes[winner] * settings.alone, "alone", agreeing, voters
        )
    source = "matched" if winner in own else "relinked"
    return LinkedMention(mention.start, mention.end, winner, votes[winner] / voters, source, agreeing, voters)


def _respan(mention: LinkedMention, voters: Iterable[Tuple[PairAlignment, Mention]]) -> LinkedMention:
    """Give a relinked mention the span that the languages which outvoted it project onto its place."""
    place = _Proposal()
    for pair, voter in voters:
        if mention.entity not in dict(voter.candidates):
            continue
        projection = pair.project(pair.source.doc[voter.start : voter.end])
        if projection.span is not None and _overlap((projection.span.start, projection.span.end), mention):
            place.spans[projection.span.start, projection.span.end] += projection.score
    if not place.spans:
        return mention
    start, end = place.span
    return LinkedMention(start, end, mention.entity, mention.score, mention.source, mention.votes, mention.voters)


def _propose(places: List[_Proposal], pair: PairAlignment, mention: LinkedMention, existing: Sequence[Mention]) -> None:
    projection = pair.project(pair.source.doc[mention.start : mention.end])
    span = projection.span
    if span is None or not looks_like_a_name(span):
        return
    range_ = (span.start, span.end)
    if any(_overlap(range_, other) for other in existing):
        return
    place = next((p for p in places if any(a < range_[1] and range_[0] < b for a, b in p.spans)), None)
    if place is None:
        place = _Proposal()
        places.append(place)
    support = projection.score * mention.score
    place.spans[range_] += support
    place.entities[mention.entity] += support
    place.langs.add(pair.source.label_)


def _accept(places: Sequence[_Proposal], settings: LabelingSettings) -> List[LinkedMention]:
    accepted = []
    for place in places:
        share = place.support / sum(place.entities.values())
        if place.support >= settings.min_projection:
            start, end = place.span
            score = min(1.0, share * place.support / len(place.langs))
            langs = len(place.langs)
            accepted.append(LinkedMention(start, end, place.entity, score, "projected", langs, langs + 1))
    return accepted


def looks_like_a_name(span: Span) -> bool:
    """Tell whether a span could be a name: an upper-case letter or digit in cased scripts, two characters in others."""
    text = span.text
    if any(char.isupper() or char.istitle() or char.isdigit() for char in text):
        return True
    cased = any(char.lower() != char.upper() for char in text)
    return not cased and sum(char.isalpha() for char in text) > 1


def _overlap(range_: TokenRange, mention: "Mention | LinkedMention") -> bool:
    return range_[0] < mention.end and mention.start < range_[1]


def _without_overlaps(mentions: Sequence[LinkedMention]) -> List[LinkedMention]:
    kept: List[LinkedMention] = []
    for mention in sorted(mentions, key=lambda m: (-(m.end - m.start), -m.score, m.start)):
        if not any(_overlap((mention.start, mention.end), other) for other in kept):
            kept.append(mention)
    return sorted(kept, key=lambda m: m.start)
