import json
import pickle
import sqlite3
import threading
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import List

import pytest

from spacy_xlre.errors import XlreError
from spacy_xlre.kb import Entity, Fact, KnowledgeBase, Property

from .conftest import ENTITIES, FACTS, Build


def test_an_entity_has_types_and_names_in_their_order(kb: KnowledgeBase):
    assert kb.entity("poland") == Entity(
        "poland", ("LOC", "ORG"), {"de": ("Polen",), "en": ("Poland",), "zh": ("波兰",)}
    )
    entity = kb.entity("curie")
    assert entity is not None
    assert entity.names["en"] == ("Marie Curie", "Curie")
    assert kb.entity("nobody") is None


def test_properties_say_what_the_file_said(kb: KnowledgeBase):
    assert list(kb.properties) == ["P19", "P26", "P36", "P1376", "P69"]
    assert kb.properties["P19"] == Property("P19", {"en": "place of birth"}, ("PER",), ("LOC",), functional=True)
    assert kb.properties["P26"] == Property("P26", {"en": "spouse", "de": "Ehepartner"}, ("PER",), symmetric=True)
    assert kb.properties["P36"].inverse == "P1376"


def test_a_name_may_mean_several_entities_with_priors_that_add_up(kb: KnowledgeBase):
    # Curie is the second name of both; Marie has three facts and one more as object, Pierre two.
    assert kb.candidates("Curie", "en") == [("curie", 5 / 8), ("pierre", 3 / 8)]
    assert kb.candidates("Warsaw", "en") == [("warsaw", 1.0)]
    assert kb.candidates("Atlantis", "en") == []
    assert kb.candidates("Warsaw", "fr") == []


def test_namesakes_are_kept_apart_by_language(build: Build):
    namesake = {"id": "warsaw-indiana", "type": "LOC", "names": {"en": ["Warsaw"]}}
    kb = KnowledgeBase.open(build(entities=[*ENTITIES, namesake]).path)
    assert {id for id, _ in kb.candidates("Warsaw", "en")} == {"warsaw", "warsaw-indiana"}
    assert kb.candidates("Warschau", "de") == [("warsaw", 1.0)]


def test_counts_of_names_make_the_priors(build: Build):
    entities = [
        {"id": "a", "names": {"en": [["Rose", 90]]}},
        {"id": "b", "names": {"en": ["Rosa", ["Rose", 10]]}},
    ]
    kb = KnowledgeBase.open(build(entities=[*ENTITIES, *entities]).path)
    assert kb.candidates("Rose", "en") == [("a", 0.9), ("b", 0.1)]


def test_two_spellings_of_one_entitys_name_are_one_candidate(build: Build):
    kb = KnowledgeBase.open(build(entities=[*ENTITIES, {"id": "x", "names": {"fr": ["L’Eau", "L'Eau"]}}]).path)
    assert kb.candidates("L'Eau", "fr") == kb.candidates("L’Eau", "fr") == [("x", 1.0)]
    entity = kb.entity("x")
    assert entity is not None
    assert entity.names == {"fr": ("L’Eau", "L'Eau")}


@pytest.mark.parametrize(("asked", "stored"), [("en", "en"), ("en-GB", "en"), ("es", None)])
def test_a_language_stands_for_its_variants(kb: KnowledgeBase, asked, stored):
    assert kb.resolve_language(asked) == stored
    assert bool(kb.candidates("Warsaw", asked)) is (stored is not None)


def test_all_names_of_a_language_can_be_listed(kb: KnowledgeBase):
    listed = dict(kb.aliases("en"))
    assert set(listed) == {name for entity in ENTITIES for name in entity["names"].get("en", ())}
    for name, candidates in listed.items():
        assert candidates == kb.candidates(name, "en")
        assert sum(prior for _, prior in candidates) == pytest.approx(1)


def test_names_of_a_language_without_any_are_an_error(kb: KnowledgeBase):
    with pytest.raises(XlreError, match=r"\[X107\] .*'es'; it has de, en, fr, zh"):
        list(kb.aliases("es"))


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({"subject": "curie"}, [FACTS[0], FACTS[1], FACTS[4]]),
        ({"object": "warsaw"}, [FACTS[0], FACTS[3]]),
        ({"property": "P26"}, [FACTS[1], FACTS[2]]),
        ({"subject": "curie", "property": "P69"}, [FACTS[4]]),
        ({"subject": "curie", "property": "P19", "object": "warsaw"}, [FACTS[0]]),
        ({"subject": "warsaw", "object": "curie"}, []),
        ({"subject": "nobody"}, []),
        ({"property": "P999"}, []),
        ({}, FACTS),
    ],
)
def test_facts_can_be_asked_for_from_any_side(kb: KnowledgeBase, query, expected):
    found = kb.facts(**query)
    assert {(fact.subject, fact.property, fact.object) for fact in found} == set(expected)
    assert len(found) == len(expected)


