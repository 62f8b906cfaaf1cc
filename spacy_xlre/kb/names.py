"""How a name is written down, and which names are looked for in texts."""

import unicodedata

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


def is_matchable(key: str) -> bool:
    """Tell whether a name is looked for in texts: not if it has no letter, or is nothing but one letter.

    A number ("1984") or a letter ("X") stands in a text for something else nearly always. One Han character or kana is
    a whole word, and is looked for.
    """
    if not any(character.isalpha() for character in key):
        return False
    return sum(character.isalnum() for character in key) > 1 or has_unspaced(key)
