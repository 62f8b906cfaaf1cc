"""Parallel text as users have it: line-aligned files, or documents as JSON lines.

Line-aligned: one file per language, named by its language code as suffix (`news.en`, `news.de`), equal numbers of
lines; each line is one bitext, or all lines up to a blank line are (`documents=True`).

JSON lines: `{"id": "…", "texts": {"en": "…", "de": "…"}}`, or the marked format, whose marks are removed.
"""

import json
from pathlib import Path
from typing import Dict, Iterator, List, Optional, Sequence, Tuple

from ..errors import Errors, fail
from ..files import PathLike, Rejects, read_lines
from ..tokens.languages import check_language
from .marked import plain_text, read_marked

ParallelText = Tuple[str, Dict[str, str]]


def read_parallel(
    paths: Sequence[PathLike], rejects: Rejects, *, langs: Optional[Sequence[str]] = None, documents: bool = False
) -> Iterator[ParallelText]:
    """Yield (id, text by language) for each bitext of some files.

    paths (Sequence[str or Path]): `.jsonl` files, each read by itself; all others are one line-aligned set.
    rejects (Rejects): Takes what has fewer than two texts that are not empty.
    langs (Sequence[str]): Keep these languages only. Default: all.
    documents (bool): Blank lines of line-aligned files separate documents, instead of a bitext a line.
    RAISES (XlreError): For broken files: not UTF-8, not JSON, unequal line counts, unknown language codes.
    """
    wanted = {check_language(lang) for lang in langs} if langs else None
    aligned = [Path(path) for path in paths if Path(path).suffix != ".jsonl"]
    sources = [_read_jsonl(Path(path)) for path in paths if Path(path).suffix == ".jsonl"]
    if aligned:
        sources.append(_read_aligned(aligned, documents))
    for source in sources:
        for path, line, id_, texts in source:
            kept = {lang: text for lang, text in texts.items() if wanted is None or lang in wanted}
            empty = [lang for lang, text in kept.items() if not text.strip()]
            full = {lang: text for lang, text in kept.items() if text.strip()}
            if empty:
                rest = "the rest is kept" if len(full) > 1 else "nothing is left to align"
                rejects.add(path, line, f"empty text for {', '.join(empty)}; {rest}", id_)
            elif len(full) < 2:
                rejects.add(path, line, f"fewer than two of the languages asked for: {', '.join(texts)}", id_)
            if len(full) > 1:
                yield id_, full


def _read_jsonl(path: Path) -> Iterator[Tuple[Path, int, str, Dict[str, str]]]:
    first = next((line for _, line in read_lines(path) if line.strip()), "")
    if '"sentences"' in first and '"beads"' in first:
        for number, document in enumerate(read_marked(path), start=1):
            texts = {lang: plain_text(group, lang) for lang, group in document.sentences.items()}
            yield path, number, document.id, {check_language(lang): text for lang, text in texts.items()}
        return
    for number, line in read_lines(path):
        if not line.strip():
            continue
        try:
            record = json.loads(line)
            texts = {str(lang): text for lang, text in record["texts"].items()}
            if not all(isinstance(text, str) for text in texts.values()):
                raise TypeError("a text is not a string")
        except (json.JSONDecodeError, KeyError, TypeError, AttributeError) as error:
            reason = f"no field {error}" if isinstance(error, KeyError) else str(error)
            raise fail(Errors.X502, path=path, line=number, reason=reason) from None
        for lang in texts:
            _check(lang, path, number)
        yield path, number, str(record.get("id", f"{path.stem}:{number}")), texts


def _read_aligned(paths: List[Path], documents: bool) -> Iterator[Tuple[Path, int, str, Dict[str, str]]]:
    langs = [_language_of(path) for path in paths]
    columns = [[line for _, line in read_lines(path)] for path in paths]
    counts = [len(column) for column in columns]
    if len(set(counts)) > 1:
        shown = ", ".join(f"{path} has {count}" for path, count in zip(paths, counts))
        raise fail(Errors.X503, counts=shown, line=min(counts) + 1)
    blocks = _blocks(columns) if documents else [(number, number + 1) for number in range(counts[0])]
    for start, end in blocks:
        texts = {lang: "\n".join(column[start:end]) for lang, column in zip(langs, columns)}
        yield paths[0], start + 1, f"{paths[0].stem}:{start + 1}", texts


def _language_of(path: Path) -> str:
    try:
        return check_language(path.suffix.lstrip("."))
    except ValueError:
        raise fail(Errors.X518, path=path) from None


def _blocks(columns: List[List[str]]) -> List[Tuple[int, int]]:
    blank = [all(not column[i].strip() for column in columns) for i in range(len(columns[0]))]
    edges = [-1, *(i for i, is_blank in enumerate(blank) if is_blank), len(blank)]
    return [(a + 1, b) for a, b in zip(edges, edges[1:]) if b > a + 1]


def _check(lang: str, path: Path, line: int) -> str:
    try:
        return check_language(lang)
    except ValueError:
        raise fail(Errors.X504, path=path, line=line, lang=lang) from None
