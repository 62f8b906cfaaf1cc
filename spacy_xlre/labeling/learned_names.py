"""Names that a knowledge base lacks, learned from the other side of a bitext.

Where the languages agree on an entity, but the text of one of them has no name that the knowledge base knows, the span
that the others project is a new name of the entity, or a known one with another ending. Both are written to tables for
a person to review, which `spacy xlre kb merge` and `spacy xlre kb build --inflections` take.
"""

from collections import Counter, defaultdict
from pathlib import Path
from typing import Dict, List, Set, Tuple, Union

from ..files import atomic_folder
from ..kb.learned_inflection import Inflections, learn_inflections, pattern_of
from ..kb.names import clean_name
from ..kb.sources import ENTITY_COLUMNS, ENTITY_TABLE
from ..kb.store import KnowledgeBase
from .agreement import LinkedMention

INFLECTIONS = "inflections.tsv"
# How mentions come about that the text's own language did not suggest.
_FROM_OTHERS = frozenset(("projected", "relinked"))


class LearnedNames:
    """Collects what agreed mentions tell about names.

    kb (KnowledgeBase): What is known.
    min_names (int): How many names of a language must show an ending.
    """

    def __init__(self, kb: KnowledgeBase, min_names: int = 3) -> None:
        self.kb = kb
        self.min_names = min_names
        self._seen: Dict[str, Counter] = defaultdict(Counter)

    def see(self, lang: str, mention: LinkedMention, text: str) -> None:
        """Take note of a mention, unless the knowledge base has its text as a name."""
        if mention.source in _FROM_OTHERS:
            known, text = self.kb.resolve_language(lang) or lang, clean_name(text)
            if mention.entity not in dict(self.kb.candidates(text, known)):
                self._seen[known][mention.entity, text] += 1

    def inflections(self) -> Inflections:
        """Return the endings that several names showed."""
        found = {}
        for lang, seen in self._seen.items():
            texts: Dict[str, Set[str]] = defaultdict(set)
            for entity, text in seen:
                texts[entity].add(text)
            # Two forms that were seen differ as a name and a form do.
            forms = {
                (entity, name): own for entity, own in texts.items() for name in {*self._known(entity, lang), *own}
            }
            patterns = learn_inflections(forms, self.min_names)
            if patterns:
                found[lang] = patterns
        return Inflections(found)

    def names(self, inflections: Inflections) -> List[Tuple[str, str, str, int]]:
        """Return entity, language, name and uses of names that are no inflected forms, the most used first."""
        found = [
            (entity, lang, text, count)
            for lang, seen in self._seen.items()
            for (entity, text), count in seen.items()
            if not any(
                pattern_of(name, text) in inflections.patterns.get(lang, {}) for name in self._known(entity, lang)
            )
        ]
        return sorted(found, key=lambda row: (-row[3], row[:3]))

    def write(self, folder: Union[str, Path]) -> Tuple[int, int]:
        """Write `entities.tsv` and `inflections.tsv` into a folder of their own.

        RETURNS (Tuple[int, int]): The number of names, and of endings.
        RAISES (XlreError): If the folder is there and holds something else.
        """
        inflections = self.inflections()
        names = self.names(inflections)
        with atomic_folder(folder, marker=INFLECTIONS) as temporary:
            inflections.write(temporary / INFLECTIONS)
            with (temporary / ENTITY_TABLE).open("w", encoding="utf-8") as file_:
                file_.write("\t".join([*ENTITY_COLUMNS, "count"]) + "\n")
                for entity, lang, text, count in names:
                    file_.write(f"{entity}\t\t{lang}\t{text}\t{count}\n")
        return len(names), sum(map(len, inflections.patterns.values()))

    def _known(self, entity: str, lang: str) -> Tuple[str, ...]:
        known = self.kb.entity(entity)
        return known.names.get(lang, ()) if known is not None else ()
