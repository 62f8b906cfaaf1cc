import csv
import os
import signal
from pathlib import Path
from typing import List, Tuple

import pytest

from spacy_xlre.errors import XlreError
from spacy_xlre.kb import BuildReport, KnowledgeBase, build_kb
from spacy_xlre.kb.build import STEPS

from .conftest import ENTITIES, FACTS, PROPERTIES, Build, write_jsonl, write_tsv


def rejected(report: BuildReport) -> List[Tuple[str, str, str]]:
    """File, line and reason of all that a build left out."""
    with report.rejects.open(encoding="utf8", newline="") as file_:
        rows = list(csv.reader(file_, dialect="excel-tab"))
    assert rows[0] == ["file", "line", "reason", "content"]
    assert len(rows) - 1 == report.manifest.counts["rejected"] == sum(report.rejected.values())
    return [(Path(source).name, line, reason) for source, line, reason, _ in rows[1:]]


def test_a_build_counts_what_it_took_over(build: Build):
    report = build()
    assert report.manifest.counts == {"entities": 6, "names": 18, "properties": 5, "facts": 5, "rejected": 0}
    assert report.manifest.languages["en"] == {
        "names": 9,
        "keys": 8,
        "ambiguous": 1,
        "inflected": 0,
        "unmatchable": 0,
        "longest": len("University of Paris"),
        "ignore_case": 0,
        "ignore_diacritics": 0,
    }
    assert rejected(report) == []


def test_the_steps_are_told_as_they_begin(build: Build):
    steps: List[str] = []
    build(progress=steps.append)
    assert tuple(steps) == STEPS


@pytest.mark.parametrize(
    ("fact", "reason"),
    [
        (("curie", "P19", "atlantis"), "unknown entity 'atlantis'"),
        (("nobody", "P19", "warsaw"), "unknown entity 'nobody'"),
        (("curie", "P999", "warsaw"), "unknown property 'P999'"),
        (("curie", "P19", "warsaw"), "duplicate fact"),
        (("curie", "P19"), "2 columns instead of 3"),
        (("curie", "P19", "warsaw", "1867"), "4 columns instead of 3"),
    ],
)
def test_a_fact_that_cannot_be_used_is_rejected(build: Build, fact, reason):
    report = build(facts=[*FACTS, fact])
    assert rejected(report) == [("facts.tsv", "7", reason)]
    assert report.manifest.counts["facts"] == 5


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ('{"id": "x", ', "bad JSON: "),
        ('["x"]', "not a JSON object with an id"),
        ('{"names": {}}', "not a JSON object with an id"),
        ('{"id": " "}', "not a JSON object with an id"),
        ('{"id": 7}', "not a JSON object with an id"),
        ('{"id": "x", "names": {"en": ["\\ud800"]}}', "an escape of half a surrogate pair"),
        ({"id": "x", "type": 3}, "type must be a word or a list of words, names an object"),
        ({"id": "x", "names": ["X"]}, "type must be a word or a list of words, names an object"),
        ({"id": "curie", "type": "PER", "names": {"en": ["Maria"]}}, "duplicate entity"),
    ],
)
def test_an_entity_that_cannot_be_used_is_rejected(build: Build, row, reason):
    report = build(entities=[*ENTITIES, row])
    ((source, line, found),) = rejected(report)
    assert (source, line) == ("entities.jsonl", "7")
    assert found.startswith(reason)
    assert report.manifest.counts["entities"] == 6


@pytest.mark.parametrize(
    ("names", "reason"),
    [
        ({"en": ["Good", "Good"]}, "duplicate name of one entity"),
        ({"en": ["Good", " Good "]}, "duplicate name of one entity"),
        ({"en": ["Good", "  "]}, "empty name"),
        ({"en": ["Good", ""]}, "empty name"),
        ({"en": ["Good", None]}, "a name must be text, or text and a count"),
        ({"en": ["Good", ["Name", -1]]}, "a name's count must be a positive number"),
        ({"en": ["Good", ["Name", True]]}, "a name's count must be a positive number"),
        ({"en": ["Good"], "klingon!": ["Qapla"]}, "unknown language code 'klingon!'"),
        ({"en": ["Good"], "qq": ["Name"]}, "unknown language code 'qq'"),
    ],
)
def test_a_name_that_cannot_be_used_is_rejected_alone(build: Build, names, reason):
    report = build(entities=[*ENTITIES, {"id": "x", "type": "ORG", "names": names}])
    assert rejected(report) == [("entities.jsonl", "7", reason)]
    entity = KnowledgeBase.open(report.path).entity("x")
    assert entity is not None
    assert entity.names == {"en": ("Good",)}


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("{", "bad JSON"),
        ({"id": "P9", "names": {"en": 1}}, "names must be an object of texts"),
        ({"id": "P9", "head_types": "PER"}, "head_types and tail_types must be lists of words"),
        ({"id": "P9", "symmetric": "yes"}, "symmetric and functional must be true or false"),
        ({"id": "P9", "inverse": 3}, "inverse must be a property's id"),
        ({"id": "P9", "inverse": "P10"}, "unknown inverse 'P10'"),
        ({"id": "P9", "names": {"en": " "}}, "empty name"),
        ({"id": "P9", "names": {"qq": "x"}}, "unknown language code 'qq'"),
        ({"id": "P19"}, "duplicate property"),
    ],
)
def test_a_property_that_cannot_be_used_is_rejected(build: Build, row, reason):
    report = build(properties=[*PROPERTIES, row])
    ((source, line, found),) = rejected(report)
    assert (source, line) == ("properties.jsonl", "6")
    assert found.startswith(reason)


