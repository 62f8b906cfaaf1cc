import json
from pathlib import Path
from typing import Any, Callable, Dict, List, Sequence

import pytest

from spacy_xlre.kb import BuildReport, KnowledgeBase, build_kb

ENTITIES: List[Dict[str, Any]] = [
    {
        "id": "curie",
        "type": "PER",
        "names": {"en": ["Marie Curie", "Curie"], "de": ["Marie Curie"], "zh": ["玛丽·居里"]},
    },
    {"id": "pierre", "type": "PER", "names": {"en": ["Pierre Curie", "Curie"], "fr": ["Pierre Curie"]}},
    {"id": "warsaw", "type": "LOC", "names": {"en": ["Warsaw"], "de": ["Warschau"], "zh": ["华沙"]}},
    {"id": "poland", "types": ["LOC", "ORG"], "names": {"en": ["Poland"], "de": ["Polen"], "zh": ["波兰"]}},
    {
        "id": "sorbonne",
        "type": "ORG",
        "names": {"en": ["Sorbonne", "University of Paris"], "fr": ["université de Paris"]},
    },
    {"id": "paris", "type": "LOC", "names": {"en": ["Paris"], "fr": ["Paris"]}},
]
PROPERTIES: List[Dict[str, Any]] = [
    {"id": "P19", "names": {"en": "place of birth"}, "head_types": ["PER"], "tail_types": ["LOC"], "functional": True},
    {"id": "P26", "names": {"en": "spouse", "de": "Ehepartner"}, "head_types": ["PER"], "symmetric": True},
    {"id": "P36", "inverse": "P1376"},
    {"id": "P1376", "inverse": "P36"},
    {"id": "P69"},
]
FACTS = [
    ("curie", "P19", "warsaw"),
    ("curie", "P26", "pierre"),
    ("pierre", "P26", "curie"),
    ("poland", "P36", "warsaw"),
    ("curie", "P69", "sorbonne"),
]

Build = Callable[..., BuildReport]


def write_jsonl(path: Path, rows: Sequence[Any]) -> Path:
    """Write rows as JSON lines; a row that is a string is written as it is."""
    lines = [row if isinstance(row, str) else json.dumps(row, ensure_ascii=False) for row in rows]
    path.write_text("".join(line + "\n" for line in lines), encoding="utf8")
    return path


def write_tsv(path: Path, rows: Sequence[Sequence[str]]) -> Path:
    path.write_text("".join("\t".join(row) + "\n" for row in rows), encoding="utf8")
    return path


@pytest.fixture
def build(tmp_path: Path) -> Build:
    """Build a knowledge base in tmp_path / "kb" from rows, by default from those above."""

    def run(
        entities: Sequence[Any] = ENTITIES, facts: Any = FACTS, properties: Sequence[Any] = PROPERTIES, **settings: Any
    ) -> BuildReport:
        return build_kb(
            write_jsonl(tmp_path / "entities.jsonl", entities),
            write_tsv(tmp_path / "facts.tsv", [("subject", "property", "object"), *facts]),
            write_jsonl(tmp_path / "properties.jsonl", properties),
            tmp_path / "kb",
            **settings,
        )

    return run


@pytest.fixture
def kb(build: Build) -> KnowledgeBase:
    return KnowledgeBase.open(build().path)
