"""From aligned bitexts and a knowledge base to one labelled Doc per language."""

from itertools import permutations
from typing import Dict, Iterator, List, Optional, Sequence, Tuple, Union

from spacy.tokens import Doc, Span

from ..errors import Errors, fail
from ..kb.matcher import Mention, MentionMatcher
from ..kb.store import Fact, KnowledgeBase
from ..tokens import (
    Alignment,
    PairNegative,
    Relation,
    get_alignment,
    get_bitext_id,
    get_language,
    get_segments,
    set_language,
    set_relations,
)
from ..tokens.bitext import is_bitext
from .agreement import LinkedMention, agree
from .budget import FactBudget, StatementBudget
from .explanation import NOTHING, RELATION, UNKNOWN, Explain, Explanation, described, why_nothing
from .learned_names import LearnedNames
from .linking import Coherence, MentionFilter
from .negatives import fitting_properties, grade_negative
from .settings import LabelingSettings

# The label of entities whose type the knowledge base does not know: without one they would be no entities.
UNTYPED = "ENTITY"


class Labeler:
    """Labels bitexts from a knowledge base: call it with an aligned bitext, get one labelled Doc per language.

    kb (KnowledgeBase): Names and facts.
    settings (LabelingSettings): The method and its thresholds.
    explain (Optional[Explain]): Called with what was decided of each pair, by agreement, and why.
    keep (Optional[MentionFilter]): Which names to keep, such as those that a user's pipeline confirms.
    learned (Optional[LearnedNames]): Is told the agreed mentions, to learn names and their forms from them.
    """

    def __init__(
        self,
        kb: KnowledgeBase,
        settings: LabelingSettings = LabelingSettings(),
        explain: Optional[Explain] = None,
        learned: Optional[LearnedNames] = None,
        keep: Optional[MentionFilter] = None,
    ) -> None:
        self.kb = kb
        self.settings = settings
        self.explain = explain
        self.learned = learned
        self.keep = keep
        self._coherence = Coherence(kb, settings.coherence)
        self._matchers: Dict[str, MentionMatcher] = {}
        self._budget = FactBudget(settings)
        self._negatives: Dict[Tuple[str, str], Optional[float]] = {}

    def __call__(self, bitext: Doc) -> Iterator[Doc]:
        """Yield one monolingual Doc per segment: entities with ids, sentence starts, weighted relations, NA, unknown.

        A Doc without segments is a text in one language, which the method "monolingual" labels as it is.

        RAISES (XlreError): If the method is agreement and the bitext was not aligned.
        """
        alone = self.settings.method == "monolingual" and not is_bitext(bitext)
        segments = {get_language(bitext): bitext[:]} if alone else get_segments(bitext)
        mentions = {lang: self._match(lang, segment) for lang, segment in segments.items()}
        if self.settings.method == "monolingual":
            for lang, segment in segments.items():
                yield self._label_monolingual(bitext, segment, lang, mentions[lang])
            return
        alignment = get_alignment(bitext)
        if alignment is None:
            raise fail(Errors.X600, doc=get_bitext_id(bitext))
        linked = agree(alignment, self._coherence(mentions), self.settings)
        budgets = {lang: self._budget.begin() for lang in segments}
        for lang, segment in segments.items():
            probability = _translation_probability(alignment, lang)
            yield self._label_agreed(bitext, segment, linked[lang], probability, budgets[lang])
        self._budget.end(budgets.values())

    def _match(self, lang: str, segment: Span) -> List[Mention]:
        if lang not in self._matchers:
            self._matchers[lang] = MentionMatcher(self.kb, lang, inflection=self.settings.inflection)
        found = self._matchers[lang](segment)
        return found if self.keep is None else self.keep(lang, segment, found)

    def _label_monolingual(self, bitext: Doc, segment: Span, lang: str, mentions: Sequence[Mention]) -> Doc:
        """Look every candidate of every name up; one fact between any of them labels the pair."""
        doc = _segment_doc(bitext, segment)
        spans = [self._entity(doc, segment, m.start, m.end, _likeliest(m)) for m in mentions]
        doc.set_ents(spans)
        relations = []
        for (a, head), (b, tail) in _pairs(spans):
            facts = {
                fact.property: fact
                for head_id, _ in mentions[a].candidates
                for tail_id, _ in mentions[b].candidates
                for fact in self._facts(head_id, tail_id)
            }
            relations += [self._relation(head, fact, tail, 1.0, "monolingual") for fact in facts.values()]
        set_relations(doc, _once(relations, self.kb))
        set_language(doc, lang, bitext=get_bitext_id(bitext))
        return doc

    def _label_agreed(
        self,
        bitext: Doc,
        segment: Span,
        mentions: Sequence[LinkedMention],
        probability: Dict[int, float],
        budget: StatementBudget,
    ) -> Doc:
        doc = _segment_doc(bitext, segment)
        spans = [self._entity(doc, segment, m.start, m.end, m.entity) for m in mentions]
        doc.set_ents(spans)
        if self.learned is not None:
            for mention, span in zip(mentions, spans):
                self.learned.see(segment.label_, mention, span.text)
        relations: List[Relation] = []
        negatives: List[PairNegative] = []
        unknown: List[Tuple[Span, Span]] = []
        for (a, head), (b, tail) in _pairs(spans):
            if head.kb_id == tail.kb_id:
                continue
            sure, translated = mentions[a].score * mentions[b].score, probability.get(head.start, 1.0)
            weight = sure * translated
            names = _history(mentions[a]), _history(mentions[b])
            facts = self._facts(head.kb_id_, tail.kb_id_)
            stated = [fact for fact in facts if budget.allows(fact, head, tail)]
            made_of = f"agreement {sure:.2f} × P(s,t) {translated:.2f}"
            listed = ", ".join(fact.property for fact in facts)
            if stated and weight >= self.settings.min_weight:
                # Of several facts between two entities a sentence states one, and nobody knows which.
                share = weight / len(facts)
                relations += [self._relation(head, fact, tail, share, "|".join(names)) for fact in stated]
                self._tell(bitext, segment, head, tail, names, RELATION, share, f"{listed}: {made_of} / {len(facts)}")
            elif facts:
                unknown.append((head, tail))
                why = (
                    f"weight below {self.settings.min_weight}: {made_of}"
                    if stated
                    else budget.why_not(facts, head, tail)
                )
                self._tell(bitext, segment, head, tail, names, UNKNOWN, 0.0, f"{listed}: {why}")
            elif (grade := self._negative(head.kb_id_, tail.kb_id_)) is not None:
                known = grade * sure >= self.settings.min_weight
                if known:
                    negatives.append(PairNegative(head, tail, grade * sure))
                else:
                    unknown.append((head, tail))
                self._tell(bitext, segment, head, tail, names, NOTHING if known else UNKNOWN, known * grade * sure)
        set_relations(doc, _once(relations, self.kb), negatives=negatives, unknown=unknown)
        set_language(doc, segment.label_, bitext=get_bitext_id(bitext))
        return doc

    def _tell(
        self,
        bitext: Doc,
        segment: Span,
        head: Span,
        tail: Span,
        names: Tuple[str, str],
        decision: str,
        weight: float,
        reason: str = "",
    ) -> None:
        """Explain a decision to whoever asked; without a reason, why there is no relation."""
        if self.explain is not None:
            described_ = described(head, names[0]), described(tail, names[1])
            reason = reason or why_nothing(self.kb, head.kb_id_, tail.kb_id_, self.settings)
            where = get_bitext_id(bitext), segment.label_, head[0].sent.text
            self.explain(Explanation(*where, *described_, decision, weight, reason))

    def _entity(self, doc: Doc, segment: Span, start: int, end: int, entity: str) -> Span:
        known = self.kb.entity(entity)
        label = known.types[0] if known is not None and known.types else UNTYPED
        return Span(doc, start - segment.start, end - segment.start, label=label, kb_id=entity)

    def _facts(self, head: str, tail: str) -> List[Fact]:
        return [
            fact
            for fact in self.kb.facts_between(head, tail)
            if (fact.subject, fact.object) == (head, tail) or self.kb.properties[fact.property].symmetric
        ]

    def _negative(self, head: str, tail: str) -> Optional[float]:
        """Grade a pair without a fact; None where the types leave nothing to decide."""
        key = (head, tail)
        if key not in self._negatives:
            fits = fitting_properties(self.kb, head, tail)
            self._negatives[key] = grade_negative(self.kb, head, tail, self.settings) if fits else None
        return self._negatives[key]

    def _relation(self, head: Span, fact: Fact, tail: Span, weight: float, source: str) -> Relation:
        return Relation(
            head, fact.property, tail, weight=min(1.0, weight), source=source, bag=f"{fact.subject}|{fact.object}"
        )