def test_rejects_are_summed_up_by_reason(build: Build):
    facts = [*FACTS, ("a", "P19", "warsaw"), ("b", "P19", "warsaw"), FACTS[0]]
    assert build(facts=facts).rejected == {"unknown entity": 2, "duplicate fact": 1}


def test_rejects_can_go_to_a_file_of_ones_own(build: Build, tmp_path: Path):
    report = build(facts=[*FACTS, FACTS[0]], rejects=tmp_path / "left" / "out.tsv")
    assert report.rejects == tmp_path / "left" / "out.tsv"
    assert [reason for _, _, reason in rejected(report)] == ["duplicate fact"]
    assert not list(report.path.rglob("rejects.tsv"))


@pytest.mark.parametrize("which", ["entities", "facts", "properties"])
def test_a_file_without_anything_usable_is_an_error(build: Build, which):
    rows = [("x", "P19", "y")] if which == "facts" else ["{"]
    with pytest.raises(XlreError, match=rf"\[X105\] .*{which}.*line \d") as error:
        build(**{which: rows})
    assert "\n" not in str(error.value)


def test_broken_utf8_is_an_error_that_names_file_and_line(build: Build, tmp_path: Path):
    build()
    with (tmp_path / "facts.tsv").open("ab") as file_:
        file_.write("curie\tP19\tKöln\n".encode("latin-1"))
    before = snapshot(tmp_path / "kb")
    with pytest.raises(XlreError, match=r"\[X001\] .*facts\.tsv, line 7"):
        rebuild(tmp_path)
    assert snapshot(tmp_path / "kb") == before


def test_a_missing_file_is_an_error(tmp_path: Path):
    with pytest.raises(XlreError, match=r"\[X002\] .*properties\.jsonl"):
        rebuild(tmp_path)
    assert not (tmp_path / "kb" / "kb.json").exists()


@pytest.mark.parametrize("content", [{"notes.txt": "mine"}, {"1": None, "notes.txt": "mine"}])
def test_a_folder_of_something_else_is_left_alone(build: Build, tmp_path: Path, content):
    for name, text in content.items():
        path = tmp_path / "kb" / name
        path.parent.mkdir(exist_ok=True)
        path.mkdir() if text is None else path.write_text(text)
    with pytest.raises(XlreError, match="X106"):
        build()
    assert sorted(path.name for path in (tmp_path / "kb").iterdir()) == sorted(content)


def test_a_second_build_replaces_the_first(build: Build):
    build()
    report = build(entities=ENTITIES[:4], facts=FACTS[:1])
    assert sorted(path.name for path in report.path.iterdir()) == ["2", "kb.json"]
    assert KnowledgeBase.open(report.path).entity("paris") is None


def test_an_open_knowledge_base_outlives_its_replacement(build: Build):
    kb = KnowledgeBase.open(build().path)
    assert kb.candidates("Warsaw", "en") == [("warsaw", 1.0)]
    build(entities=ENTITIES[:2], facts=FACTS[1:2])
    assert kb.candidates("Warsaw", "en") == [("warsaw", 1.0)]
    assert kb.facts(property="P36") != []


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
@pytest.mark.parametrize("step", STEPS)
def test_a_killed_build_leaves_the_old_one(build: Build, tmp_path: Path, step: str):
    build()
    before = KnowledgeBase.open(tmp_path / "kb").manifest
    child = os.fork()
    if child == 0:
        rebuild(tmp_path, progress=lambda begun: os.kill(os.getpid(), signal.SIGKILL) if begun == step else None)
        os._exit(0)
    _, status = os.waitpid(child, 0)
    assert os.WTERMSIG(status) == signal.SIGKILL
    assert len(os.listdir(tmp_path / "kb")) == 3
    kb = KnowledgeBase.open(tmp_path / "kb")
    assert kb.manifest == before
    assert kb.candidates("Warsaw", "en") == [("warsaw", 1.0)]
    build()
    assert sorted(os.listdir(tmp_path / "kb")) == ["2", "kb.json"]


def test_an_interrupted_build_leaves_nothing(tmp_path: Path):
    def interrupt(step: str) -> None:
        if step == "names":
            raise KeyboardInterrupt

    write_all(tmp_path)
    with pytest.raises(KeyboardInterrupt):
        rebuild(tmp_path, progress=interrupt)
    assert list((tmp_path / "kb").iterdir()) == []
    rebuild(tmp_path)
    assert KnowledgeBase.open(tmp_path / "kb").manifest.version == 1


