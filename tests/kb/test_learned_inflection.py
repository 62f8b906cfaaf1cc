from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spacy_xlre.errors import XlreError
from spacy_xlre.kb.learned_inflection import (
    MAX_ENDING,
    MIN_STEM,
    SAME,
    Inflections,
    learn_inflections,
    pattern_of,
    read_inflections,
)


@pytest.mark.parametrize(
    ("name", "form", "pattern"),
    [
        ("Россия", "России", (("ия", "ии"),)),
        ("Лондон", "Лондона", (("н", "на"),)),
        ("Алан Бин", "Алана Бина", (("н", "на"), ("н", "на"))),
        ("Нью-Йорк Таймс", "Нью-Йорка Таймс", (("к", "ка"), (SAME, SAME))),
        ("Praha", "Prahou", (("ha", "hou"),)),
    ],
)
def test_a_pattern_has_the_endings_of_each_word(name, form, pattern):
    assert pattern_of(name, form) == pattern
    assert form in Inflections({"x": {pattern: 1}}).forms(name, "x")


@pytest.mark.parametrize(
    ("name", "form"),
    [("Рим", "Рим"), ("Бин", "Алан Бин"), ("Рим", "Париж"), ("Ада", "Аду"), ("Warszawa", "Warschauer")],
)
def test_other_names_and_short_stems_are_no_pattern(name, form):
    assert pattern_of(name, form) is None


def test_a_pattern_is_learned_from_different_names():
    forms = {
        ("q1", "Лондон"): {"Лондона", "Лондону"},
        ("q2", "Берлин"): {"Берлина"},
        ("q3", "Пекин"): {"Пекина"},
        ("q4", "Пекин"): {"Пекину"},
    }
    assert learn_inflections(forms, min_names=3) == {(("н", "на"),): 3}


def test_forms_are_made_of_names_with_the_same_endings_only():
    inflections = Inflections({"ru": {(("ия", "ии"),): 4, (("н", "на"), (SAME, SAME)): 3}})
    assert list(inflections.forms("Франция", "ru")) == ["Франции"]
    assert list(inflections.forms("Лондон", "ru")) == []
    assert list(inflections.forms("Лондон Таймс", "ru")) == ["Лондона Таймс"]
    assert list(inflections.forms("Франция", "de")) == []
    assert list(inflections.forms("Ия", "ru")) == []


WORDS = st.text("абвгдеия", min_size=1, max_size=8)
NAMES = st.lists(WORDS, min_size=1, max_size=3).map(" ".join)


@given(NAMES, NAMES)
def test_a_pattern_makes_its_form_again(name, form):
    pattern = pattern_of(name, form)
    if pattern is not None:
        assert list(Inflections({"x": {pattern: 1}}).forms(name, "x")) == [form]
        for ending, replacement in pattern:
            assert 0 < max(len(ending), len(replacement)) <= MAX_ENDING
        assert all(len(word) >= MIN_STEM or change[0] == SAME for word, change in zip(name.split(), pattern))


def test_a_table_is_read_as_it_was_written(tmp_path: Path):
    patterns = {"ru": {(("н", "на"), (SAME, SAME)): 4, (("ия", "ии"),): 9}, "cs": {(("ha", "hou"),): 3}}
    path = tmp_path / "inflections.tsv"
    Inflections(patterns).write(path)
    assert read_inflections(path).patterns == patterns
    assert path.read_text(encoding="utf-8").splitlines()[2] == "ru\tия\tии\t9"


@pytest.mark.parametrize(
    ("lines", "problem"),
    [
        (["lang\tending\tcount"], "line 1"),
        (["lang\tendings\treplacements\tnames", "ru\tн\tна"], "line 2"),
        (["lang\tendings\treplacements\tnames", "ru\tн н\tна\t3"], "line 2"),
        (["lang\tendings\treplacements\tnames", "ru\tн \tна а\t3"], "line 2"),
        (["lang\tendings\treplacements\tnames", "ru\tн\tна\tmany"], "line 2"),
    ],
)
def test_a_table_that_is_none_is_refused(tmp_path: Path, lines, problem):
    path = tmp_path / "inflections.tsv"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    with pytest.raises(XlreError, match=problem):
        read_inflections(path)
