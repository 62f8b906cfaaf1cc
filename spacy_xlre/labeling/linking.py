"""What an ambiguous name means by the other names of its text, and which names a user's own pipeline confirms."""

from collections import Counter
from functools import lru_cache
from typing import Callable, Dict, FrozenSet, List, Mapping, Sequence

from spacy.language import Language
from spacy.tokens import Doc, Span

from ..kb.matcher import Mention
from ..kb.store import KnowledgeBase

# Which mentions of a segment to keep: from a language code, the segment and its mentions.
MentionFilter = Callable[[str, Span, Sequence[Mention]], List[Mention]]
_CACHE_SIZE = 100_000


class Coherence:
    """Prefers candidates that have facts with the other entities of the text.

    kb (KnowledgeBase): The facts.
    weight (float): How much a candidate gains for each other entity of the text that it has a fact with: its prior is
        multiplied by 1 + weight × their number. 0 for nothing.
    """

    def __init__(self, kb: KnowledgeBase, weight: float) -> None:
        self.kb = kb
        self.weight = weight
        self._neighbours = lru_cache(_CACHE_SIZE)(self._read_neighbours)

    def __call__(self, mentions: Mapping[str, Sequence[Mention]]) -> Dict[str, List[Mention]]:
        """Weigh the candidates of ambiguous names anew; the priors of a name still add up to 1.

        mentions (Mapping[str, Sequence[Mention]]): What the matcher found in a bitext, by language.
        """
        if not self.weight:
            return {lang: list(found) for lang, found in mentions.items()}
        # An entity counts once, in however many languages and places it is named, and only where that is sure.
        sure = {found.candidates[0][0] for own in mentions.values() for found in own if len(found.candidates) == 1}
        return {lang: [self._weigh(found, sure) for found in own] for lang, own in mentions.items()}

    def _weigh(self, mention: Mention, sure: "set[str]") -> Mention:
        if len(mention.candidates) < 2:
            return mention
        scores = Counter(
            {id: prior * (1.0 + self.weight * len(self._neighbours(id) & sure)) for id, prior in mention.candidates}
        )
        total = sum(scores.values())
        return mention._replace(candidates=[(id, score / total) for id, score in scores.most_common()])

    def _read_neighbours(self, id: str) -> FrozenSet[str]:
        facts = self.kb.facts(subject=id) + self.kb.facts(object=id)
        return frozenset(other for fact in facts for other in (fact.subject, fact.object) if other != id)


class PipelineFilter:
    """Keeps the names that a user's pipelines confirm: by an entity that overlaps or, without a `ner`, a proper noun.

    pipelines (Mapping[str, Language]): Pipelines by language code; in other languages all names are kept.
    """

    def __init__(self, pipelines: Mapping[str, Language]) -> None:
        self.pipelines = pipelines

    def __call__(self, lang: str, segment: Span, mentions: Sequence[Mention]) -> List[Mention]:
        """Return the mentions that are confirmed."""
        nlp = self.pipelines.get(lang)
        if nlp is None or not mentions:
            return list(mentions)
        words = [token.text for token in segment]
        doc = Doc(nlp.vocab, words=words, spaces=[bool(token.whitespace_) for token in segment])
        for _, component in nlp.pipeline:
            doc = component(doc)
        return [found for found in mentions if _confirms(doc, found.start - segment.start, found.end - segment.start)]


def _confirms(doc: Doc, start: int, end: int) -> bool:
    if doc.has_annotation("ENT_IOB"):
        return any(ent.start < end and start < ent.end for ent in doc.ents)
    if doc.has_annotation("POS"):
        return any(token.pos_ == "PROPN" for token in doc[start:end])
    return True
