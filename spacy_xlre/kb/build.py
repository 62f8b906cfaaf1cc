"""Building a knowledge base's folder from its source files.

A build writes a whole new version beside the current one and then replaces `kb.json`, which names the current version.
A build that is killed at any moment leaves the old version in use; what it left behind goes away with the next build.
"""

import json
import re
import shutil
import sqlite3
from collections import Counter
from contextlib import ExitStack, closing
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Callable, Collection, Dict, FrozenSet, Iterator, List, Optional, Set, Tuple, Union

from ..errors import Errors, fail
from ..extras import need
from ..files import Rejects, atomic_file, atomic_folder
from .learned_inflection import Inflections, read_inflections
from .names import is_matchable
from .schema import DATABASE, INDEXES, MANIFEST, REJECTS, TABLES, Manifest, Property
from .sources import NameRow, read_entities, read_facts, read_properties
from .spelling import Spelling

# A property that the file does not call functional is so if nearly all of at least so many subjects have one object.
FUNCTIONAL_SHARE = 0.98
FUNCTIONAL_SUBJECTS = 20
# An inflected form means an entity so much less than a name of another one that is spelled like it.
INFLECTED_SCORE = 0.1
# What `progress` is told, in this order.
STEPS = ("properties", "entities", "facts", "names")

PathLike = Union[str, Path]
Progress = Callable[[str], None]
_LEFTOVERS = re.compile(rf"\d+|\.(\d+|{re.escape(MANIFEST)})\..+")


@dataclass
class BuildReport:
    """What a build took over and what it did not.

    path (Path): The knowledge base.
    manifest (Manifest): Counts, also by language.
    rejected (Dict[str, int]): By reason, how many lines, names or facts were left out.
    rejects (Path): The table of all that was left out: file, line, reason, content.
    """

    path: Path
    manifest: Manifest
    rejects: Path
    rejected: Dict[str, int] = field(default_factory=dict)


def build_kb(
    entities: PathLike,
    facts: PathLike,
    properties: PathLike,
    dest: PathLike,
    *,
    ignore_case: Collection[str] = (),
    ignore_diacritics: Collection[str] = (),
    inflections: Optional[PathLike] = None,
    rejects: Optional[PathLike] = None,
    progress: Progress = lambda step: None,
) -> BuildReport:
    """Build a knowledge base from files of entities, facts and properties (formats: `kb.sources`).

    An alias's prior is the share of the name's uses that mean the entity: from the counts of the file where it gives
    any for that entity, otherwise in proportion to (1 + facts of the entity) / (1 + place of the name in its list).
    "functional" is taken from the properties file, or estimated: `FUNCTIONAL_SHARE` of at least `FUNCTIONAL_SUBJECTS`
    subjects have a single object.

    entities, facts, properties (str or Path): The files.
    dest (str or Path): The folder to make, or a knowledge base to replace.
    ignore_case, ignore_diacritics (Collection[str]): The languages in which they do not count (`kb.spelling`).
    inflections (Optional[str or Path]): A table of the endings that names take on (`kb.learned_inflection`).
    rejects (Optional[str or Path]): Where to write the table of what was left out; by default into the folder.
    progress (Callable[[str], None]): Called with the name of each of the `STEPS` as it begins.
    RETURNS (BuildReport): Counts of what was taken over and left out.
    RAISES (XlreError): If a file is missing, has no UTF-8 or nothing usable, `dest` is something else, or there are
        no names in a language that is named.
    """
    dest = Path(dest)
    version = _next_version(dest)
    with ExitStack() as stack:
        folder = stack.enter_context(atomic_folder(dest / str(version), marker=DATABASE))
        left_out = stack.enter_context(Rejects(folder / REJECTS if rejects is None else rejects))
        policy = _Policy(
            frozenset(ignore_case),
            frozenset(ignore_diacritics),
            read_inflections(inflections) if inflections is not None else Inflections({}),
        )
        sources = Path(entities), Path(facts), Path(properties)
        manifest = _Builder(folder, left_out, policy).run(version, *sources, progress)
    with atomic_file(dest / MANIFEST) as path:
        path.write_text(manifest.to_json(), encoding="utf8")
    _remove_leftovers(dest, version)
    kept = dest / str(version) / REJECTS if rejects is None else Path(rejects)
    reasons = Counter(re.split(r":| '", reason)[0] for _, _, reason, _ in left_out.rows)
    return BuildReport(dest, manifest, kept, dict(reasons.most_common()))


def _next_version(dest: Path) -> int:
    if not dest.exists() or (dest.is_dir() and not any(dest.iterdir())):
        return 1
    if not dest.is_dir() or not (
        (dest / MANIFEST).exists() or all(_LEFTOVERS.fullmatch(p.name) for p in dest.iterdir())
    ):
        raise fail(Errors.X106, path=dest)
    taken = [int(path.name) for path in dest.iterdir() if path.name.isdecimal()]
    return max(taken, default=0) + 1


