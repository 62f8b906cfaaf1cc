"""Every message a user can get: what is wrong, where, and what to do about it.

Codes are grouped by room: X0 tokens and files, X1 kb, X2 encoder, X3 relations (ml, pipeline, scoring), X4 alignment,
X5 corpus, X6 labelling, X7 command line and project.
"""

from typing import Any


class XlreError(ValueError):
    """A problem with the user's input or installation; its text is one line that says what, where and what to do."""


class _WithCodes(type):
    def __getattribute__(cls, name: str) -> Any:
        message = super().__getattribute__(name)
        return message if name.startswith("__") else f"[{name}] {message}"


class Errors(metaclass=_WithCodes):
    # tokens and files
    X001 = "{path}, line {line}: not valid UTF-8 ({reason}). Convert the file to UTF-8, for example with iconv."
    X002 = "{path}: no such file. Check the path, or run the step that writes it."
    X003 = (
        "The relation's {role} span [{start}:{end}] does not belong to the Doc it is set on. "
        "Make it from that Doc: doc[start:end]."
    )
    X004 = "A bitext needs at least two texts, got {n}. Pass one text per language code."
    X005 = "The text for language '{lang}' is empty. Leave the language out, or supply its text."
    X006 = "This Doc is not a bitext: it has no segments. Build one with spacy_xlre.make_bitext."
    X007 = "The bitext has no segment in language '{lang}'; it has {langs}."
    X008 = "The bitext has {n} segments, so the pair must be named: pass the source and target languages."
    X009 = "{path} exists and is not a folder made by this command. Choose another destination or remove it yourself."
    X010 = "'{lang}' is not a language code (BCP 47, for example en, pt-BR, zh-Hant). Correct it."
    X011 = (
        "The text has half of a surrogate pair (U+{code}) at character {position}: it is not Unicode text. "
        "Decode it again with the right encoding, or with errors='replace'."
    )
    X012 = (
        "The segmenter changed the text: the words it returned for '{run}' ({words}) do not join to it. "
        "Use a segmenter that keeps every character."
    )
    # corpus
    X500 = "{path}: not a readable .spacy file ({reason}). Write it again with the step that makes it."
    X501 = "{path}, line {line}: not a marked document ({reason}). See spacy_xlre/corpus/marked.py for the format."
    X502 = (
        '{path}, line {line}: not a parallel document ({reason}). Expected {{"id": …, "texts": {{"en": …, "de": …}}}}.'
    )
    X503 = "The files are not line-aligned: {counts} lines. Make them equal; see line {line} of the longer one."
    X504 = "{path}, line {line}: '{lang}' is not a language code. Use BCP 47, for example en or zh-Hant."
    # labelling
    X600 = "Bitext '{doc}' has no alignment. Run 'spacy xlre align' first, or label with --method monolingual."
    X601 = "'{method}' is not a labelling method. Choose agreement or monolingual."
    # command line and project
    X700 = "spacy xlre {name}: interrupted. Nothing half-written is left; run the same command again to continue."
    # reports
    X750 = "Table '{title}', row {row}: {cells} cells for {columns} columns. Give each row one cell a column."


def fail(message: str, **details: Any) -> XlreError:
    """Fill a message from `Errors` and wrap it in the package's exception: `raise fail(Errors.X002, path=path)`."""
    return XlreError(message.format(**details))
