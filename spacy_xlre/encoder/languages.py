"""What languages need of a Unigram vocabulary: their characters and their frequent pieces."""

import math
import re
from typing import Any, Dict, Iterable, Iterator, List, Optional, Sequence, Set, Tuple

import langcodes
import regex

from ..errors import Errors, fail
from ..tokens.languages import check_language
from .unigram import SPACE

Vocabulary = Sequence[Tuple[str, float]]

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
UNSPACED = frozenset({"Hani", "Hira", "Kana", "Thai", "Laoo", "Khmr", "Mymr"})
# The distance up to which langcodes holds two languages' word lists to be interchangeable ("hr" and "sh").
MAX_DISTANCE = 10
ANY_LANGUAGE = re.compile(r"^(xx|und|mul)\b")
# How a word stands in text: after a space, there with a capital, inside (after an apostrophe, a hyphen, a quotation
# mark), there with a capital. Rough shares; they only rank pieces.
SPACED_FORMS = (0.8, 0.15, 0.04, 0.01)
UNSPACED_FORMS = (0.1, 0.0, 0.9, 0.0)


def scripts_of(languages: Iterable[str]) -> Set[str]:
    """Give the scripts that languages are written in.

    languages (Iterable[str]): Language codes.
    RETURNS (Set[str]): Unicode's short script names, such as "Latn" and "Hani".
    RAISES (XlreError): If a code is not one of a language.
    """
    scripts: Set[str] = set()
    for code in languages:
        if ANY_LANGUAGE.match(check_language(code)):
            raise fail(Errors.X010, lang=code)
        script = langcodes.Language.get(code).maximize().script or ""
        scripts.update(name for name in SCRIPTS.get(script, (script,)) if _is_script(name))
    return scripts


def characters(vocabulary: Vocabulary, scripts: Iterable[str]) -> Iterator[str]:
    """Yield the pieces that any text of some scripts may need: single characters, and runs of punctuation.

    vocabulary (Vocabulary): Pieces with their scores.
    scripts (Iterable[str]): Unicode's short script names; digits, punctuation and symbols need not be named.
    YIELDS (str): The pieces, after a word boundary or not.
    """
    single = "|".join(rf"\p{{Script={script}}}" for script in sorted({*scripts, *EVERYWHERE}))
    pattern = regex.compile(rf"{SPACE}?(?:{single}|[\p{{P}}\p{{S}}]+)?")
    return (piece for piece, _ in vocabulary if pattern.fullmatch(piece))


def piece_frequencies(tokenizer: Any, vocabulary: Vocabulary, language: str, words: int) -> Optional[Dict[str, float]]:
    """Estimate how often a language uses each piece, from its frequent words.

    Where words stand without spaces between them, pieces span words ("我们的"). Those that can be split into listed
    words count with the tokenizer's own probability, as a share of that of all such pieces.

    tokenizer (tokenizers.Tokenizer): The tokenizer.
    vocabulary (Vocabulary): Its pieces with their scores (log probabilities).
    language (str): A language code.
    words (int): How many of its most frequent words to use.
    RETURNS (Optional[Dict[str, float]]): Occurrences per word of running text, for the pieces found. None if the
        language has no word list and its words stand between spaces, so that nothing is known.
    RAISES (XlreError): If wordfreq is not installed.
    """
    unspaced = scripts_of([language]) & UNSPACED
    listed = word_frequencies(language, words)
    if listed is None and not unspaced:
        return None
    frequencies: Dict[str, float] = {}
    for word, frequency in (listed or {}).items():
        for normal in _spellings(language, _normalise(tokenizer, word)):
            capital = _capitalise(language, normal)
            forms = (SPACE + normal, SPACE + capital, normal, capital)
            for form, share in zip(forms, UNSPACED_FORMS if unspaced else SPACED_FORMS, strict=True):
                for token in tokenizer.model.tokenize(form) if share else ():
                    frequencies[token.value] = frequencies.get(token.value, 0) + frequency * share
    for piece, frequency in _phrases(vocabulary, unspaced, None if listed is None else set(listed)):
        frequencies[piece] = max(frequencies.get(piece, 0), frequency)
    return frequencies


def word_frequencies(language: str, words: int) -> Optional[Dict[str, float]]:
    """Give a language's most frequent words with their frequencies, from the package wordfreq.

    language (str): A language code.
    words (int): How many words at most.
    RETURNS (Optional[Dict[str, float]]): Case-folded word -> share of running text; None if there is no list.
    RAISES (XlreError): If wordfreq is not installed.
    """
    try:
        import wordfreq
    except ImportError:
        raise fail(Errors.X208) from None
    # wordfreq itself falls back to a neighbour that readers may know, such as English for Swahili.
    match = langcodes.closest_match(language, list(wordfreq.available_languages()), max_distance=MAX_DISTANCE)[0]
    if match == "und":
        return None
    frequencies = wordfreq.get_frequency_dict(match)
    return {word: frequencies[word] for word in wordfreq.top_n_list(match, words)}


def _phrases(vocabulary: Vocabulary, scripts: Set[str], words: Optional[Set[str]]) -> List[Tuple[str, float]]:
    """Give the pieces in some scripts that can be split into words (any, if no words are known), with their shares."""
    if not scripts:
        return []
    letters = "".join(rf"\p{{Script={script}}}" for script in sorted(scripts))
    pattern = regex.compile(rf"{SPACE}?([{letters}\p{{M}}]+)")
    found = []
    for piece, score in vocabulary:
        match = pattern.fullmatch(piece)
        if match and (words is None or _splits_into(match[1], words)):
            found.append((piece, math.exp(score)))
    total = sum(share for _, share in found)
    return [(piece, share / total) for piece, share in found]


def _splits_into(text: str, words: Set[str]) -> bool:
    reachable = [True] + [False] * len(text)
    for end in range(1, len(text) + 1):
        reachable[end] = any(reachable[start] and text[start:end] in words for start in range(end))
    return reachable[-1]


def _spellings(language: str, word: str) -> Set[str]:
    """Undo the case folding of word lists where it lost letters."""
    if language.startswith("de"):
        return {word, word.replace("ss", "ß")}
    if language.startswith("el") and word.endswith("σ"):
        return {word[:-1] + "ς"}
    return {word}


def _capitalise(language: str, word: str) -> str:
    first = "İ" if word[:1] == "i" and language[:2] in ("tr", "az") else word[:1].upper()
    return first + word[1:]


def _normalise(tokenizer: Any, word: str) -> str:
    return tokenizer.normalizer.normalize_str(word) if tokenizer.normalizer else word


def _is_script(name: str) -> bool:
    try:
        regex.compile(rf"\p{{Script={name}}}")
    except regex.error:
        return False
    return True
