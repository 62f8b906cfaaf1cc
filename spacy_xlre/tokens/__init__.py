"""What we put on a Doc: relations, bitexts (segments, beads, links), languages, and the multilingual tokenizer.

No machine learning and no files here. One module owns each annotation; everything else goes through it.
"""

from .bitext import (
    Alignment,
    Bead,
    Link,
    PairAlignment,
    get_alignment,
    get_segments,
    join_bitext,
    make_bitext,
    set_alignment,
)
from .combine import concat
from .doc_alignment import DocAlignment
from .extensions import register_extensions
from .projection import PROJECTIONS, Projection, project_cats, project_entities, project_relations
from .relations import (
    NA,
    PairNegative,
    Relation,
    get_bitext_id,
    get_language,
    get_negatives,
    get_relations,
    get_unknown,
    set_bitext_id,
    set_language,
    set_relations,
)
from .sentences import split_sentences

__all__ = [
    "NA",
    "PROJECTIONS",
    "Alignment",
    "Bead",
    "DocAlignment",
    "Link",
    "PairAlignment",
    "PairNegative",
    "Projection",
    "Relation",
    "concat",
    "get_alignment",
    "get_bitext_id",
    "get_language",
    "get_negatives",
    "get_relations",
    "get_segments",
    "get_unknown",
    "join_bitext",
    "make_bitext",
    "project_cats",
    "project_entities",
    "project_relations",
    "register_extensions",
    "set_alignment",
    "set_bitext_id",
    "set_language",
    "set_relations",
    "split_sentences",
]
