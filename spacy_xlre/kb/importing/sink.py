"""Where an import collects what it reads: a database beside the output, from which it goes on if it was interrupted."""

import json
import sqlite3
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Callable, Dict, Iterator, List, Mapping, Optional, Protocol, Sequence, Tuple

from ...errors import Errors, fail
from ...files import PathLike, Rejects, atomic_file, make_folder
from ..schema import Property
from .streams import Line, list_files

ENTITIES, FACTS, PROPERTIES, REJECTS = "entities.jsonl", "facts.tsv", "properties.jsonl", "rejects.tsv"
WORK = ".import.sqlite"
# Records between two points from which an interrupted import can go on.
EVERY = 20_000

_TABLES = """
CREATE TABLE IF NOT EXISTS state (key TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS names (
    entity TEXT NOT NULL, lang TEXT NOT NULL, name TEXT NOT NULL, usual INTEGER NOT NULL, place INTEGER NOT NULL,
    count REAL,
    PRIMARY KEY (entity, lang, name)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS types (entity TEXT NOT NULL, type TEXT NOT NULL, PRIMARY KEY (entity, type)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS classes (entity TEXT NOT NULL, class TEXT NOT NULL, PRIMARY KEY (class, entity))
    WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS subclasses (child TEXT NOT NULL, parent TEXT NOT NULL, PRIMARY KEY (parent, child))
    WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS facts (subject TEXT NOT NULL, property TEXT NOT NULL, object TEXT NOT NULL,
    PRIMARY KEY (subject, property, object)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS properties (id TEXT PRIMARY KEY, data TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS property_classes (property TEXT NOT NULL, side TEXT NOT NULL, class TEXT NOT NULL,
    PRIMARY KEY (property, side, class)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS rejects (source TEXT, line INTEGER, reason TEXT, content TEXT);
"""
# A class, the classes below it in any number of steps (cycles end by themselves), and their entities.
_MEMBERS = """
WITH RECURSIVE below(class) AS (
    SELECT :class UNION SELECT child FROM subclasses JOIN below ON parent = below.class
)
"""

Progress = Callable[[int, int], None]


class Importer(Protocol):
    """What reads one format: `spacy_xlre.kb.importing.wikidata`, for example.

    suffixes (Sequence[str]): The files of a folder that it reads.
    """

    suffixes: Sequence[str]

    def records(self, paths: Sequence[Path], reject: Callable[[Path, int, str, str], None]) -> Iterator[Line]:
        """Yield the records of files in a fixed order."""

    def take(self, record: Line, sink: "ImportSink") -> None:
        """Tell the sink what a record states.

        RAISES (ValueError): If the record cannot be used, with the reason.
        """


@dataclass
class ImportReport:
    """What an import wrote into its folder.

    counts (Dict[str, int]): Entities, names, facts, properties, rejected records.
    left_out (Dict[str, int]): How many facts were left out, by reason: their entities have no name, or their property
        was not described.
    """

    path: Path
    counts: Dict[str, int] = field(default_factory=dict)
    left_out: Dict[str, int] = field(default_factory=dict)


