import pytest
from hypothesis import given
from hypothesis import strategies as st
from spacy.tokens import Doc
from spacy.vocab import Vocab

from spacy_xlre.errors import XlreError
from spacy_xlre.labeling.pairs import words_key
from spacy_xlre.labeling.vote_files import read_votes, write_votes
from spacy_xlre.tokens import set_language


def make_doc(lang: str, bitext: str) -> Doc:
    doc = Doc(Vocab(), words=["a", "b"])
    set_language(doc, lang, bitext=bitext)
    return doc


KEYS = st.tuples(*[st.integers(0, 99)] * 4)
SCORES = st.dictionaries(st.text(min_size=1, max_size=3), st.floats(0.01, 1), max_size=3)


@given(st.dictionaries(KEYS, SCORES, min_size=1, max_size=4))
def test_votes_are_read_as_they_were_written(tmp_path_factory, votes):
    path = tmp_path_factory.mktemp("votes") / "votes.jsonl"
    doc = make_doc("zh", "b1")
    write_votes(path, [doc, make_doc("en", "b1")], [votes, {}])
    read = read_votes(path)
    assert set(read) == {words_key(doc)}
    assert set(read[words_key(doc)]) == set(votes)
    for key, scores in votes.items():
        assert read[words_key(doc)][key] == pytest.approx(scores, abs=1e-4)


@pytest.mark.parametrize(
    "line",
    [
        "no json",
        '{"doc": "d", "head": [0, 1], "tail": [2, 3]}',
        '{"doc": "d", "head": [0], "tail": [2, 3], "scores": {}}',
        '{"doc": "d", "head": [0, 1], "tail": [2, 3], "scores": {"P": "much"}}',
        '{"head": [0, 1], "tail": [2, 3], "scores": {"P": 1}}',
        "[]",
    ],
)
def test_a_line_that_is_no_vote_is_named(tmp_path, line):
    good = '{"doc": "d", "head": [0, 1], "tail": [2, 3], "scores": {"P": 1}}'
    (tmp_path / "votes.jsonl").write_text(f"{good}\n{line}\n", encoding="utf-8")
    with pytest.raises(XlreError, match=r"\[X605\] .*votes.jsonl, line 2"):
        read_votes(tmp_path / "votes.jsonl")


def test_docs_without_ids_are_told_apart_by_their_words(tmp_path):
    docs = [Doc(Vocab(), words=[word]) for word in ("a", "b")]
    write_votes(tmp_path / "votes.jsonl", docs, [{(0, 1, 0, 1): {"P": value}} for value in (0.25, 0.75)])
    read = read_votes(tmp_path / "votes.jsonl")
    assert [read[words_key(doc)][0, 1, 0, 1]["P"] for doc in docs] == [0.25, 0.75]
