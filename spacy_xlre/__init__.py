"""Cross-lingual relation extraction by distant supervision, as spaCy components."""

from .about import __version__
from .tokens import (
    Relation,
    concat,
    get_alignment,
    get_language,
    get_relations,
    make_bitext,
    register_extensions,
    set_relations,
)

register_extensions()

__all__ = [
    "Relation",
    "__version__",
    "concat",
    "get_alignment",
    "get_language",
    "get_relations",
    "make_bitext",
    "set_relations",
]
