"""Which differences in spelling count in a language: capitals, diacritics, and letters that are written either way."""

import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from typing import Dict

from .names import clean_name, fold

# Letters that texts of a language write either way, whatever the policy.
_EITHER_WAY: Dict[str, Dict[str, str]] = {
    "ar": {"أ": "ا", "إ": "ا", "آ": "ا"},
    "be": {"ё": "е", "Ё": "Е"},
    "fa": {"ي": "ی", "ك": "ک"},
    "ru": {"ё": "е", "Ё": "Е"},
    "ur": {"ي": "ی", "ك": "ک"},
}
# Where small letters are other ones than in most languages.
_DOTLESS = {"I": "ı", "İ": "i"}
_SMALL: Dict[str, Dict[str, str]] = {"az": _DOTLESS, "tr": _DOTLESS}


class _Folding(Dict[int, int]):
    """Characters by what they are compared as, for `str.translate`; filled as they come."""

    def __init__(self, lang: str, ignore_case: bool, ignore_diacritics: bool) -> None:
        super().__init__()
        self.either_way, self.small = _EITHER_WAY.get(lang, {}), _SMALL.get(lang, {})
        self.ignore_case, self.ignore_diacritics = ignore_case, ignore_diacritics

    def __missing__(self, code: int) -> int:
        character = self.either_way.get(chr(code), chr(code))
        if self.ignore_diacritics:
            character = _one(_without_marks(character), character)
        if self.ignore_case:
            character = _one(self.small.get(character, character.lower()), character)
        self[code] = ord(character)
        return self[code]


@dataclass(frozen=True)
class Spelling:
    """How the names of a language are compared with texts.

    Apostrophes, hyphens, middle dots and spaces are the same in any spelling (`names.fold`), and so are letters that a
    language writes either way: Russian ё and е, Arabic alef with and without hamza.

    lang (str): The language code.
    ignore_case (bool): Whether "paris" and "PARIS" are "Paris". Then names that are also words are found too often.
    ignore_diacritics (bool): Whether "Mexico" is "México".
    """

    lang: str = ""
    ignore_case: bool = False
    ignore_diacritics: bool = False

    def fold(self, text: str) -> str:
        """Return a text as it is compared, as long as it was."""
        text = fold(text)
        if not self.ignore_case and (text.isascii() or (not self.ignore_diacritics and not self._either_way)):
            return text
        return text.translate(_folding(self.lang.partition("-")[0], self.ignore_case, self.ignore_diacritics))

    def key(self, name: str) -> str:
        """Return the key under which a name is stored and looked up."""
        return self.fold(clean_name(name))

    @property
    def _either_way(self) -> bool:
        return self.lang.partition("-")[0] in _EITHER_WAY


@lru_cache(None)
def _folding(lang: str, ignore_case: bool, ignore_diacritics: bool) -> _Folding:
    return _Folding(lang, ignore_case, ignore_diacritics)


def _without_marks(character: str) -> str:
    """Return the letter below its marks; other decompositions, such as of Hangul, are none."""
    decomposed = unicodedata.normalize("NFD", character)
    return decomposed[0] if all(unicodedata.category(mark) == "Mn" for mark in decomposed[1:]) else character


def _one(replacement: str, character: str) -> str:
    """Return what replaces a character, unless that is not one character: positions in a text stay as they are."""
    return replacement if len(replacement) == 1 else character