def _segment_doc(bitext: Doc, segment: Span) -> Doc:
    starts: List[Union[bool, int, None]] = [i == 0 or bool(t.is_sent_start) for i, t in enumerate(segment)]
    words = [token.text for token in segment]
    spaces = [bool(token.whitespace_) for token in segment]
    return Doc(bitext.vocab, words=words, spaces=spaces, sent_starts=starts)


def _pairs(spans: Sequence[Span]) -> Iterator[Tuple[Tuple[int, Span], Tuple[int, Span]]]:
    """Yield all ordered pairs of spans that stand in one sentence, with their indices."""
    by_sentence: Dict[int, List[Tuple[int, Span]]] = {}
    for index, span in enumerate(spans):
        by_sentence.setdefault(span[0].sent.start, []).append((index, span))
    for group in by_sentence.values():
        yield from permutations(group, 2)


def _once(relations: Sequence[Relation], kb: KnowledgeBase) -> List[Relation]:
    """Keep a symmetric relation once, its head first in the text."""
    return [r for r in relations if not kb.properties[r.label].symmetric or r.head.start < r.tail.start]


def _likeliest(mention: Mention) -> str:
    return max(mention.candidates, key=lambda candidate: (candidate[1], candidate[0]))[0]


def _history(mention: LinkedMention) -> str:
    return f"{mention.source}:{mention.votes}/{mention.voters}"


def _translation_probability(alignment: Alignment, lang: str) -> Dict[int, float]:
    """Return P(s,t) by token of a segment: the best of its beads with the other languages."""
    best: Dict[int, float] = {}
    for pair in alignment.pairs:
        if lang not in (pair.source.label_, pair.target.label_):
            continue
        side = pair if pair.source.label_ == lang else pair.flipped()
        for bead in side.beads:
            if bead.target[0] == bead.target[1]:
                continue
            for token in range(*bead.source):
                best[token] = max(best.get(token, 0.0), bead.prob)
    return best
