"""Work in parts: an interrupted run goes on, a changed one begins anew, and nothing half-written is left."""

from typing import List

import pytest
import spacy
from spacy.tokens import Doc

from spacy_xlre.corpus.docbin import read_docs
from spacy_xlre.corpus.parts import Parts, fingerprint

NLP = spacy.blank("xx")
TEXTS = ["one", "two", "three", "four", "five"]


class Work:
    """Counts what it did, and is interrupted before its nth part."""

    def __init__(self, stop_before: int = 99) -> None:
        self.done: List[str] = []
        self.left = stop_before

    def __call__(self, docs: List[Doc]) -> List[Doc]:
        self.left -= 1
        if self.left < 0:
            raise KeyboardInterrupt
        self.done.extend(doc.text for doc in docs)
        return [NLP(doc.text.upper()) for doc in docs]


def run(folder, work: Work, made_from: str = "a", size: int = 2) -> List[str]:
    parts = Parts(folder / "out.spacy", made_from, size=size)
    return [doc.text for done in parts.run([NLP(text) for text in TEXTS], work, NLP.vocab) for doc in done]


def test_the_output_has_every_doc_in_order(tmp_path):
    assert run(tmp_path, Work()) == ["ONE", "TWO", "THREE", "FOUR", "FIVE"]
    assert [doc.text for doc in read_docs(tmp_path / "out.spacy", NLP.vocab)] == ["ONE", "TWO", "THREE", "FOUR", "FIVE"]
    assert [path.name for path in tmp_path.iterdir()] == ["out.spacy"]


def test_an_interrupted_run_leaves_no_output_and_goes_on_where_it_stopped(tmp_path):
    with pytest.raises(KeyboardInterrupt):
        run(tmp_path, Work(stop_before=2))
    assert not (tmp_path / "out.spacy").exists()
    again = Work()
    assert run(tmp_path, again) == ["ONE", "TWO", "THREE", "FOUR", "FIVE"]
    assert again.done == ["five"]


@pytest.mark.parametrize("changed", [{"made_from": "b"}, {"size": 3}])
def test_parts_of_other_input_or_settings_are_thrown_away(tmp_path, changed):
    with pytest.raises(KeyboardInterrupt):
        run(tmp_path, Work(stop_before=2))
    again = Work()
    run(tmp_path, again, **changed)
    assert again.done == TEXTS


def test_an_interrupted_run_leaves_an_earlier_output_alone(tmp_path):
    run(tmp_path, Work())
    before = (tmp_path / "out.spacy").read_bytes()
    with pytest.raises(KeyboardInterrupt):
        run(tmp_path, Work(stop_before=1), made_from="b")
    assert (tmp_path / "out.spacy").read_bytes() == before


def test_a_fingerprint_knows_settings_and_the_contents_of_files_and_folders(tmp_path):
    (tmp_path / "a").write_text("x")
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "b").write_text("y")
    made_from = [{"layer": 7}, tmp_path / "a", tmp_path / "folder"]
    before = fingerprint(*made_from)
    assert fingerprint(*made_from) == before
    assert fingerprint({"layer": 8}, *made_from[1:]) != before
    (tmp_path / "folder" / "b").write_text("z")
    assert fingerprint(*made_from) != before
