"""Sentence boundaries for some 300 languages, as character offsets of a text or sentence starts of a Doc.

The rules are those of the package sentencex, by language code; codes that it does not know fall back to related
languages or to English. Its sentences are put back on the text's own characters here, so that nothing is lost or moved,
and a few boundaries corrected that its rules about numbers and abbreviations get wrong.
"""

from typing import List, Set, Tuple, Union, overload

import regex
from spacy.tokens import Doc, Span

from ..extras import need

PARAGRAPH = regex.compile(r"\n[^\S\n]*\n\s*")
# Marks that end a sentence and nothing else, before a number: "……。1982年".
FULL_STOP = regex.compile(r"[。！？｡।॥۔؟።။][”’」』》）)]*\s*(?=\p{Nd})")
# Where a full stop makes ordinals, a word's full stop before a year: "… Siemens. 1867 …".
BEFORE_YEAR = regex.compile(r"(?<=\p{L}{5}\.)\s+(?=(?:1\d|20)\d\d\s)")
ORDINAL_LANGUAGES = frozenset(
    ["cs", "da", "de", "et", "fi", "hr", "hu", "is", "lv", "nb", "nn", "no", "pl", "sk", "sl", "sr"]
)
# A short capitalised word's full stop before a small letter or a hyphen: "Warner Bros. à", "av. J.-C.".
ABBREVIATION = regex.compile(r"\b\p{Lu}\p{L}{0,3}\.(?:\s+(?=\p{Ll})|(?=-))")
# A German ordinal: "im 4. Jahrhundert".
ORDINAL = regex.compile(
    r"\b(?i:[ai]m|vom|zum|beim|de[rmns]|das|(?:sein|ihr|mein|unser|ein|dies)e[mnrs]?)\s\d{1,2}\.\s+(?=\p{Lu})"
)

Range = Tuple[int, int]


@overload
def split_sentences(text: str, lang: str) -> List[Range]: ...


@overload
def split_sentences(text: Union[Doc, Span], lang: str) -> List[Range]: ...


def split_sentences(text: Union[str, Doc, Span], lang: str) -> List[Range]:
    """Find the sentences of a text, and mark them if it is a Doc or a Span.

    text (str, Doc or Span): The text. On a Doc or Span, `token.is_sent_start` is set for every token, so that its
        `.sents` are the sentences; a boundary inside a token is left out.
    lang (str): Language code, for example "en", "pt-BR", "zh".
    RETURNS (List[Tuple[int, int]]): Half-open ranges without gaps, in characters for a string and in tokens of the Doc
        otherwise. Spaces belong to the sentence before them.
    """
    if isinstance(text, str):
        return _ranges(_starts(text, lang), len(text))
    starts = _token_starts(text, lang)
    for token in text:
        token.is_sent_start = token.i in starts
    begin, end = (text.start, text.end) if isinstance(text, Span) else (0, len(text))
    return [(a + begin, b + begin) for a, b in _ranges([start - begin for start in sorted(starts)], end - begin)]


def _ranges(starts: List[int], length: int) -> List[Range]:
    return [(a, b) for a, b in zip(starts, [*starts[1:], length]) if a < b]


def _token_starts(text: Union[Doc, Span], lang: str) -> Set[int]:
    offset = text.start_char if isinstance(text, Span) else 0
    tokens = list(text)
    by_char = {token.idx - offset: token.i for token in tokens}
    found = {by_char[start] for start in _starts(text.text, lang) if start in by_char}
    return found | {token.i for token in tokens[:1]}


def _starts(text: str, lang: str) -> List[int]:
    """Return the first character of every sentence; the first sentence starts at 0."""
    starts = set()
    for start, end in _paragraphs(text):
        position = start
        for sentence in _segment(text[start:end], lang):
            if sentence.strip():
                starts.add(position + len(sentence) - len(sentence.lstrip()))
            position += len(sentence)
    language = lang.split("-")[0].lower()
    starts |= {match.end() for match in FULL_STOP.finditer(text)}
    starts -= {match.end() for match in ABBREVIATION.finditer(text)}
    if language in ORDINAL_LANGUAGES:
        starts |= {match.end() for match in BEFORE_YEAR.finditer(text)}
    if language == "de":
        starts -= {match.end() for match in ORDINAL.finditer(text)}
    lead = len(text) - len(text.lstrip())
    return [0, *sorted(start for start in starts if start > lead)]


def _paragraphs(text: str) -> List[Range]:
    """Cut a text at empty lines, which always end a sentence."""
    edges = [0, *(match.end() for match in PARAGRAPH.finditer(text)), len(text)]
    return [(a, b) for a, b in zip(edges, edges[1:]) if a < b]


def _segment(text: str, lang: str) -> List[str]:
    """Cut a paragraph into sentences that join to it again."""
    sentencex = need("sentencex", extra="align")
    # Spaces of several bytes make sentencex slice inside a character; a plain one has the same length here.
    plain = "".join(" " if char.isspace() else char for char in text)
    try:
        sentences = sentencex.segment(lang, plain)
    except BaseException as error:
        if type(error).__name__ != "PanicException":  # what its Rust code raises, which is no Exception
            raise
        return [text]
    return sentences if "".join(sentences) == plain else [text]
