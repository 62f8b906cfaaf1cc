"""Where and how often a fact counts as stated: near together, in the first sentences of a text, in some texts only."""

from collections import Counter
from typing import Dict, Iterable, List

from spacy.tokens import Span

from ..kb.store import Fact
from .settings import LabelingSettings


class FactBudget:
    """Counts the texts in which each fact was labelled, over a corpus.

    settings (LabelingSettings): The bounds.
    """

    def __init__(self, settings: LabelingSettings) -> None:
        self.settings = settings
        self._texts: Counter = Counter()

    def begin(self) -> "StatementBudget":
        """Return the budget of one text in one language."""
        return StatementBudget(self)

    def end(self, budgets: Iterable["StatementBudget"]) -> None:
        """Count what was labelled in a text, in any of its languages."""
        self._texts.update({fact for budget in budgets for fact in budget.stated})

    def is_spent(self, fact: Fact) -> bool:
        """Tell whether a fact was labelled in as many texts as it may."""
        return self._texts[fact] >= self.settings.max_texts


class StatementBudget:
    """Tells where in a text a fact counts as stated: in its first sentences, between entities that stand near."""

    def __init__(self, corpus: FactBudget) -> None:
        self.corpus = corpus
        self.settings = corpus.settings
        self._sentences: Dict[Fact, List[int]] = {}

    @property
    def stated(self) -> List[Fact]:
        """The facts that were allowed somewhere in the text."""
        return [fact for fact, sentences in self._sentences.items() if sentences]

    def allows(self, fact: Fact, head: Span, tail: Span) -> bool:
        """Judge a pair; pairs must come in the order of their sentences."""
        if self._is_far(head, tail) or self.corpus.is_spent(fact):
            return False
        sentence, known = head[0].sent.start, self._sentences.setdefault(fact, [])
        if sentence not in known and len(known) < self.settings.max_statements:
            known.append(sentence)
        return sentence in known

    def why_not(self, facts: Iterable[Fact], head: Span, tail: Span) -> str:
        """Say why facts do not count as stated between two names."""
        if self._is_far(head, tail):
            return f"more than {self.settings.max_gap} tokens between the names"
        if any(self.corpus.is_spent(fact) for fact in facts):
            return f"labelled in {self.settings.max_texts} texts before"
        return f"labelled in {self.settings.max_statements} sentences before"

    def _is_far(self, head: Span, tail: Span) -> bool:
        return max(head.start, tail.start) - min(head.end, tail.end) > self.settings.max_gap
