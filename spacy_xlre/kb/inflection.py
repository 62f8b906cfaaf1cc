"""What a language does to a name in a text: the few endings and beginnings it takes on, and its capitals."""

from typing import Dict, Optional, Tuple

# Endings that are written onto a name: genitives.
ENDINGS: Dict[str, Tuple[str, ...]] = {
    "de": ("s", "es", "'s", "'"),
    "en": ("'s", "'"),
    "nl": ("s", "'s", "'"),
    "sv": ("s",),
    "da": ("s", "'s", "'"),
    "nb": ("s", "'s", "'"),
    "nn": ("s", "'s", "'"),
    "no": ("s", "'s", "'"),
}
# Words that are written onto the next one with an apostrophe, in lower case and with the apostrophe.
_FRENCH = ("c'", "d'", "j'", "l'", "m'", "n'", "s'", "t'", "qu'", "jusqu'", "lorsqu'", "puisqu'", "quoiqu'")
_ITALIAN = ("l'", "d'", "un'", "all'", "coll'", "dall'", "dell'", "nell'", "sull'", "quell'", "sant'", "anch'")
ELISIONS: Dict[str, Tuple[str, ...]] = {
    "fr": _FRENCH,
    "it": _ITALIAN,
    "ca": ("l'", "d'", "m'", "n'", "s'", "t'"),
    "oc": ("l'", "d'", "m'", "n'", "s'", "t'", "qu'"),
}

# Languages that write titles and common nouns in lower case, so that capitalised neighbours are one name: "Louis
# Pasteur" is not about the "Louis" of the knowledge base. In English ("Queen Victoria") and German this cannot be said.
CAPITALS_JOIN = frozenset({"ca", "es", "eu", "fr", "gl", "it", "oc", "pt", "ro"})
# Forms of address, which are no part of the name after them.
ADDRESSES = frozenset(
    {
        *("m", "m.", "mm.", "mme", "mlle", "dr", "dr.", "me", "pr", "mgr", "sr", "sr.", "sra", "sra.", "srta", "srta."),
        *(
            "dra",
            "dra.",
            "don",
            "doña",
            "d.",
            "prof.",
            "sig.",
            "sig",
            "dott.",
            "mr",
            "mr.",
            "mrs",
            "mrs.",
            "dom",
            "dona",
        ),
    }
)


def endings(lang: str) -> Tuple[str, ...]:
    """Return the endings that a name takes on in a language, the empty one not included."""
    return ENDINGS.get(lang.partition("-")[0], ())


def capitals_join(lang: str) -> bool:
    """Tell whether a capitalised word beside a name makes it another name in a language."""
    return lang.partition("-")[0] in CAPITALS_JOIN


def elides(lang: str) -> bool:
    """Tell whether words lose a vowel before a name in a language."""
    return lang.partition("-")[0] in ELISIONS


def elision(word: str, lang: str) -> Optional[str]:
    """Return the elided word that another word starts with ("d'" of "d'Agnès"), or None.

    word (str): A token, its apostrophes straight.
    lang (str): A language code.
    """
    if "'" not in word:
        return None
    beginning = word[: word.index("'") + 1]
    known = ELISIONS.get(lang.partition("-")[0], ())
    return beginning if beginning.lower() in known and len(word) > len(beginning) else None
