"""Packages that only some work needs: the extras of setup.cfg. They are imported where they are used, through here."""

from importlib import import_module
from typing import Any

from .errors import Errors, fail


def need(module: str, *, extra: str) -> Any:
    """Import a package of an extra: `marisa_trie = need("marisa_trie", extra="kb")`.

    module (str): The module's name.
    extra (str): The extra of setup.cfg that brings it.
    RETURNS (ModuleType): The module.
    RAISES (XlreError): If it is not installed; the message has the command that installs it.
    """
    try:
        return import_module(module)
    except ModuleNotFoundError as error:
        if (error.name or "").split(".")[0] != module.split(".")[0]:
            raise
        raise fail(Errors.X751, module=module, extra=extra) from None
