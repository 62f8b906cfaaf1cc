"""Votes on the pairs of labelled Docs, as `spacy xlre review --votes` writes them: JSON lines, a pair a line."""

import json
from pathlib import Path
from typing import Dict, Sequence, Union

from spacy.tokens import Doc

from ..errors import Errors, fail
from ..files import atomic_file, read_lines
from ..tokens import get_bitext_id, get_language
from .pairs import PairKey, words_key
from .second_opinion import Scores

# Lower scores are not written, and read as 0.
LEAST = 0.001


def write_votes(path: Union[str, Path], docs: Sequence[Doc], votes: Sequence[Scores]) -> None:
    """Write the votes on the pairs of Docs."""
    with atomic_file(path) as temporary, temporary.open("w", encoding="utf-8") as file_:
        for doc, own in zip(docs, votes):
            about = {"doc": words_key(doc), "bitext": get_bitext_id(doc), "lang": get_language(doc)}
            for key, scores in own.items():
                kept = {label: round(float(score), 4) for label, score in scores.items() if score >= LEAST}
                row = {**about, "head": key[:2], "tail": key[2:], "scores": kept}
                file_.write(json.dumps(row, ensure_ascii=False) + "\n")


def read_votes(path: Union[str, Path]) -> Dict[str, Scores]:
    """Read votes, by what `words_key` returns for a Doc.

    RAISES (XlreError): If the file is missing, or a line is no vote.
    """
    found: Dict[str, Scores] = {}
    for line, text in read_lines(path):
        try:
            row = json.loads(text)
            start, end = (int(i) for i in row["head"])
            key: PairKey = (start, end, *(int(i) for i in row["tail"]))  # type: ignore[assignment]
            scores = {str(label): float(score) for label, score in row["scores"].items()}
            found.setdefault(str(row["doc"]), {})[key] = scores
        except (ValueError, LookupError, TypeError, AttributeError, RecursionError) as error:
            raise fail(Errors.X605, path=path, line=line, reason=repr(error)) from None
    return found
