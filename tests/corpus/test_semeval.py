"""Sentences with two marked entities: SemEval 2010 task 8, KBP37, RELX."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spacy_xlre.corpus.semeval import parse_entities, read_semeval
from spacy_xlre.errors import XlreError
from spacy_xlre.files import Rejects
from spacy_xlre.tokens import get_bitext_id, get_language, get_relations

RECORDS = (
    '7\t" <e1> Ada </e1> was born in <e2> London </e2> . "\nper:city_of_birth(e1,e2)\n\n\n'
    '8\t"The <e1>shop</e1> of <e2>Bob</e2>."\norg:founded_by(e2,e1)\nComment: unsure\n\n'
    '9\t"<e1> Ada </e1> met <e2> Bob </e2>."\nno_relation\n'
)


def read(tmp_path, nlp, text):
    path = tmp_path / "train.txt"
    path.write_text(text, encoding="utf-8")
    rejects = Rejects(None)
    return list(read_semeval(path, nlp, "en", rejects)), rejects.rows


def test_the_ending_of_a_label_says_which_entity_is_the_head(tmp_path, multilingual):
    docs, rejected = read(tmp_path, multilingual, RECORDS)
    assert [doc.text for doc in docs] == ["Ada was born in London .", "The shop of Bob.", "Ada met Bob."]
    assert [[(r.head.text, r.label, r.tail.text) for r in get_relations(doc)] for doc in docs] == [
        [("Ada", "per:city_of_birth", "London")],
        [("Bob", "org:founded_by", "shop")],
        [],
    ]
    assert [[ent.text for ent in doc.ents] for doc in docs] == [["Ada", "London"], ["shop", "Bob"], ["Ada", "Bob"]]
    assert [(get_bitext_id(doc), get_language(doc)) for doc in docs] == [("7", "en"), ("8", "en"), ("9", "en")]
    assert rejected == []


@pytest.mark.parametrize(
    ("sentence", "reason"),
    [
        ("<e1> </e1> was born in <e2> London </e2>", "with text between"),
        ("<e1> Ada </e1> was born", "with text between"),
        ("<e1> Ada <e2> Bob </e2> </e1>", "overlap"),
    ],
)
def test_sentences_without_two_entities_are_rejected_with_line_reason_and_label(
    tmp_path, multilingual, sentence, reason
):
    docs, rejected = read(tmp_path, multilingual, f'{RECORDS}\n10\t"{sentence}"\nper:spouse(e1,e2)\n')
    assert len(docs) == 3
    ((_, line, why, label),) = rejected
    assert (line, label) == ("12", "per:spouse(e1,e2)")
    assert reason in why


@pytest.mark.parametrize("text", ["7\tone line\n", "no number\nlabel\n", "1\ta\nb\nc\n"])
def test_other_formats_are_named_with_their_line(tmp_path, multilingual, text):
    with pytest.raises(XlreError, match=r"X515.*line 1: not a numbered sentence and its label"):
        read(tmp_path, multilingual, text)


WORDS = st.lists(st.text("abcé中", min_size=1, max_size=4), max_size=4).map(" ".join)
NAMES = st.lists(st.text("ABé中", min_size=1, max_size=4), min_size=1, max_size=3).map(" ".join)


@given(WORDS, NAMES, WORDS, NAMES, WORDS, st.booleans())
def test_marks_leave_the_text_and_its_entities_as_they_were(before, first, between, second, after, spaced):
    inner = " " if spaced else ""
    parts = [before, f"<e1>{inner}{first}{inner}</e1>", between, f"<e2>{inner}{second}{inner}</e2>", after]
    text, ranges = parse_entities(" ".join(part for part in parts if part))
    assert text.strip() == " ".join(part for part in (before, first, between, second, after) if part)
    assert {name: text[slice(*chars)] for name, chars in ranges.items()} == {"1": first, "2": second}
