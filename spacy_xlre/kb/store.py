"""The knowledge base: entities, names, facts and properties, read from its folder without ever writing to it."""

import json
import os
import sqlite3
import threading
from functools import lru_cache
from itertools import groupby
from pathlib import Path
from typing import Any, Dict, Iterator, List, Optional, Sequence, Tuple, Union

from ..errors import Errors, fail
from ..extras import need
from .schema import DATABASE, Entity, Fact, Manifest, Property, read_manifest
from .spelling import Spelling

__all__ = ["Candidates", "Entity", "Fact", "KnowledgeBase", "Property"]

Candidates = List[Tuple[str, float]]
_CACHE_SIZE = 100_000


class KnowledgeBase:
    """A knowledge base, opened read-only with `KnowledgeBase.open(folder)`.

    It may be pickled, sent to other processes and used in several threads: each opens the database for itself, and
    the names are memory-mapped, so that they are in memory once.
    """

    def __init__(self, folder: Union[str, Path]):
        self.path = Path(folder)
        self.manifest: Manifest = read_manifest(folder)
        self._store = self.path / str(self.manifest.version)
        self._local = threading.local()
        self._tries: Dict[str, Any] = {}
        self._number = lru_cache(_CACHE_SIZE)(self._read_number)
        self._id = lru_cache(_CACHE_SIZE)(self._read_id)
        self.entity = lru_cache(_CACHE_SIZE)(self._read_entity)
        rows = self._query("SELECT number, id, data FROM properties ORDER BY number")
        self._properties = {number: Property.from_json(id, data) for number, id, data in rows}
        self.properties: Dict[str, Property] = {prop.id: prop for prop in self._properties.values()}
        self._property_numbers = {prop.id: number for number, prop in self._properties.items()}

    @classmethod
    def open(cls, folder: Union[str, Path]) -> "KnowledgeBase":
        """Open a folder that `spacy xlre kb build` made.

        RAISES (XlreError): If it is no knowledge base, damaged, or of another format.
        """
        return cls(folder)

    def __reduce__(self) -> Tuple[Any, ...]:
        return KnowledgeBase.open, (self.path,)

    @property
    def languages(self) -> Tuple[str, ...]:
        """The codes of the languages that it has names in."""
        return tuple(self.manifest.languages)

    def resolve_language(self, lang: str) -> Optional[str]:
        """Return the language under which names for `lang` are stored: "pt" for "pt-BR" if need be; None if none."""
        if lang in self.manifest.languages:
            return lang
        primary = lang.partition("-")[0]
        return primary if primary in self.manifest.languages else None

    def spelling(self, lang: str) -> Spelling:
        """Return how the names of a language that the knowledge base has are compared."""
        counts = self.manifest.languages[lang]
        return Spelling(lang, bool(counts["ignore_case"]), bool(counts["ignore_diacritics"]))

    def candidates(self, name: str, lang: str) -> Candidates:
        """Return the entities that a name may mean, as (id, prior), the likeliest first; the priors add up to 1.

        name (str): A name as it may stand in a text, in any spelling that means the same (`kb.spelling`).
        lang (str): A language code.
        """
        resolved = self.resolve_language(lang)
        if resolved is None:
            return []
        key = self.trie(resolved).get(self.spelling(resolved).key(name))
        return [] if key is None else self.candidates_of_key(key, resolved)

    def candidates_of_key(self, key: int, lang: str) -> Candidates:
        """Return what `candidates` returns, for a name's number in the language's trie."""
        rows = self._query(
            "SELECT id, prior FROM aliases JOIN entities ON number = entity WHERE lang = ? AND key = ? "
            "ORDER BY prior DESC, entity",
            (lang, key),
        )
        return [(id, prior) for id, prior in rows]

    def aliases(self, lang: str) -> Iterator[Tuple[str, Candidates]]:
        """Yield every name of a language, as it is looked up, with its candidates.

        RAISES (XlreError): If there are no names in that language.
        """
        trie = self.trie(lang)
        for name, key in trie.iteritems():
            yield name, self.candidates_of_key(key, lang)

    def trie(self, lang: str) -> Any:
        """Return the memory-mapped `marisa_trie.Trie` of a language's names.

        RAISES (XlreError): If there are no names in that language, or the file is damaged.
        """
        if lang not in self._tries:
            if lang not in self.manifest.languages:
                raise fail(Errors.X107, lang=lang, langs=", ".join(self.languages) or "none")
            path = self._store / f"{lang}.marisa"
            marisa_trie = need("marisa_trie", extra="kb")
            try:
                self._tries[lang] = marisa_trie.Trie().mmap(str(path))
            except Exception as error:  # marisa raises bare RuntimeError, OSError or its own types
                raise fail(Errors.X102, path=path, reason=error) from None
        return self._tries[lang]

    def facts(
        self, subject: Optional[str] = None, property: Optional[str] = None, object: Optional[str] = None
    ) -> List[Fact]:
        """Return the facts with this subject, property and object, in the stored direction; None matches anything."""
        where, values = [], []
        for column, id in (("subject", subject), ("property", property), ("object", object)):
            if id is None:
                continue
            number = self._property_numbers.get(id) if column == "property" else self._number(id)
            if number is None:
                return []
            where.append(f"{column} = ?")
            values.append(number)
        condition = f"WHERE {' AND '.join(where)} " if where else ""
        rows = self._query(
            f"SELECT subject, property, object FROM facts {condition}ORDER BY subject, object, property", values
        )
        return [Fact(self._id(s), self._properties[p].id, self._id(o)) for s, p, o in rows]

    def facts_between(self, a: str, b: str) -> List[Fact]:
        """Return the facts from `a` to `b` and from `b` to `a` as stored; a symmetric one stored twice comes once."""
        forward = self.facts(subject=a, object=b)
        known = {fact.property for fact in forward if self.properties[fact.property].symmetric}
        backward = self.facts(subject=b, object=a) if a != b else []
        return forward + [fact for fact in backward if fact.property not in known]

    def fact_count(self, id: str) -> int:
        """Return how many facts have this entity as subject or object; 0 for an unknown entity."""
        number = self._number(id)
        if number is None:
            return 0
        return int(self._query("SELECT facts FROM entities WHERE number = ?", (number,))[0][0])

    def sample_names(self, lang: str, limit: int = 20_000) -> Dict[str, List[Tuple[str, ...]]]:
        """Return the names of entities in a language, by the entities' first type; the usual name comes first.

        lang (str): A language code.
        limit (int): The most entities to look at, evenly spaced over all of them.
        """
        step = -(-self.manifest.counts["entities"] // limit) or 1
        rows = self._query(
            "SELECT number, types, name FROM entities JOIN names ON entity = number WHERE lang = ? AND number % ? = 0 "
            "ORDER BY number, position",
            (self.resolve_language(lang) or lang, step),
        )
        found: Dict[str, List[Tuple[str, ...]]] = {}
        for _, group in groupby(rows, key=lambda row: row[0]):
            entity = list(group)
            types = json.loads(entity[0][1])
            if types:
                found.setdefault(types[0], []).append(tuple(name for _, _, name in entity))
        return found

    def _read_entity(self, id: str) -> Optional[Entity]:
        """Return the entity of an id, or None."""
        rows = self._query("SELECT number, types FROM entities WHERE id = ?", (id,))
        if not rows:
            return None
        number, types = rows[0]
        names: Dict[str, List[str]] = {}
        for lang, name in self._query(
            "SELECT lang, name FROM names WHERE entity = ? ORDER BY lang, position", (number,)
        ):
            names.setdefault(lang, []).append(name)
        return Entity(id, tuple(json.loads(types)), {lang: tuple(values) for lang, values in names.items()})

    def _read_number(self, id: str) -> Optional[int]:
        rows = self._query("SELECT number FROM entities WHERE id = ?", (id,))
        return int(rows[0][0]) if rows else None

    def _read_id(self, number: int) -> str:
        return str(self._query("SELECT id FROM entities WHERE number = ?", (number,))[0][0])

    def _query(self, sql: str, values: Sequence[Any] = ()) -> List[Tuple[Any, ...]]:
        path = self._store / DATABASE
        try:
            # SQLite connections must not be carried over a fork or shared by threads.
            if getattr(self._local, "process", None) != os.getpid():
                uri = f"{path.resolve().as_uri()}?mode=ro&immutable=1"
                self._local.db = sqlite3.connect(uri, uri=True)
                self._local.process = os.getpid()
            return self._local.db.execute(sql, values).fetchall()
        except sqlite3.DatabaseError as error:
            raise fail(Errors.X102, path=path, reason=error) from None