def test_facts_between_two_entities_come_in_both_directions(kb: KnowledgeBase):
    assert kb.facts_between("curie", "warsaw") == [Fact("curie", "P19", "warsaw")]
    assert kb.facts_between("warsaw", "curie") == [Fact("curie", "P19", "warsaw")]
    assert kb.facts_between("curie", "poland") == []
    assert kb.facts_between("curie", "nobody") == []


def test_a_symmetric_fact_that_is_stored_twice_comes_once(kb: KnowledgeBase):
    assert kb.facts_between("curie", "pierre") == [Fact("curie", "P26", "pierre")]
    assert kb.facts_between("pierre", "curie") == [Fact("pierre", "P26", "curie")]


def test_a_fact_with_itself_comes_once(build: Build):
    kb = KnowledgeBase.open(build(facts=[*FACTS, ("paris", "P69", "paris")]).path)
    assert kb.facts_between("paris", "paris") == [Fact("paris", "P69", "paris")]
    assert kb.fact_count("paris") == 1


def test_facts_are_counted_on_both_sides(kb: KnowledgeBase):
    counts = {id: kb.fact_count(id) for id in ("curie", "pierre", "warsaw", "paris", "nobody")}
    assert counts == {"curie": 4, "pierre": 2, "warsaw": 2, "paris": 0, "nobody": 0}


def test_it_can_be_pickled(kb: KnowledgeBase):
    assert pickle.loads(pickle.dumps(kb)).candidates("Curie", "en") == kb.candidates("Curie", "en")


def ask(kb: KnowledgeBase) -> List[Fact]:
    assert kb.candidates("Curie", "en")
    return kb.facts_between("curie", "warsaw")


def test_other_processes_can_use_it(kb: KnowledgeBase):
    expected = ask(kb)
    with ProcessPoolExecutor(2, mp_context=get_context("fork")) as pool:
        pairs = [kb] * 4, ["curie"] * 4, ["warsaw"] * 4
        assert list(pool.map(KnowledgeBase.facts_between, *pairs)) == [expected] * 4


def test_several_threads_can_use_it(kb: KnowledgeBase):
    found: List[List[Fact]] = []
    threads = [threading.Thread(target=lambda: found.append(ask(kb))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [ask(kb)] * 4


def test_opening_it_writes_nothing(build: Build):
    folder = build().path
    before = sorted((path.name, path.stat().st_mtime_ns) for path in folder.rglob("*"))
    kb = KnowledgeBase.open(folder)
    ask(kb)
    assert sorted((path.name, path.stat().st_mtime_ns) for path in folder.rglob("*")) == before
    with pytest.raises(XlreError):
        kb._query("DELETE FROM facts")


def test_a_path_may_have_any_characters(build: Build, tmp_path: Path):
    folder = tmp_path / "ein # Ordner? 100%"
    build().path.rename(folder)
    assert KnowledgeBase.open(folder).candidates("Warsaw", "en") == [("warsaw", 1.0)]


def test_a_folder_that_is_none_is_an_error(tmp_path: Path):
    for folder in (tmp_path, tmp_path / "missing"):
        with pytest.raises(XlreError, match="X101"):
            KnowledgeBase.open(folder)


@pytest.mark.parametrize("text", ["", "{", "[]", '{"version": 1}'])
def test_a_damaged_manifest_is_an_error(build: Build, text):
    folder = build().path
    (folder / "kb.json").write_text(text)
    with pytest.raises(XlreError, match=r"\[X102\] .*kb\.json"):
        KnowledgeBase.open(folder)


def test_another_format_is_an_error(build: Build):
    folder = build().path
    manifest = json.loads((folder / "kb.json").read_text())
    (folder / "kb.json").write_text(json.dumps({**manifest, "format": 99}))
    with pytest.raises(XlreError, match=r"\[X103\] .*99"):
        KnowledgeBase.open(folder)


@pytest.mark.parametrize("name", ["kb.sqlite", "en.marisa"])
@pytest.mark.parametrize("content", [None, b"", b"not what it should be"])
def test_a_damaged_store_is_an_error_that_names_the_file(build: Build, name, content):
    path = build().path / "1" / name
    path.unlink()
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(XlreError, match=rf"\[X102\] .*{name}.*Build the knowledge base again"):
        KnowledgeBase.open(path.parent.parent).candidates("Warsaw", "en")


def test_the_database_is_indexed_both_ways(build: Build):
    db = sqlite3.connect(build().path / "1" / "kb.sqlite")
    for column in ("subject", "object"):
        (plan,) = db.execute(f"EXPLAIN QUERY PLAN SELECT * FROM facts WHERE {column} = 1").fetchall()
        assert "SEARCH" in plan[-1]
