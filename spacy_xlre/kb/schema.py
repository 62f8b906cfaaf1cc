"""The layout of a knowledge base's folder: what the builder writes and the store reads.

kb.json              format, version and counts; replaced last, so that it always names a whole store
<version>/kb.sqlite  entities, names, aliases with priors, properties, facts indexed both ways
<version>/<lang>.marisa  every name of a language, folded, as a memory-mapped trie
<version>/rejects.tsv    what was not taken over, and why
"""

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Dict, Optional, Tuple, Union

from ..errors import Errors, fail

FORMAT = 2
MANIFEST = "kb.json"
DATABASE = "kb.sqlite"
REJECTS = "rejects.tsv"

TABLES = """
CREATE TABLE entities (
    number INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, types TEXT NOT NULL, facts INTEGER NOT NULL
);
CREATE TABLE names (
    entity INTEGER NOT NULL, lang TEXT NOT NULL, position INTEGER NOT NULL, name TEXT NOT NULL, count REAL,
    PRIMARY KEY (entity, lang, position)
) WITHOUT ROWID;
CREATE TABLE aliases (
    lang TEXT NOT NULL, key INTEGER NOT NULL, entity INTEGER NOT NULL, prior REAL NOT NULL,
    PRIMARY KEY (lang, key, entity)
) WITHOUT ROWID;
CREATE TABLE properties (number INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, data TEXT NOT NULL);
CREATE TABLE facts (
    subject INTEGER NOT NULL, object INTEGER NOT NULL, property INTEGER NOT NULL,
    PRIMARY KEY (subject, object, property)
) WITHOUT ROWID;
"""
INDEXES = """
CREATE INDEX facts_by_object ON facts (object, subject);
CREATE INDEX facts_by_property ON facts (property);
"""


@dataclass(frozen=True)
class Entity:
    """An entity: its id, its types (such as "PER"), and its names by language, the usual name first."""

    id: str
    types: Tuple[str, ...] = ()
    names: Dict[str, Tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True)
class Property:
    """A kind of fact.

    id (str): For example "P19".
    names (Dict[str, str]): Its name by language.
    head_types, tail_types (Tuple[str, ...]): Entity types that it allows; empty means any.
    symmetric (bool): Whether a fact holds in both directions.
    functional (bool): Whether a subject has at most one object.
    inverse (Optional[str]): The property that says the same with subject and object exchanged.
    """

    id: str
    names: Dict[str, str] = field(default_factory=dict)
    head_types: Tuple[str, ...] = ()
    tail_types: Tuple[str, ...] = ()
    symmetric: bool = False
    functional: bool = False
    inverse: Optional[str] = None

    def to_json(self) -> str:
        """Return all but the id as JSON."""
        data = asdict(self)
        del data["id"]
        return json.dumps(data, ensure_ascii=False)

    @classmethod
    def from_json(cls, id: str, data: str) -> "Property":
        """Make a property from its id and what `to_json` returned."""
        values = json.loads(data)
        values["head_types"], values["tail_types"] = tuple(values["head_types"]), tuple(values["tail_types"])
        return cls(id, **values)


@dataclass(frozen=True)
class Fact:
    """A fact: subject id, property id, object id."""

    subject: str
    property: str
    object: str


@dataclass(frozen=True)
class Manifest:
    """What `kb.json` says: which version is the current one, and what it holds.

    version (int): The folder with the store; each build makes the next one.
    languages (Dict[str, Dict[str, int]]): By language, the number of `names`, of different `keys`, of `ambiguous` keys
        (several entities), of `unmatchable` names (see `names.is_matchable`), of keys that only `inflected` forms
        have, and the length of the `longest` key; `ignore_case` and `ignore_diacritics` are 1 or 0.
    counts (Dict[str, int]): Entities, names, properties, facts, rejected.
    """

    version: int
    languages: Dict[str, Dict[str, int]]
    counts: Dict[str, int]
    format: int = FORMAT

    def to_json(self) -> str:
        """Return the text of `kb.json`."""
        return json.dumps(asdict(self), ensure_ascii=False, indent=2) + "\n"


def read_manifest(folder: Union[str, Path]) -> Manifest:
    """Read the manifest of a knowledge base.

    RAISES (XlreError): If the folder is no knowledge base, or of a format that this version cannot read.
    """
    path = Path(folder) / MANIFEST
    try:
        values: Dict[str, Any] = json.loads(path.read_text(encoding="utf8"))
        manifest = Manifest(**values)
    except FileNotFoundError:
        raise fail(Errors.X101, path=folder) from None
    except (OSError, ValueError, TypeError) as error:
        raise fail(Errors.X102, path=path, reason=error) from None
    if manifest.format != FORMAT:
        raise fail(Errors.X103, path=folder, found=manifest.format, expected=FORMAT)
    return manifest