def _remove_leftovers(dest: Path, version: int) -> None:
    for path in dest.iterdir():
        if path.is_dir() and path.name != str(version) and _LEFTOVERS.fullmatch(path.name):
            shutil.rmtree(path, ignore_errors=True)


@dataclass(frozen=True)
class _Policy:
    """How names are compared with texts."""

    ignore_case: FrozenSet[str]
    ignore_diacritics: FrozenSet[str]
    inflections: Inflections

    def spelling(self, lang: str) -> Spelling:
        return Spelling(lang, lang in self.ignore_case, lang in self.ignore_diacritics)

    def check(self, langs: Collection[str], path: Path) -> None:
        for option, named in (("ignore_case", self.ignore_case), ("ignore_diacritics", self.ignore_diacritics)):
            for lang in named - set(langs):
                raise fail(Errors.X117, path=path, lang=lang, option=option, langs=", ".join(langs) or "none")


class _Builder:
    """One build: the database being filled, and the table of rejects."""

    def __init__(self, folder: Path, left_out: Rejects, policy: _Policy):
        self.folder = folder
        self.left_out = left_out
        self.policy = policy
        self._reject = left_out.add
        self._make_trie = need("marisa_trie", extra="kb").Trie

    def run(self, version: int, entities: Path, facts: Path, properties: Path, progress: Progress) -> Manifest:
        with closing(sqlite3.connect(self.folder / DATABASE)) as db:
            # The folder is thrown away if the build fails, so no journal is needed.
            db.executescript("PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF;" + TABLES)
            progress("properties")
            found = self._read_properties(properties)
            progress("entities")
            numbers = self._add_entities(db, entities)
            progress("facts")
            self._add_facts(db, facts, numbers, {id: number for number, id in enumerate(found)})
            self._add_properties(db, found)
            progress("names")
            languages = self._add_aliases(db)
            self.policy.check(languages, entities)
            db.executescript(INDEXES)
            db.execute("ANALYZE")
            db.commit()
            tables = ("entities", "names", "properties", "facts")
            counts = {table: db.execute(f"SELECT COUNT(*) FROM {table}").fetchone()[0] for table in tables}
        return Manifest(version, languages, {**counts, "rejected": self.left_out.count})

    def _check_usable(self, path: Path, what: str, n_usable: int) -> None:
        first = next((row for row in self.left_out.rows if row[0] == str(path)), None)
        if not n_usable and first is not None:
            raise fail(Errors.X105, path=path, what=what, line=first[1], reason=first[2])

    def _read_properties(self, path: Path) -> Dict[str, Tuple[Property, bool]]:
        found: Dict[str, Tuple[Property, bool]] = {}
        lines: Dict[str, int] = {}
        for line, prop, is_sure in read_properties(path, self._reject):
            if prop.id in found:
                self._reject(path, line, "duplicate property", prop.id)
            else:
                found[prop.id], lines[prop.id] = (prop, is_sure), line
        for id, (prop, is_sure) in found.items():
            if prop.inverse is not None and prop.inverse not in found:
                self._reject(path, lines[id], f"unknown inverse '{prop.inverse}'", id)
                found[id] = replace(prop, inverse=None), is_sure
        self._check_usable(path, "property", len(found))
        return found

    def _add_entities(self, db: sqlite3.Connection, path: Path) -> Dict[str, int]:
        numbers: Dict[str, int] = {}
        types: List[Tuple[str, ...]] = []
        add_up = path.suffix == ".tsv"

        def rows() -> Iterator[Tuple[int, NameRow]]:
            for row in read_entities(path, self._reject):
                number = numbers.get(row.id)
                if number is None:
                    number = numbers[row.id] = len(numbers)
                    types.append(tuple(dict.fromkeys(row.types)))
                elif not add_up:
                    self._reject(path, row.line, "duplicate entity", row.id)
                    continue
                else:
                    types[number] = tuple(dict.fromkeys(types[number] + row.types))
                for name in row.names:
                    yield number, name

        places: Dict[Tuple[int, str], int] = {}
        seen: Set[Tuple[int, str, str]] = set()
        cursor, current = db.cursor(), -1
        for number, name in rows():
            if number != current and not add_up:
                # An entity has a single line, so nothing of the others need be remembered.
                places.clear()
                seen.clear()
                current = number
            if (number, name.lang, name.name) in seen:
                self._reject(path, name.line, "duplicate name of one entity", name.name)
                continue
            seen.add((number, name.lang, name.name))
            position = places[number, name.lang] = places.get((number, name.lang), -1) + 1
            cursor.execute(
                "INSERT INTO names VALUES (?, ?, ?, ?, ?)", (number, name.lang, position, name.name, name.count)
            )
        cursor.executemany(
            "INSERT INTO entities VALUES (?, ?, ?, 0)",
            ((number, id, json.dumps(types[number], ensure_ascii=False)) for id, number in numbers.items()),
        )
        self._check_usable(path, "entity", len(numbers))
        return numbers

    def _add_facts(
        self, db: sqlite3.Connection, path: Path, entities: Dict[str, int], properties: Dict[str, int]
    ) -> None:
        cursor = db.cursor()
        n_facts = 0
        for line, text, fact in read_facts(path, self._reject):
            unknown = [f"unknown property '{fact.property}'"] if fact.property not in properties else []
            unknown += [f"unknown entity '{id}'" for id in (fact.subject, fact.object) if id not in entities]
            if unknown:
                self._reject(path, line, unknown[0], text)
                continue
            row = entities[fact.subject], entities[fact.object], properties[fact.property]
            cursor.execute("INSERT OR IGNORE INTO facts VALUES (?, ?, ?)", row)
            if cursor.rowcount == 0:
                self._reject(path, line, "duplicate fact", text)
            n_facts += 1
        self._check_usable(path, "fact", n_facts)
        cursor.execute("CREATE TEMP TABLE uses (entity INTEGER PRIMARY KEY, facts INTEGER)")
        cursor.execute(
            "INSERT INTO uses SELECT entity, COUNT(*) FROM (SELECT subject AS entity FROM facts UNION ALL "
            "SELECT object FROM facts WHERE object != subject) GROUP BY entity"
        )
        cursor.execute("UPDATE entities SET facts = COALESCE((SELECT facts FROM uses WHERE entity = number), 0)")

    def _add_properties(self, db: sqlite3.Connection, found: Dict[str, Tuple[Property, bool]]) -> None:
        functional = {
            number
            for number, subjects, single in db.execute(
                "SELECT property, COUNT(*), SUM(n = 1) FROM "
                "(SELECT property, COUNT(*) AS n FROM facts GROUP BY property, subject) GROUP BY property"
            )
            if subjects >= FUNCTIONAL_SUBJECTS and single >= FUNCTIONAL_SHARE * subjects
        }
        for number, (prop, is_sure) in enumerate(found.values()):
            if not is_sure:
                prop = replace(prop, functional=number in functional and not prop.symmetric)
            db.execute("INSERT INTO properties VALUES (?, ?, ?)", (number, prop.id, prop.to_json()))

    def _add_aliases(self, db: sqlite3.Connection) -> Dict[str, Dict[str, int]]:
        return {
            lang: self._add_language(db, lang)
            for (lang,) in db.execute("SELECT DISTINCT lang FROM names ORDER BY lang").fetchall()
        }

    def _add_language(self, db: sqlite3.Connection, lang: str) -> Dict[str, int]:
        spelling, inflections = self.policy.spelling(lang), self.policy.inflections
        keys: Dict[str, bool] = {}
        n_names = n_unmatchable = 0
        for (name,) in db.execute("SELECT name FROM names WHERE lang = ?", (lang,)):
            key = spelling.key(name)
            keys[key] = True
            n_names += 1
            n_unmatchable += not is_matchable(key, lang)
            for form in inflections.forms(name, lang):
                keys.setdefault(spelling.key(form), False)
        trie = self._make_trie(keys)
        trie.save(str(self.folder / f"{lang}.marisa"))
        counts = {
            "names": n_names,
            "keys": len(trie),
            "inflected": sum(not is_name for is_name in keys.values()),
            "unmatchable": n_unmatchable,
            "longest": max(map(len, keys)),
            "ignore_case": int(spelling.ignore_case),
            "ignore_diacritics": int(spelling.ignore_diacritics),
        }
        keys.clear()

        def scores() -> Iterator[Tuple[int, int, float]]:
            rows = db.execute(
                "SELECT entity, position, name, count, facts FROM names JOIN entities ON number = entity "
                "WHERE lang = ? ORDER BY entity, position",
                (lang,),
            )
            for number, position, name, count, facts in rows:
                score = count if count is not None else (1 + facts) / (1 + position)
                yield trie[spelling.key(name)], number, score
                for form in inflections.forms(name, lang):
                    yield trie[spelling.key(form)], number, INFLECTED_SCORE * score

        db.execute("CREATE TEMP TABLE scores (key INTEGER, entity INTEGER, score REAL)")
        db.executemany("INSERT INTO scores VALUES (?, ?, ?)", scores())
        db.execute(
            "INSERT INTO aliases SELECT ?, key, entity, score / SUM(score) OVER (PARTITION BY key) FROM "
            "(SELECT key, entity, MAX(score) AS score FROM scores GROUP BY key, entity)",
            (lang,),
        )
        db.execute("DROP TABLE scores")
        ambiguous = "SELECT COUNT(*) FROM (SELECT 1 FROM aliases WHERE lang = ? GROUP BY key HAVING COUNT(*) > 1)"
        return {**counts, "ambiguous": db.execute(ambiguous, (lang,)).fetchone()[0]}
