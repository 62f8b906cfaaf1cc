"""The training reader of bitexts, for `configs/aligner.cfg`."""

from pathlib import Path
from typing import Callable, Iterator

from spacy.language import Language
from spacy.training import Example

from ..errors import Errors, fail
from ..tokens.bitext import is_bitext, set_alignment
from .docbin import read_docs

Reader = Callable[[Language], Iterator[Example]]


def create_bitext_reader(path: str, limit: int = 0) -> Reader:
    """Make the reader registered as `spacy_xlre.BitextCorpus.v1`.

    Shipped readers make predicted Docs of the text alone, without segments, in which there is nothing to align. Here
    the predicted Doc is the reference without its alignments: the same tokens, segments and sentences.

    path (str): A `.spacy` file of bitexts, or a folder of them. With links they are gold; without, only text.
    limit (int): The most bitexts to read; 0 for all.
    RETURNS (Callable): From a pipeline to examples.
    RAISES (XlreError): When read: if the path is missing, broken, or holds no bitexts.
    """

    def read(nlp: Language) -> Iterator[Example]:
        count = 0
        for reference in read_docs(Path(path), nlp.vocab):
            if not is_bitext(reference):
                continue
            if limit and count >= limit:
                break
            count += 1
            predicted = reference.copy()
            set_alignment(predicted, [])
            yield Example(predicted, reference)
        if not count:
            raise fail(Errors.X406, path=path)

    return read
