"""Which characters are written without spaces between words, and how such text is cut into grapheme clusters.

`regex` knows scripts and grapheme clusters, `re` searches character classes several times faster. So the character
ranges are written out here (a test compares them with Unicode's script table) and `regex` cuts only what needs it.
"""

import re
from typing import List

import regex

UNSPACED_SCRIPTS = ("Han", "Hiragana", "Katakana", "Thai", "Lao", "Khmer", "Myanmar")

# Han with its radicals and iteration marks, and kana. None of these joins its neighbour in one cluster.
_IDEOGRAPHS = (
    "\u2e80-\u2fd5\u3005\u3007\u3021-\u3029\u3038-\u303b\u3041-\u3096\u309d-\u309f\u30a1-\u30fa\u30fc-\u30ff"
    "\u31f0-\u31ff\u32d0-\u32fe\u3300-\u3357\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufad9\uff66-\uff9d"
    "\U00016fe2-\U00016fe3\U00016ff0-\U00016fff\U0001aff0-\U0001affe\U0001b000-\U0001b16f\U0001f200"
    "\U00020000-\U0003fffd"
)
# Thai without its currency sign, Lao, Khmer, Burmese.
_SOUTHEAST = (
    "\u0e01-\u0e3a\u0e40-\u0e5b\u0e81-\u0edf\u1000-\u109f\u1780-\u17da\u17dc-\u17dd\u17e0-\u17f9\u19e0-\u19ff"
    "\ua9e0-\ua9fe\uaa60-\uaa7f\U000116d0-\U000116e3"
)
UNSPACED = _IDEOGRAPHS + _SOUTHEAST

# Characters that are always a cluster of their own: the ideographs, printable ASCII, Latin letters, usual punctuation.
_PLAIN = _IDEOGRAPHS + (
    "\u0020-\u007e\u00a1-\u00a8\u00aa-\u00ac\u00af-\u02ff\u2010-\u2027\u2030-\u203b\u3001-\u3029\uff01-\uff65"
)

_find_unspaced = re.compile(f"[{UNSPACED}]").search
_find_special = re.compile(f"[^{_PLAIN}]").search
_plain_pieces = re.compile(f"[{UNSPACED}]|[^{UNSPACED}]+").findall
_plain_runs = re.compile(f"[{UNSPACED}]+|[^{UNSPACED}]+").findall
_pieces = regex.compile(rf"(?=[{UNSPACED}])\X|(?:(?![{UNSPACED}])\X)+").findall
_runs = regex.compile(rf"(?:(?=[{UNSPACED}])\X)+|(?:(?![{UNSPACED}])\X)+").findall


def has_unspaced(text: str) -> bool:
    """Tell whether a text has a character of a script that is written without spaces."""
    return not text.isascii() and _find_unspaced(text) is not None


def is_unspaced(text: str) -> bool:
    """Tell whether a text starts with a character of a script that is written without spaces."""
    return _find_unspaced(text, 0, 1) is not None


def split_clusters(text: str) -> List[str]:
    """Cut a text so that each cluster of an unspaced script stands alone; what lies between stays in one piece.

    text (str): Text without whitespace.
    RETURNS (List[str]): Pieces that join to the text.
    """
    return _pieces(text) if _find_special(text) else _plain_pieces(text)


def split_runs(text: str) -> List[str]:
    """Cut a text where a script without spaces begins or ends.

    text (str): Text without whitespace.
    RETURNS (List[str]): Pieces that join to the text.
    """
    return _runs(text) if _find_special(text) else _plain_runs(text)
