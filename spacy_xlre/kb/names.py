"""How a name is written down, and which names are looked for in texts."""

import unicodedata
from functools import lru_cache
from typing import FrozenSet

from spacy.util import get_lang_class

from ..tokens.scripts import has_unspaced

# Spellings that mean the same, one character for one character, so that positions in a text stay as they are.
_FOLDED = str.maketrans(
    {
        "\u2019": "'",
        "\u2018": "'",
        "\u02bc": "'",
        "\uff07": "'",
        "\u2010": "-",
        "\u2011": "-",
        "\u00a0": " ",
        "\u202f": " ",
        "\u2007": " ",
        "\u3000": " ",
        "\u2027": "\u00b7",
        "\u30fb": "\u00b7",
        "\u2022": "\u00b7",
    }
)


def clean_name(name: str) -> str:
    """Return a name as it is shown: composed (NFC), single spaces, none at the ends."""
    return " ".join(unicodedata.normalize("NFC", name).split())


def fold(text: str) -> str:
    """Return a text with apostrophes, hyphens, spaces and middle dots in one spelling, as long as it was."""
    return text.translate(_FOLDED) if not text.isascii() else text


def is_matchable(key: str, lang: str = "") -> bool:
    """Tell whether a name is looked for in texts: not if it has no letter, is nothing but one letter, or a stop word.

    A number ("1984"), a letter ("X") or a word such as French "de", a code of Germany, stands in a text for something
    else nearly always. One Han character or kana is a whole word, and is looked for; so is what is spelled in capitals
    ("US", "WHO").

    key (str): The name as it is looked up.
    lang (str): Its language, whose stop words spaCy knows; by default no stop words are left out.
    """
    if not any(character.isalpha() for character in key):
        return False
    if sum(character.isalnum() for character in key) < 2:
        return has_unspaced(key)
    return key.lower() not in stop_words(lang) or (key.isupper() and len(key) > 1)


@lru_cache(None)
def stop_words(lang: str) -> FrozenSet[str]:
    """Return spaCy's stop words of a language in lower case; none if it has none."""
    try:
        found = get_lang_class(lang.partition("-")[0]).Defaults.stop_words
    except ImportError:
        return frozenset()
    return frozenset(word.lower() for word in found)
