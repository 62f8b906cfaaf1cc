"""The training reader of relations: predicted Docs keep the entities and sentences of their references."""

from pathlib import Path
from typing import Callable, Iterator

from spacy.language import Language
from spacy.tokens import Doc
from spacy.training import Example

from ..errors import Errors, fail
from ..tokens import set_relations
from .docbin import read_docs

Reader = Callable[[Language], Iterator[Example]]


def create_relation_reader(path: str, limit: int = 0) -> Reader:
    """Make the reader registered as `spacy_xlre.RelationCorpus.v1`.

    Shipped readers make predicted Docs of the text alone, so a pipeline without `ner` finds no entities in them, and
    other tokens than the reference's. Here a predicted Doc is the reference without its relations.

    path (str): A `.spacy` file, or a folder of them.
    limit (int): The most Docs to read; 0 for all.
    RETURNS (Callable): From a pipeline to examples.
    RAISES (XlreError): When read: if the path is missing, broken, or holds no Docs.
    """

    def read(nlp: Language) -> Iterator[Example]:
        count = 0
        for reference in read_docs(Path(path), nlp.vocab):
            if limit and count >= limit:
                break
            count += 1
            yield Example(without_relations(reference), reference)
        if not count:
            raise fail(Errors.X516, path=path)

    return read


def without_relations(doc: Doc) -> Doc:
    """Return a copy of a Doc in which no relations are annotated."""
    copied = doc.copy()
    set_relations(copied, [])
    return copied
