"""Language codes: checked wherever a user names one."""

import langcodes

from ..errors import Errors, fail


def check_language(code: str) -> str:
    """Return a language code as it was given if it is one (BCP 47: "en", "pt-BR", "zh-Hant"; "xx" for any language).

    RAISES (XlreError): If it is not a code of a known language.
    """
    if code != "xx" and not (langcodes.tag_is_valid(code) and code.isascii()):
        raise fail(Errors.X010, lang=code)
    return code
