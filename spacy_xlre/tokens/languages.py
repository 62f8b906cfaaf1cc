"""Language codes: checked wherever a user names one."""

from typing import Sequence, Tuple

import langcodes

from ..errors import Errors, fail


def check_language(code: str) -> str:
    """Return a language code as it was given if it is one (BCP 47: "en", "pt-BR", "zh-Hant"; "xx" for any language).

    RAISES (XlreError): If it is not a code of a known language.
    """
    if code != "xx" and not (langcodes.tag_is_valid(code) and code.isascii()):
        raise fail(Errors.X010, lang=code)
    return code


def split_pair(pair: str, languages: Sequence[str]) -> Tuple[str, str]:
    """Split a pair of languages as users write it ("en-de", "en-zh-Hant") by the languages that there are.

    pair (str): Source and target, joined by a hyphen.
    languages (Sequence[str]): The codes of a bitext's segments.
    RETURNS (Tuple[str, str]): Source and target.
    RAISES (XlreError): If no two of the languages make up the pair.
    """
    for source in languages:
        for target in languages:
            if source != target and f"{source}-{target}" == pair:
                return source, target
    raise fail(Errors.X015, pair=pair, langs=", ".join(languages))