class ImportSink:
    """Collects what the records of an import state; nothing counts until `commit`."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db
        self._place = 0

    def add_name(
        self, entity: str, lang: str, name: str, *, usual: bool = False, count: Optional[float] = None
    ) -> None:
        """Add a name of an entity; the usual one of a language comes first, and counts of its uses add up."""
        self._place += 1
        self._db.execute(
            "INSERT INTO names VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET usual = MAX(usual, excluded.usual), "
            "count = CASE WHEN excluded.count IS NULL THEN count ELSE COALESCE(count, 0) + excluded.count END",
            (entity, lang, name, int(usual), self._place, count),
        )

    def add_type(self, entity: str, type_: str) -> None:
        """Give an entity a type, such as "PER"."""
        self._db.execute("INSERT OR IGNORE INTO types VALUES (?, ?)", (entity, type_))

    def add_class(self, entity: str, class_: str) -> None:
        """Say that an entity is an instance of a class, from which its types follow."""
        self._db.execute("INSERT OR IGNORE INTO classes VALUES (?, ?)", (entity, class_))

    def add_subclass(self, child: str, parent: str) -> None:
        """Say that one class is part of another."""
        self._db.execute("INSERT OR IGNORE INTO subclasses VALUES (?, ?)", (child, parent))

    def add_fact(self, subject: str, property_: str, object_: str) -> None:
        """Add a fact between two entities."""
        self._db.execute("INSERT OR IGNORE INTO facts VALUES (?, ?, ?)", (subject, property_, object_))

    def add_property(self, property_: Property, *, functional: Optional[bool] = None) -> None:
        """Describe a property; what was said first stays. Its head and tail types may be classes, and names of an
        entity of its id are its names. None leaves to the facts whether it is functional.
        """
        data = {**json.loads(property_.to_json()), "functional": functional}
        self._db.execute("INSERT OR IGNORE INTO properties VALUES (?, ?)", (property_.id, json.dumps(data)))

    def add_property_class(self, property_: str, side: str, class_: str) -> None:
        """Allow a class on a side, "head_types" or "tail_types", of a property."""
        self._db.execute("INSERT OR IGNORE INTO property_classes VALUES (?, ?, ?)", (property_, side, class_))


def import_kb(
    importer: Importer,
    sources: Sequence[PathLike],
    dest: PathLike,
    *,
    types: Optional[Mapping[str, str]] = None,
    progress: Progress = lambda done, total: None,
) -> ImportReport:
    """Write the entities, facts and properties of other people's files as source files of `kb build`.

    Memory does not grow with the input: what is read is collected in a database in `dest`. An import that was
    interrupted, or killed, goes on from there when it is started again with the same files; the database is removed
    when all is written.

    importer (Importer): Reads the format.
    sources (Sequence[str or Path]): Files, or folders of them.
    dest (str or Path): A folder for entities.jsonl, facts.tsv, properties.jsonl and rejects.tsv.
    types (Optional[Mapping[str, str]]): Names of entity types by class: {"Q5": "PER"}. Instances of a class below it
        have the type, too.
    progress (Callable[[int, int], None]): Called now and then with the bytes read and the bytes of all files.
    RETURNS (ImportReport): Counts.
    RAISES (XlreError): If a source is missing, another import writes to `dest`, or the disk is full.
    """
    dest = Path(dest)
    paths = list_files([Path(source) for source in sources], importer.suffixes)
    make_folder(dest)
    try:
        with closing(sqlite3.connect(dest / WORK, timeout=0, isolation_level=None)) as db:
            db.executescript("PRAGMA locking_mode=EXCLUSIVE; BEGIN EXCLUSIVE;" + _TABLES)
            _read(db, importer, paths, progress)
            report = _write(db, dest, dict(types or {}))
    except (sqlite3.OperationalError, OSError) as error:
        message = Errors.X110 if "locked" in str(error) else Errors.X111
        raise fail(message, path=dest, reason=error) from None
    (dest / WORK).unlink()
    return report


def _read(db: sqlite3.Connection, importer: Importer, paths: List[Path], progress: Progress) -> None:
    total = sum(path.stat().st_size for path in paths)
    signature = json.dumps([[path.name, path.stat().st_size] for path in paths])
    state = dict(db.execute("SELECT key, value FROM state"))
    if state.get("sources", signature) != signature:
        raise fail(Errors.X112, path=WORK)
    done = int(state.get("records", 0))
    rejected: List[Tuple[str, int, str, str]] = []
    sink = ImportSink(db)

    def reject(path: Path, line: int, reason: str, content: str) -> None:
        rejected.append((str(path), line, reason, content[:200]))

    def commit(count: int) -> None:
        if count > done:
            db.executemany("INSERT INTO rejects VALUES (?, ?, ?, ?)", rejected)
            for key, value in (("sources", signature), ("records", str(count))):
                db.execute("INSERT OR REPLACE INTO state VALUES (?, ?)", (key, value))
            db.execute("COMMIT")
            db.execute("BEGIN EXCLUSIVE")
        rejected.clear()

    count = 0
    for count, record in enumerate(importer.records(paths, reject), start=1):
        if count > done:
            try:
                importer.take(record, sink)
            except ValueError as error:
                reject(record.path, record.number, str(error), record.text)
        if count % EVERY == 0:
            commit(count)
            progress(record.bytes_read, total)
    commit(count + 1)
    progress(total, total)


def _write(db: sqlite3.Connection, dest: Path, types: Dict[str, str]) -> ImportReport:
    for class_, type_ in types.items():
        members = "INSERT OR IGNORE INTO types SELECT entity, :type FROM classes JOIN below USING (class)"
        db.execute(f"{_MEMBERS} {members}", {"class": class_, "type": type_})
    report = ImportReport(dest)
    counts = report.counts
    counts["entities"], counts["names"] = _write_entities(db, dest / ENTITIES)
    known = "EXISTS (SELECT 1 FROM properties WHERE id = property)"
    named = (f"EXISTS (SELECT 1 FROM names WHERE entity = {side})" for side in ("subject", "object"))
    usable = " AND ".join((known, *named))
    with atomic_file(dest / FACTS) as path, path.open("w", encoding="utf-8", newline="\n") as file_:
        file_.write("subject\tproperty\tobject\n")
        counts["facts"] = 0
        for row in db.execute(f"SELECT subject, property, object FROM facts WHERE {usable} ORDER BY 1, 2, 3"):
            file_.write("\t".join(row) + "\n")
            counts["facts"] += 1
    undescribed = db.execute(f"SELECT COUNT(*) FROM facts WHERE NOT {known}").fetchone()[0]
    all_facts = db.execute("SELECT COUNT(*) FROM facts").fetchone()[0]
    report.left_out = {
        "property not described": undescribed,
        "entity without a name": all_facts - undescribed - counts["facts"],
    }
    counts["properties"] = _write_properties(db, dest / PROPERTIES, types)
    with Rejects(dest / REJECTS) as rejects:
        for row in db.execute("SELECT source, line, reason, content FROM rejects ORDER BY rowid"):
            rejects.add(*row)
    counts["rejected"] = rejects.count
    return report


def _write_entities(db: sqlite3.Connection, target: Path) -> Tuple[int, int]:
    n_entities = n_names = 0
    with atomic_file(target) as path, path.open("w", encoding="utf-8", newline="\n") as file_:
        entities = (
            "SELECT DISTINCT entity FROM names WHERE NOT EXISTS (SELECT 1 FROM properties WHERE id = entity) ORDER BY 1"
        )
        for (entity,) in db.execute(entities):
            names = _names(db, entity)
            n_names += sum(map(len, names.values()))
            found = [row[0] for row in db.execute("SELECT type FROM types WHERE entity = ? ORDER BY type", (entity,))]
            record = {"id": entity, "types": found, "names": names}
            file_.write(json.dumps(record, ensure_ascii=False) + "\n")
            n_entities += 1
    return n_entities, n_names


def _names(db: sqlite3.Connection, entity: str) -> Dict[str, List[Any]]:
    """Return an entity's names as the source files write them: with a count where there is one."""
    names: Dict[str, List[Any]] = {}
    query = "SELECT lang, name, count FROM names WHERE entity = ? ORDER BY lang, usual DESC, place"
    for lang, name, count in db.execute(query, (entity,)):
        names.setdefault(lang, []).append(name if count is None else [name, count])
    return names


