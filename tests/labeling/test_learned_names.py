"""Names and endings that the other side of a bitext teaches."""

from pathlib import Path
from typing import List

import pytest

from spacy_xlre.errors import XlreError
from spacy_xlre.kb import KnowledgeBase, build_kb
from spacy_xlre.kb.importing import import_kb
from spacy_xlre.kb.importing.source_files import SourceFilesImporter
from spacy_xlre.kb.learned_inflection import read_inflections
from spacy_xlre.labeling.agreement import LinkedMention
from spacy_xlre.labeling.learned_names import LearnedNames

CITIES = {"q1": "Лондон", "q2": "Берлин", "q3": "Пекин", "q4": "Дублин"}
PROPERTIES = '{"id": "P1"}\n'


@pytest.fixture
def sources(tmp_path: Path) -> Path:
    folder = tmp_path / "sources"
    folder.mkdir()
    rows = [f'{{"id": "{id}", "type": "LOC", "names": {{"ru": ["{name}"]}}}}' for id, name in CITIES.items()]
    rows.append('{"id": "q5", "type": "LOC", "names": {"en": ["Moscow"]}}')
    (folder / "entities.jsonl").write_text("\n".join(rows) + "\n", encoding="utf-8")
    (folder / "facts.tsv").write_text("q1\tP1\tq2\n")
    (folder / "properties.jsonl").write_text(PROPERTIES)
    return folder


def build(folder: Path, **options: Path) -> KnowledgeBase:
    files = (folder / name for name in ("entities.jsonl", "facts.tsv", "properties.jsonl"))
    return KnowledgeBase.open(build_kb(*files, folder / "kb", **options).path)  # type: ignore[arg-type]


def see(learned: LearnedNames, entity: str, text: str, source: str = "projected") -> None:
    learned.see("ru", LinkedMention(0, 1, entity, 0.9, source, 1, 2), text)


def rows(learned: LearnedNames) -> List[str]:
    return [f"{entity} {text} {count}" for entity, _, text, count in learned.names(learned.inflections())]


def test_a_name_that_only_the_other_side_knows_is_learned_with_its_uses(sources: Path):
    learned = LearnedNames(build(sources))
    for text in ("Москва", "Москва", "столица России"):
        see(learned, "q5", text)
    assert rows(learned) == ["q5 Москва 2", "q5 столица России 1"]


def test_known_names_and_mentions_of_the_text_itself_teach_nothing(sources: Path):
    learned = LearnedNames(build(sources))
    see(learned, "q1", "Лондон")
    see(learned, "q5", "Москва", source="matched")
    see(learned, "q5", "Москва", source="alone")
    assert rows(learned) == []


def test_an_ending_that_several_names_showed_is_no_new_name(sources: Path):
    learned = LearnedNames(build(sources))
    for entity in ("q1", "q2", "q3"):
        see(learned, entity, CITIES[entity] + "а")
    see(learned, "q1", "Лондоном")
    assert learned.inflections().patterns == {"ru": {(("н", "на"),): 3}}
    assert rows(learned) == ["q1 Лондоном 1"]


def test_forms_of_names_that_were_all_learned_show_endings_too(sources: Path):
    learned = LearnedNames(build(sources))
    for number, name in enumerate(("Россия", "Италия", "Швеция")):
        for text in (name, name[:-1] + "и"):
            see(learned, f"x{number}", text)
    assert learned.inflections().patterns == {"ru": {(("ия", "ии"),): 3, (("ии", "ия"),): 3}}
    assert len(rows(learned)) == 6


def test_what_was_learned_is_found_after_a_merge_and_a_build(sources: Path, tmp_path: Path):
    learned = LearnedNames(build(sources))
    for entity in ("q1", "q2", "q3"):
        see(learned, entity, CITIES[entity] + "а")
    see(learned, "q5", "Москва")
    assert learned.write(tmp_path / "learned") == (1, 1)
    assert read_inflections(tmp_path / "learned" / "inflections.tsv").patterns == learned.inflections().patterns
    import_kb(SourceFilesImporter(), [sources, tmp_path / "learned"], tmp_path / "merged")
    kb = build(tmp_path / "merged", inflections=tmp_path / "learned" / "inflections.tsv")
    assert [id for id, _ in kb.candidates("Москва", "ru")] == ["q5"]
    assert [id for id, _ in kb.candidates("Дублина", "ru")] == ["q4"]
    entity = kb.entity("q5")
    assert entity is not None
    assert entity.types == ("LOC",)


def test_a_folder_of_something_else_is_left_alone(sources: Path):
    learned = LearnedNames(build(sources))
    with pytest.raises(XlreError, match="sources"):
        learned.write(sources)
