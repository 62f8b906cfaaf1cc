"""What a language needs of a vocabulary: its scripts and its frequent words."""

import re
from typing import Iterable, Iterator, List, Optional, Set

import langcodes
import regex

from ..errors import Errors, fail
from ..tokens.languages import check_language

# Codes of ISO 15924 that stand for several scripts of Unicode, or for a variant of one.
SCRIPTS = {
    "Hans": ("Hani",),
    "Hant": ("Hani",),
    "Jpan": ("Hani", "Hira", "Kana"),
    "Kore": ("Hang", "Hani"),
    "Hrkt": ("Hira", "Kana"),
}
# Digits, punctuation and symbols; combining marks.
EVERYWHERE = ("Zyyy", "Zinh")
# The distance up to which langcodes holds two languages' word lists to be interchangeable ("hr" and "sh").
MAX_DISTANCE = 10
ANY_LANGUAGE = re.compile(r"^(xx|und|mul)\b")


def scripts_of(languages: Iterable[str]) -> Set[str]:
    """Give the scripts that languages are written in.

    languages (Iterable[str]): Language codes.
    RETURNS (Set[str]): Unicode's short script names, "Latn" or "Hani"; with those that every language uses.
    RAISES (XlreError): If a code is not one of a language.
    """
    scripts = set(EVERYWHERE)
    for code in languages:
        if ANY_LANGUAGE.match(check_language(code)):
            raise fail(Errors.X010, lang=code)
        script = langcodes.Language.get(code).maximize().script or ""
        scripts.update(SCRIPTS.get(script, (script,)))
    return scripts


def single_characters(pieces: Iterable[str], scripts: Iterable[str]) -> Iterator[str]:
    """Yield the pieces that are one character of some scripts, after a word boundary or not.

    pieces (Iterable[str]): A vocabulary's pieces.
    scripts (Iterable[str]): Unicode's short script names.
    YIELDS (str): The pieces.
    """
    known = [script for script in sorted(scripts) if _is_script(script)]
    pattern = regex.compile("▁?(?:" + "|".join(rf"\p{{Script={script}}}" for script in known) + ")")
    return (piece for piece in pieces if pattern.fullmatch(piece))


def word_list(language: str, size: int) -> Optional[List[str]]:
    """Give a language's most frequent words, from the package wordfreq.

    language (str): A language code.
    size (int): How many words at most.
    RETURNS (Optional[List[str]]): Lower-case words, the most frequent first; None if there is no list for the language.
    RAISES (XlreError): If wordfreq is not installed.
    """
    try:
        import wordfreq
    except ImportError:
        raise fail(Errors.X208) from None
    # wordfreq itself falls back to a neighbour that readers may know, such as English for Swahili.
    match = langcodes.closest_match(language, list(wordfreq.available_languages()), max_distance=MAX_DISTANCE)[0]
    return None if match == "und" else wordfreq.top_n_list(match, size)


def _is_script(name: str) -> bool:
    try:
        regex.compile(rf"\p{{Script={name}}}")
    except regex.error:
        return False
    return True
