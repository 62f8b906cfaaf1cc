"""Long work on many Docs or texts in parts: what is done stays done when the run is interrupted and started again."""

import hashlib
import json
import shutil
from pathlib import Path
from typing import Any, Callable, Iterator, List, Sequence

import numpy
from spacy.tokens import Doc
from spacy.vocab import Vocab

from ..files import PathLike, atomic_file, check_place
from .docbin import read_docs, write_docs

MANIFEST = "manifest.json"


class Parts:
    """The finished parts of a run, in a hidden folder beside its output, bound to what they were made from.

    output (str or Path): The file that the run makes.
    made_from (str): A fingerprint of input and settings. Parts of another fingerprint are thrown away.
    size (int): Docs or texts a part: what an interruption can lose.
    """

    def __init__(self, output: PathLike, made_from: str, *, size: int) -> None:
        self.output = Path(output)
        check_place(self.output)
        self.folder = self.output.parent / f".{self.output.name}.parts"
        self.size = size
        manifest = {"made_from": made_from, "size": size}
        if self._manifest() != manifest:
            shutil.rmtree(self.folder, ignore_errors=True)
            with atomic_file(self.folder / MANIFEST) as temporary:
                temporary.write_text(json.dumps(manifest), encoding="utf-8")

    def run(self, docs: Sequence[Doc], work: Callable[[List[Doc]], List[Doc]], vocab: Vocab) -> Iterator[List[Doc]]:
        """Do the work on each part that is not done, yield every part as it is done, and write the output at the end.

        docs (Sequence[Doc]): All Docs.
        work (Callable[[List[Doc]], List[Doc]]): What to do with the Docs of a part.
        vocab (Vocab): The vocabulary to read finished parts with.
        YIELDS (List[Doc]): The Docs of each part after the work. Exhaust it: the output is written after the last.
        """
        paths = []
        for start in range(0, len(docs), self.size):
            path = self.folder / f"{start:09d}.spacy"
            paths.append(path)
            if path.exists():
                yield list(read_docs(path, vocab))
            else:
                done = work(list(docs[start : start + self.size]))
                write_docs(path, done)
                yield done
        write_docs(self.output, (doc for path in paths for doc in read_docs(path, vocab)))
        self.remove()

    def arrays(self, name: str, texts: Sequence[str], work: Callable[[Sequence[str]], Any]) -> Iterator[Any]:
        """Make an array of the texts of each part that is not done, and yield every part's; call `remove` at the end.

        name (str): What tells these parts from others of the run.
        texts (Sequence[str]): All texts.
        work (Callable[[Sequence[str]], Any]): From the texts of a part to an array with a row for each.
        YIELDS (Any): The arrays in order, in half precision.
        """
        for start in range(0, len(texts), self.size):
            path = self.folder / f"{name}-{start:09d}.npy"
            if not path.exists():
                with atomic_file(path) as temporary:
                    numpy.save(temporary, numpy.asarray(work(texts[start : start + self.size]), dtype="float16"))
            yield numpy.load(path)

    def remove(self) -> None:
        """Remove the finished parts: the output is written."""
        shutil.rmtree(self.folder, ignore_errors=True)

    def _manifest(self) -> Any:
        try:
            return json.loads((self.folder / MANIFEST).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return None


def fingerprint(*made_from: Any) -> str:
    """Return a digest of settings (JSON values) and of the contents of files and folders (Path objects)."""
    digest = hashlib.sha256()
    for item in made_from:
        if isinstance(item, Path):
            for path in sorted(p for p in item.rglob("*") if p.is_file()) if item.is_dir() else [item]:
                digest.update(path.name.encode("utf-8"))
                with path.open("rb") as file_:
                    for block in iter(lambda: file_.read(1 << 20), b""):
                        digest.update(block)
        else:
            digest.update(json.dumps(item, sort_keys=True).encode("utf-8"))
    return digest.hexdigest()
