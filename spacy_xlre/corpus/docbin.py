"""DocBin files, read with clear errors and written atomically."""

from pathlib import Path
from typing import Iterable, Iterator, Sequence

from spacy.tokens import Doc, DocBin
from spacy.vocab import Vocab

from ..errors import Errors, fail
from ..files import PathLike, atomic_file

ATTRS: Sequence[str] = ("ORTH", "SPACY", "ENT_IOB", "ENT_TYPE", "ENT_KB_ID", "SENT_START")


def read_docs(path: PathLike, vocab: Vocab) -> Iterator[Doc]:
    """Yield the Docs of a `.spacy` file, or of all `.spacy` files in a folder in the order of their names.

    RAISES (XlreError): If the file is missing or is not a DocBin.
    """
    path = Path(path)
    if not path.exists():
        raise fail(Errors.X002, path=path)
    for file_ in sorted(path.glob("**/*.spacy")) if path.is_dir() else [path]:
        try:
            stored = DocBin().from_disk(file_)
        except Exception as error:  # zlib, msgpack and KeyError, by where the file is broken
            raise fail(Errors.X500, path=file_, reason=f"{type(error).__name__}: {error}") from None
        yield from stored.get_docs(vocab)


def write_docs(path: PathLike, docs: Iterable[Doc]) -> int:
    """Write Docs to a `.spacy` file, all or nothing; entities, ids, sentence starts and span groups are kept.

    RETURNS (int): The number of Docs.
    """
    stored = DocBin(attrs=ATTRS, docs=docs)
    with atomic_file(path) as temporary:
        stored.to_disk(temporary)
    return len(stored)
