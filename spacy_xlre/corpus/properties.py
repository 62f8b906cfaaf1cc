"""What a properties file says about labels, for `[initialize.components.xlre_relation]` of a training config."""

from typing import Dict, List

from ..errors import Errors, fail
from ..files import PathLike, Rejects
from ..kb.schema import Property
from ..kb.sources import read_properties


def load_properties(path: PathLike) -> List[Property]:
    """Return the properties of a `properties.jsonl`.

    RAISES (XlreError): If a line is not a property; the knowledge base's build, in contrast, rejects it and goes on.
    """
    with Rejects(None) as rejects:
        properties = [property for _, property, _ in read_properties(path, rejects.add)]
    if rejects.count:
        source, line, reason, _ = rejects.rows[0]
        raise fail(Errors.X505, path=source, line=line, reason=reason)
    return properties


def read_types(path: str) -> Dict[str, Dict[str, List[str]]]:
    """Return the allowed types by label: {"P19": {"head": ["PER"], "tail": ["LOC"]}}.

    Registered as the reader `spacy_xlre.property_types.v1`.
    """
    return {p.id: {"head": list(p.head_types), "tail": list(p.tail_types)} for p in load_properties(path)}


def read_inverse(path: str) -> Dict[str, str]:
    """Return the labels that another one replaces with head and tail exchanged: of each pair the one that stands first
    in the file stays. A label that replaces another one is not replaced itself. Registered as the reader
    `spacy_xlre.inverse_properties.v1`.
    """
    replaced: Dict[str, str] = {}
    for prop in load_properties(path):
        taken = (prop.id, *replaced.values())
        if prop.inverse and prop.id not in replaced and prop.inverse not in taken:
            replaced.setdefault(prop.inverse, prop.id)
    return replaced


def read_symmetric(path: str) -> List[str]:
    """Return the symmetric labels. Registered as the reader `spacy_xlre.symmetric_properties.v1`."""
    return [p.id for p in load_properties(path) if p.symmetric]
