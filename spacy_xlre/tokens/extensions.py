"""The custom attributes `doc._.relations` and `doc._.alignment`, both computed from what is stored on the Doc."""

from spacy.tokens import Doc

from .bitext import get_alignment
from .relations import get_relations

GETTERS = {"relations": get_relations, "alignment": get_alignment}


def register_extensions() -> None:
    """Register our getters, leaving an extension that somebody else registered under the same name untouched."""
    for name, getter in GETTERS.items():
        if not Doc.has_extension(name):
            Doc.set_extension(name, getter=getter)
