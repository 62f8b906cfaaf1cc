"""What can be wrong with parallel text: one function for each fault, from texts to the reason or None.

Each takes a threshold at which it never finds anything, so that it can be switched off. How a bitext is judged by all
of them together stands in `filtering.py`.
"""

import math
import unicodedata
from collections import Counter
from dataclasses import dataclass
from functools import cache
from typing import Any, Callable, Dict, FrozenSet, Iterable, List, Optional, Sequence, Tuple

import langcodes
import regex
from spacy.tokens import Span

from ..errors import Errors, XlreError, fail
from ..extras import need
from ..tokens.bitext import PairAlignment

Identifier = Callable[[str], Dict[str, float]]

LETTER = regex.compile(r"\p{L}")
HAN = regex.compile(r"\p{Han}")
KANA = regex.compile(r"[\p{Hiragana}\p{Katakana}]")
# How much a character says, beside a letter of an alphabet: by the lengths of NTREX in ten languages.
HAN_WEIGHT, KANA_WEIGHT = 3.0, 1.6

# Scripts that stand for several.
SCRIPTS = {"Jpan": ("Han", "Hiragana", "Katakana"), "Kore": ("Hangul", "Han"), "Hans": ("Han",), "Hant": ("Han",)}
# Languages that are written in one of several scripts, if their code does not say in which.
SEVERAL = {
    "az": ("Latn", "Cyrl", "Arab"),
    "bs": ("Latn", "Cyrl"),
    "kk": ("Cyrl", "Latn", "Arab"),
    "ks": ("Arab", "Deva"),
    "ku": ("Latn", "Arab"),
    "mn": ("Cyrl", "Mong"),
    "ms": ("Latn", "Arab"),
    "pa": ("Guru", "Arab"),
    "sd": ("Arab", "Deva"),
    "sr": ("Cyrl", "Latn"),
    "tg": ("Cyrl", "Arab"),
    "tk": ("Latn", "Cyrl"),
    "ug": ("Arab", "Cyrl", "Latn"),
    "uz": ("Latn", "Cyrl"),
}
# As langcodes measures it: Norwegian and Danish are 12 apart, Czech and Slovak 24, Spanish and Portuguese 84.
RELATED = 24
# Fewer words than that, names aside, are no evidence of copying unless the whole text is the same.
FEW_WORDS = 3
# Characters added to every length, so that a word more or less in a short text is no fault.
LENGTH_PRIOR = 20
# Bitexts as which the usual ratio of lengths, 1, and its usual spread count beside a corpus's own.
RATIO_PRIOR, SPREAD_PRIOR = 20, 0.25
LEAST_SPREAD = 0.15


@dataclass(frozen=True)
class LengthNorm:
    """How long the texts of one language are beside those of another: the median log ratio, and its robust spread."""

    centre: float = 0.0
    spread: float = SPREAD_PRIOR


def empty(text: str) -> Optional[str]:
    """Find a text without a letter."""
    return None if LETTER.search(text) else "there is no letter in it"


def wrong_script(text: str, lang: str, min_share: float) -> Optional[str]:
    """Find a text that is hardly written in a script of its language.

    text (str): The text.
    lang (str): Its language code; of "xx", or a language whose script is not known, nothing is found.
    min_share (float): The least share of its letters, by what they say, that must be of the script; 0 for no check.
    """
    letters = LETTER.findall(text)
    pattern = _script_pattern(lang)
    if pattern is None or not letters or min_share <= 0:
        return None
    share = _weight(filter(pattern.match, letters)) / _weight(letters)
    return None if share >= min_share else f"{share:.0%} of its letters are of the script of {lang}"


def wrong_language(text: str, lang: str, identify: Optional[Identifier], min_odds: float) -> Optional[str]:
    """Find a text that looks much more like another language than like its own, near relatives aside.

    text (str): The text.
    lang (str): Its language code; nothing is found if the identifier does not know the language.
    identify (Optional[Identifier]): From a text to the probabilities of languages; None for no check.
    min_odds (float): The least probability of its own language, in units of the best other's; 0 for no check.
    """
    if identify is None or min_odds <= 0:
        return None
    probs = identify(text)
    own = _label_of(lang, frozenset(probs))
    if own is None:
        return None
    others = {code: prob for code, prob in probs.items() if not _related(own, code)}
    best = max(others, key=others.__getitem__, default=own)
    return None if probs[own] >= min_odds * probs[best] else f"it looks like {best}, not {lang}"


def copied(source: Span, target: Span, max_share: float) -> Optional[str]:
    """Find two segments of which one is the other's copy, names and numbers aside.

    source, target (Span): Segments, their language codes as labels.
    max_share (float): The share of the words of the one with fewer that may stand in the other, too; between related
        languages it is half of the way nearer to 1. 1 for no check.
    """
    if max_share >= 1:
        return None
    if _related(source.label_, target.label_):
        max_share = (1 + max_share) / 2
    words = [_words(segment) for segment in (source, target)]
    fewer = min(map(len, words))
    if fewer < FEW_WORDS:
        same = fewer > 1 and near_key(source.text) == near_key(target.text)
        return "the texts are the same" if same else None
    share = sum((Counter(words[0]) & Counter(words[1])).values()) / fewer
    return None if share <= max_share else f"{share:.0%} of the words are the same"


