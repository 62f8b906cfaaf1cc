"""Sentences in, mined pairs out: the files that `spacy xlre mine` reads and writes."""

from dataclasses import dataclass
from pathlib import Path
from typing import Iterable, List, Tuple

from spacy.language import Language
from spacy.tokens import Doc

from ..files import PathLike, Rejects, atomic_file, read_lines
from ..tokens.bitext import Bead, PairAlignment, get_segments, make_bitext, set_alignment
from ..tokens.relations import set_bitext_id
from ..tokens.sentences import split_sentences

COLUMNS = ("prob", "margin", "source", "target", "source_line", "target_line")


@dataclass(frozen=True)
class Sentence:
    """A sentence of a file: its text with single spaces, its line from 1, and its number in the line from 1."""

    text: str
    line: int
    number: int = 1


@dataclass(frozen=True)
class SentencePair:
    """Two sentences that are translations, with the margin that found them and P(s,t)."""

    source: Sentence
    target: Sentence
    margin: float
    prob: float


def read_sentences(path: PathLike, lang: str, rejects: Rejects, *, split: bool = False) -> List[Sentence]:
    """Read a file of sentences, one a line.

    path (str or Path): The file.
    lang (str): Its language, for the rules of `split`.
    rejects (Rejects): Takes the empty lines.
    split (bool): Each line is a text, to be cut into sentences.
    RETURNS (List[Sentence]): The sentences in order. Tabs and runs of spaces are single spaces, as a table wants them.
    RAISES (XlreError): If the file is missing, or a line is not valid UTF-8.
    """
    sentences = []
    for number, line in read_lines(path):
        if not line.strip():
            rejects.add(path, number, "empty line")
            continue
        parts = [line[start:end] for start, end in split_sentences(line, lang)] if split else [line]
        texts = [" ".join(part.split()) for part in parts if part.strip()]
        sentences += [Sentence(text, number, index) for index, text in enumerate(texts, start=1)]
    return sentences


def write_table(path: PathLike, pairs: Iterable[SentencePair]) -> None:
    """Write pairs as tab-separated columns under a header: see `COLUMNS`. All or nothing."""
    with atomic_file(path) as temporary, temporary.open("w", encoding="utf-8", newline="\n") as file_:
        file_.write("\t".join(COLUMNS) + "\n")
        for pair in pairs:
            texts = f"{pair.source.text}\t{pair.target.text}\t{pair.source.line}\t{pair.target.line}"
            file_.write(f"{pair.prob:.4f}\t{pair.margin:.4f}\t{texts}\n")


def mined_bitext(nlp: Language, pair: SentencePair, languages: Tuple[str, str], paths: Tuple[Path, Path]) -> Doc:
    """Make the bitext of a pair: one bead, its P(s,t), and an id that says where the sentences stand.

    nlp (Language): The pipeline whose tokenizer cuts the sentences.
    pair (SentencePair): The pair.
    languages (Tuple[str, str]): The codes of source and target.
    paths (Tuple[Path, Path]): The files of source and target.
    RETURNS (Doc): The bitext.
    """
    sides = (pair.source, pair.target)
    doc = make_bitext(nlp, {lang: sentence.text for lang, sentence in zip(languages, sides)})
    places = [f"{path.name}:{sentence.line}.{sentence.number}" for path, sentence in zip(paths, sides)]
    set_bitext_id(doc, "|".join(places))
    source, target = get_segments(doc).values()
    set_alignment(doc, [PairAlignment(source, target, [Bead((0, len(source)), (0, len(target)), pair.prob)])])
    return doc
