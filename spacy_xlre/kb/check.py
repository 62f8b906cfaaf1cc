"""Looking a knowledge base over: damage, contradictions, and what can never be used."""

import json
import sqlite3
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Dict, Iterator, List, Set, Tuple

from ..errors import Errors, fail
from .schema import DATABASE, Property, read_manifest
from .store import KnowledgeBase


@dataclass(frozen=True)
class Finding:
    """Something odd.

    what (str): What it is, after its number: "facts whose subject has another type than …".
    count (int): How often.
    example (str): One of them.
    """

    what: str
    count: int
    example: str


def check_kb(folder: Path) -> List[Finding]:
    """Look a knowledge base over.

    folder (Path): What `spacy xlre kb build` made.
    RETURNS (List[Finding]): Facts that contradict their properties' types or that a functional property should not
        have, entities without a name, properties without facts, and names that are never looked for.
    RAISES (XlreError): If it is no knowledge base, or damaged: the database is checked, counts are compared with the
        manifest, and every language's names are opened.
    """
    manifest = read_manifest(folder)
    kb = KnowledgeBase.open(folder)
    path = Path(folder) / str(manifest.version) / DATABASE
    try:
        with closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro&immutable=1", uri=True)) as db:
            (sound,) = db.execute("PRAGMA quick_check(1)").fetchone()
            if sound != "ok":
                raise fail(Errors.X102, path=path, reason=sound)
            for table in ("entities", "names", "properties", "facts"):
                (count,) = db.execute(f"SELECT COUNT(*) FROM {table}").fetchone()
                if count != manifest.counts[table]:
                    reason = f"{count} {table} instead of {manifest.counts[table]}"
                    raise fail(Errors.X102, path=path, reason=reason)
            findings = [*_facts(db, kb.properties), *_unused(db, kb.properties)]
    except sqlite3.DatabaseError as error:
        raise fail(Errors.X102, path=path, reason=error) from None
    for lang, counts in manifest.languages.items():
        if len(kb.trie(lang)) != counts["keys"]:
            reason = f"{len(kb.trie(lang))} names instead of {counts['keys']}"
            raise fail(Errors.X102, path=path.with_name(f"{lang}.marisa"), reason=reason)
        if counts["unmatchable"]:
            findings.append(
                Finding(f"names in {lang} that are never looked for", counts["unmatchable"], "'1984' or 'X'")
            )
    return findings


def _facts(db: sqlite3.Connection, properties: Dict[str, Property]) -> Iterator[Finding]:
    """Compare facts with what their properties allow."""
    query = (
        "SELECT s.id, s.types, p.id, o.id, o.types FROM facts JOIN entities s ON s.number = subject "
        "JOIN entities o ON o.number = object JOIN properties p ON p.number = property"
    )
    found: Dict[str, Tuple[int, str]] = {}
    for subject, subject_types, property_, object_, object_types in db.execute(query):
        prop = properties[property_]
        for side, allowed, types in (("head", prop.head_types, subject_types), ("tail", prop.tail_types, object_types)):
            known: Set[str] = set(json.loads(types))
            if allowed and known and not known & set(allowed):
                what = f"facts of {property_} whose {side} is no {'/'.join(allowed)}"
                count, example = found.get(what, (0, f"{subject} {property_} {object_}"))
                found[what] = count + 1, example
    for what, (count, example) in sorted(found.items()):
        yield Finding(what, count, example)
    several = (
        "SELECT p.id, s.id, COUNT(*) FROM facts JOIN properties p ON p.number = property "
        "JOIN entities s ON s.number = subject GROUP BY property, subject HAVING COUNT(*) > 1"
    )
    subjects: Dict[str, List[str]] = {}
    for property_, subject, count in db.execute(several):
        if properties[property_].functional:
            subjects.setdefault(property_, []).append(f"{subject} with {count}")
    for property_, examples in sorted(subjects.items()):
        yield Finding(f"subjects of {property_}, which is functional, with several objects", len(examples), examples[0])


def _unused(db: sqlite3.Connection, properties: Dict[str, Property]) -> Iterator[Finding]:
    """Find entities without names and properties without facts."""
    query = "SELECT id FROM entities WHERE NOT EXISTS (SELECT 1 FROM names WHERE entity = number) ORDER BY number"
    nameless = [id_ for (id_,) in db.execute(query)]
    if nameless:
        yield Finding("entities without a name", len(nameless), nameless[0])
    used = {id_ for (id_,) in db.execute("SELECT DISTINCT id FROM facts JOIN properties ON number = property")}
    without = [id_ for id_ in properties if id_ not in used]
    if without:
        yield Finding("properties without facts", len(without), without[0])