def unlike_length(source: str, target: str, norm: LengthNorm, max_deviation: float) -> Optional[str]:
    """Find two texts whose ratio of lengths is far from what is usual between their languages.

    source, target (str): Texts.
    norm (LengthNorm): What is usual.
    max_deviation (float): How many spreads are not yet far; infinity for no check.
    """
    deviation = (log_ratio(source, target) - norm.centre) / norm.spread
    if abs(deviation) <= max_deviation:
        return None
    return f"the target is much too {'long' if deviation > 0 else 'short'} ({abs(deviation):.1f} spreads from usual)"


def improbable(alignment: Optional[PairAlignment], min_mean: float, min_lowest: float) -> Optional[str]:
    """Find two segments that are hardly each other's translation, by P(s,t) of their beads.

    alignment (Optional[PairAlignment]): Their alignment; without one nothing is found.
    min_mean (float): The least mean over the beads by length, in which text that is left out counts as 0; 0 for none.
    min_lowest (float): The least that each bead of two sides must have; 0 for none.
    """
    if alignment is None or not alignment.beads:
        return None
    weights = [sum(end - start for start, end in (bead.source, bead.target)) for bead in alignment.beads]
    mean = sum(w * bead.prob for w, bead in zip(weights, alignment.beads)) / max(sum(weights), 1)
    if mean < min_mean:
        return f"P(s,t) is {mean:.3f}"
    full = [
        bead.prob for bead in alignment.beads if bead.source[0] < bead.source[1] and bead.target[0] < bead.target[1]
    ]
    lowest = min(full, default=1.0)
    return None if lowest >= min_lowest else f"P(s,t) of a bead is {lowest:.3f}"


def near_key(text: str) -> str:
    """Return what two texts share that differ in case, spaces, punctuation or width only."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    return "".join(char for char in folded if char.isalnum()) or folded.strip()


def log_ratio(source: str, target: str) -> float:
    """Return the logarithm of how much longer the target is than the source, by what characters say."""
    return math.log((_length(target) + LENGTH_PRIOR) / (_length(source) + LENGTH_PRIOR))


def length_norm(ratios: Sequence[float]) -> LengthNorm:
    """Return what is usual, from the log ratios of a corpus; with few, it is drawn towards what is usual elsewhere."""
    if not ratios:
        return LengthNorm()
    centre = _median(ratios)
    spread = 1.4826 * _median([abs(ratio - centre) for ratio in ratios])
    own = len(ratios) / (len(ratios) + RATIO_PRIOR)
    return LengthNorm(own * centre, max(own * spread + (1 - own) * SPREAD_PRIOR, LEAST_SPREAD))


def load_identifier() -> Identifier:
    """Load what tells languages apart by their letters: py3langid, which is small and knows 139.

    RETURNS (Identifier): From a text to the probability of each language code.
    RAISES (XlreError): If the package is not installed.
    """
    try:
        langid: Any = need("py3langid.langid", extra="filter")
    except XlreError:
        raise fail(Errors.X514) from None
    identifier = langid.LanguageIdentifier.from_model_file(langid.MODEL_FILE, norm_probs=True)

    def identify(text: str) -> Dict[str, float]:
        return {code: float(prob) for code, prob in identifier.rank(text) if code != "zxx"}

    return identify


def _length(text: str) -> float:
    visible = [char for char in text if not char.isspace()]
    return len(visible) + (HAN_WEIGHT - 1) * len(HAN.findall(text)) + (KANA_WEIGHT - 1) * len(KANA.findall(text))


def _weight(letters: Iterable[str]) -> float:
    return sum(HAN_WEIGHT if HAN.match(char) else KANA_WEIGHT if KANA.match(char) else 1.0 for char in letters)


def _words(segment: Span) -> List[str]:
    """Return the words of a segment that have to be translated: those in small letters, or of a script without."""
    return [token.text for token in segment if token.is_alpha and token.text == token.text.lower()]


def _median(values: Sequence[float]) -> float:
    ordered = sorted(values)
    middle = len(ordered) // 2
    return ordered[middle] if len(ordered) % 2 else (ordered[middle - 1] + ordered[middle]) / 2


@cache
def _script_pattern(lang: str) -> Optional["regex.Pattern[str]"]:
    code = langcodes.get(lang)
    if lang == "xx" or not code.language:
        return None
    scripts: Tuple[str, ...] = (code.script,) if code.script else SEVERAL.get(code.language, ())
    if not scripts:
        likely = code.maximize().script
        scripts = (likely,) if likely else ()
    names = [name for script in scripts for name in SCRIPTS.get(script, (script,))]
    try:
        return regex.compile("[" + "".join(rf"\p{{Script={name}}}" for name in names) + "]") if names else None
    except regex.error:  # a script of which Unicode has no letters
        return None


@cache
def _label_of(lang: str, labels: FrozenSet[str]) -> Optional[str]:
    """Return the identifier's label for a language: its own, or that of what is nearly the same (nb for no)."""
    language = langcodes.get(lang).language or ""
    if language in labels or not language or lang == "xx":
        return language if language in labels else None
    distances = [(langcodes.tag_distance(language, label, ignore_script=True), label) for label in labels]
    distance, nearest = min(distances, default=(RELATED, ""))
    return nearest if distance < RELATED / 2 else None


@cache
def _related(one: str, other: str) -> bool:
    if langcodes.get(one).prefer_macrolanguage().language == langcodes.get(other).prefer_macrolanguage().language:
        return True
    distances = [langcodes.tag_distance(*pair, ignore_script=True) for pair in ((one, other), (other, one))]
    return min(distances) <= RELATED
