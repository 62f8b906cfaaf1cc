"""Training examples told again of others: the same sentences, with the names of other entities of the same types.

Distant labels come from what is known of entities, and a few texts name the same ones again and again: a model soon
knows by heart which two go together, the wrongly labelled pairs among them. Where the names change and the words around
them stay, only those words can be learned from.
"""

import random
import zlib
from typing import Callable, Dict, Iterator, List, Optional, Tuple

from spacy.language import Language
from spacy.tokens import Doc, Span
from spacy.training import Example

from ..kb.store import KnowledgeBase
from ..tokens import get_language
from ..tokens.replacement import replace_spans

Augmenter = Callable[[Language, Example], Iterator[Example]]
Names = Dict[str, List[Tuple[str, ...]]]

# How often a mention gets another name of its new entity than the usual one.
OTHER_NAME = 0.2


class NameSwapper:
    """Yields each example, and copies of it with other names; see `create_name_swapper`."""

    def __init__(self, kb: KnowledgeBase, copies: int, seed: int) -> None:
        self.kb = kb
        self.copies = copies
        self.seed = seed
        self._names: Dict[str, Names] = {}

    def __call__(self, nlp: Language, example: Example) -> Iterator[Example]:
        """Yield the example, and its copies."""
        yield example
        for copy in range(self.copies):
            reference = self.swap(nlp, example.reference, copy)
            if reference is None:
                return
            yield Example(nlp.make_doc(reference.text), reference)

    def swap(self, nlp: Language, doc: Doc, copy: int = 0) -> Optional[Doc]:
        """Return a Doc with other names for all entities whose type has some; None if there are none.

        nlp (Language): Its tokenizer cuts the names.
        doc (Doc): A monolingual Doc with entities; those of one id, or of one text if they have none, stay one.
        copy (int): Another copy has other names. The same copy always has the same.
        """
        names = self._names_of(get_language(doc))
        rng = random.Random(zlib.crc32(f"{self.seed} {copy} {doc.text}".encode()))
        chosen: Dict[Tuple[str, str], Tuple[str, ...]] = {}
        replacements: List[Tuple[Span, Doc]] = []
        for ent in doc.ents:
            key = (ent.label_, ent.kb_id_ or ent.text)
            if names.get(ent.label_) and key not in chosen:
                chosen[key] = rng.choice(names[ent.label_])
            if key in chosen:
                usual, *others = chosen[key]
                name = rng.choice(others) if others and rng.random() < OTHER_NAME else usual
                replacements.append((ent, nlp.make_doc(name)))
        return replace_spans(doc, replacements) if replacements else None

    def _names_of(self, lang: str) -> Names:
        if lang not in self._names:
            self._names[lang] = self.kb.sample_names(lang)
        return self._names[lang]


def create_name_swapper(kb: str, copies: int = 1, seed: int = 0) -> Augmenter:
    """Make an augmenter for training readers; registered as `spacy_xlre.swap_names.v1`.

    Each example is followed by copies in which every entity is another of its type, by a name that the knowledge base
    has in the text's language. Labels stay: the words around the names say what they said.

    kb (str): A knowledge base made by `spacy xlre kb build`.
    copies (int): Copies of each example.
    seed (int): Of the choice of names.
    RETURNS (Callable): From a pipeline and an example to examples.
    RAISES (XlreError): If the folder is no knowledge base.
    """
    return NameSwapper(KnowledgeBase.open(kb), copies, seed)