def test_two_builds_of_one_input_are_equal(build: Build, tmp_path: Path):
    build()
    first = snapshot(tmp_path / "kb" / "1")
    build()
    assert snapshot(tmp_path / "kb" / "2") == first


@pytest.mark.parametrize("with_count", [True, False])
def test_entities_can_come_as_a_table(build: Build, tmp_path: Path, with_count):
    rows = [
        ("id", "types", "lang", "name", "count"),
        ("paris", "LOC", "en", "Paris", "30"),
        ("texas", "LOC,ORG", "en", "Paris", "10"),
        ("paris", "LOC", "fr", "Paris", ""),
        ("paris", "", "en", "City of Light", ""),
        ("texas", "CITY", "en", "Paris", ""),
        ("texas", "CITY", "qq", "Paris", ""),
        ("texas", "CITY", "en", " ", ""),
        ("texas", "CITY", "en"),
        ("", "CITY", "en", "Paris", ""),
        ("texas", "CITY", "de", "Paris", "many"),
    ]
    table = write_tsv(tmp_path / "names.tsv", rows if with_count else [row[:4] for row in rows[:-1]])
    properties = write_jsonl(tmp_path / "p.jsonl", PROPERTIES)
    report = build_kb(table, write_tsv(tmp_path / "f.tsv", []), properties, tmp_path / "kb")
    kb = KnowledgeBase.open(report.path)
    paris, texas = kb.entity("paris"), kb.entity("texas")
    assert paris is not None
    assert texas is not None
    assert paris.names == {"en": ("Paris", "City of Light"), "fr": ("Paris",)}
    assert texas.types == ("LOC", "ORG", "CITY")
    assert kb.candidates("Paris", "en") == [
        ("paris", 0.75 if with_count else 0.5),
        ("texas", 0.25 if with_count else 0.5),
    ]
    reasons = [
        ("6", "duplicate name of one entity"),
        ("7", "unknown language code 'qq'"),
        ("8", "empty name"),
        ("9", f"3 columns instead of {5 if with_count else 4}"),
        ("10", "no id"),
        ("11", "a name's count must be a positive number"),
    ]
    assert [row[1:] for row in rejected(report)] == reasons[: 6 if with_count else 5]


def test_a_table_without_its_header_is_an_error(tmp_path: Path):
    table = write_tsv(tmp_path / "names.tsv", [("paris", "LOC", "en", "Paris")])
    properties = write_jsonl(tmp_path / "p.jsonl", PROPERTIES)
    with pytest.raises(XlreError, match=r"\[X104\] .*names\.tsv, line 1.*id types lang name"):
        build_kb(table, write_tsv(tmp_path / "f.tsv", []), properties, tmp_path / "kb")


def test_the_header_of_facts_is_optional(build: Build, tmp_path: Path):
    build()
    write_tsv(tmp_path / "facts.tsv", FACTS)
    rebuild(tmp_path)
    assert KnowledgeBase.open(tmp_path / "kb").manifest.counts["facts"] == 5


@pytest.mark.parametrize(
    ("several", "symmetric", "given", "expected"),
    [
        (0, False, None, True),
        (1, False, None, False),
        (0, True, None, False),
        (0, False, False, False),
        (1, False, True, True),
    ],
)
def test_a_property_is_functional_if_nearly_all_subjects_have_one_object(
    build: Build, several, symmetric, given, expected
):
    people = [{"id": f"person{i}", "names": {}} for i in range(25)]
    facts = [(f"person{i}", "P1", "paris") for i in range(25)]
    facts += [(f"person{i}", "P1", "warsaw") for i in range(several)]
    prop = {"id": "P1", "symmetric": symmetric, **({} if given is None else {"functional": given})}
    report = build(entities=[*ENTITIES, *people], facts=facts, properties=[prop])
    assert KnowledgeBase.open(report.path).properties["P1"].functional is expected


def test_a_property_with_few_facts_is_not_taken_for_functional(build: Build):
    assert not KnowledgeBase.open(build().path).properties["P69"].functional


def write_all(folder: Path) -> None:
    write_jsonl(folder / "entities.jsonl", ENTITIES)
    write_tsv(folder / "facts.tsv", FACTS)
    write_jsonl(folder / "properties.jsonl", PROPERTIES)


def rebuild(folder: Path, **settings: object) -> BuildReport:
    names = ("entities.jsonl", "facts.tsv", "properties.jsonl")
    return build_kb(*(folder / name for name in names), folder / "kb", **settings)  # type: ignore[arg-type]


def snapshot(folder: Path) -> List[Tuple[str, bytes]]:
    return [(path.name, path.read_bytes()) for path in sorted(folder.rglob("*")) if path.is_file()]


def test_a_policy_for_a_language_without_names_is_refused(build: Build):
    with pytest.raises(XlreError, match="no names in language 'sw', named in ignore_case"):
        build(ignore_case=["sw"])