def _write_properties(db: sqlite3.Connection, target: Path, types: Dict[str, str]) -> int:
    count = 0
    with atomic_file(target) as path, path.open("w", encoding="utf-8", newline="\n") as file_:
        for id_, data in db.execute("SELECT id, data FROM properties ORDER BY id"):
            values = json.loads(data)
            values["names"] = values["names"] or {lang: names[0] for lang, names in _names(db, id_).items()}
            for side in ("head_types", "tail_types"):
                query = "SELECT class FROM property_classes WHERE property = ? AND side = ? ORDER BY class"
                classes = [row[0] for row in db.execute(query, (id_, side))]
                values[side] = _type_names(db, [*values[side], *classes], types)
            file_.write(json.dumps({"id": id_, **values}, ensure_ascii=False) + "\n")
            count += 1
    return count


def _type_names(db: sqlite3.Connection, classes: Sequence[str], types: Dict[str, str]) -> List[str]:
    """Name the types of classes; where one has no type, nothing can be said, and every type is allowed."""
    if not types:
        return sorted(set(classes))
    found: List[str] = []
    for class_ in classes:
        query = f"{_MEMBERS} SELECT 1 FROM below WHERE class = :member"
        names = [
            type_ for root, type_ in types.items() if db.execute(query, {"class": root, "member": class_}).fetchone()
        ]
        if not names and class_ not in types.values():
            return []
        found += names or [class_]
    return sorted(set(found))
