"""Why a pair has the label that it has, or none."""

from collections import Counter
from dataclasses import dataclass
from typing import Callable, Dict, List, Sequence, Tuple

from spacy.tokens import Span

from ..kb.store import KnowledgeBase
from .negatives import fitting_properties
from .settings import LabelingSettings

RELATION, NOTHING, UNKNOWN = "relation", "NA", "unknown"
DECISIONS = (RELATION, NOTHING, UNKNOWN)


@dataclass(frozen=True)
class Explanation:
    """What was decided about an ordered pair of names in a text, and why.

    bitext, lang (str): Where.
    sentence (str): The sentence.
    head, tail (str): Name, entity id, and how the languages agreed on it.
    decision (str): One of `DECISIONS`.
    weight (float): The weight of the label in training.
    reason (str): Why, for a person.
    """

    bitext: str
    lang: str
    sentence: str
    head: str
    tail: str
    decision: str
    weight: float
    reason: str

    def __str__(self) -> str:
        pair = f"{self.head} → {self.tail}"
        return (
            f"{self.decision}, weight {self.weight:.2f}: {pair}\n  {self.reason}\n"
            f"  {self.bitext} ({self.lang}): {self.sentence}"
        )


Explain = Callable[[Explanation], None]


class Examples:
    """Keeps some explanations of each decision, and counts all.

    n (int): How many to keep in all.
    """

    def __init__(self, n: int) -> None:
        self.n = n
        self.counts: Counter = Counter()
        self._kept: Dict[str, List[Explanation]] = {decision: [] for decision in DECISIONS}

    def __call__(self, explanation: Explanation) -> None:
        """Count an explanation, and keep it if few of its decision were seen."""
        self.counts[explanation.decision] += 1
        kept = self._kept[explanation.decision]
        if len(kept) < self.n:
            kept.append(explanation)

    def chosen(self) -> List[Explanation]:
        """Return the first ones of each decision, an equal number of each as far as there are so many."""
        found: List[Explanation] = []
        place = 0
        while len(found) < self.n and any(place < len(kept) for kept in self._kept.values()):
            found += [kept[place] for kept in self._kept.values() if place < len(kept)]
            place += 1
        return sorted(found[: self.n], key=lambda e: DECISIONS.index(e.decision))


def described(span: Span, history: str) -> str:
    """Describe a name: its text, its entity, and how that was agreed on."""
    return f"{span.text} [{span.kb_id_}, {history}]"


def why_nothing(kb: KnowledgeBase, head: str, tail: str, settings: LabelingSettings) -> str:
    """Say what the knowledge base knows of a pair without a fact; the grades are those of `negatives`."""
    fitting = fitting_properties(kb, head, tail)
    if not fitting:
        return "no fact, and no property allows these types"
    if all(p.functional and kb.facts(subject=head, property=p.id) for p in fitting):
        return f"no fact, and {_names([p.id for p in fitting])} of {head} has another value"
    counts: Tuple[int, int] = kb.fact_count(head), kb.fact_count(tail)
    known = "both are well described" if min(counts) >= settings.described_facts else "little is known of one of them"
    return f"no fact, and {known} ({counts[0]} and {counts[1]} facts)"


def _names(properties: Sequence[str]) -> str:
    return " or ".join(properties)
