"""Word alignments in the Pharaoh format: lines, files, and what is wrong with them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spacy_xlre.corpus.pharaoh import read_bitexts, read_links, write_bitext, write_links
from spacy_xlre.errors import XlreError
from spacy_xlre.tokens import Link, get_alignment, get_segments, make_bitext


def test_sure_possible_and_probable_links():
    assert read_links("0-0 2p1 3-4:0.25") == [Link(0, 0, 1.0), Link(2, 1, 0.5), Link(3, 4, 0.25)]
    assert read_links("") == []


def test_words_may_count_from_one():
    assert read_links("1-1 2-3", first=1) == [Link(0, 0), Link(1, 2)]
    with pytest.raises(ValueError, match="counts words from 0"):
        read_links("0-1", first=1)


@pytest.mark.parametrize("line", ["0", "0-", "a-b", "0-0,1-1", "-1-0", "0-0:2", "0-0:x", "0 - 0"])
def test_what_is_no_link_is_named(line):
    with pytest.raises(ValueError, match="'"):
        read_links(line)


LINKS = st.lists(
    st.builds(Link, st.integers(0, 50), st.integers(0, 50), st.integers(0, 10_000).map(lambda p: p / 10_000))
)


@given(links=LINKS)
def test_what_is_written_is_read_again(links):
    assert read_links(write_links(links, probabilities=True)) == links
    assert [(li.source, li.target) for li in read_links(write_links(links))] == [(li.source, li.target) for li in links]


def files(tmp_path, text, links):
    (tmp_path / "text").write_text(text, encoding="utf-8")
    (tmp_path / "links").write_text(links, encoding="utf-8")
    return tmp_path / "text", tmp_path / "links"


def test_files_become_aligned_bitexts_and_go_back(tmp_path, multilingual):
    paths = files(tmp_path, "the cat ||| die Katze\nParis ||| in Paris\n", "0-0 1-1\n0-1\n")
    first, second = read_bitexts(*paths, ("en", "de"), multilingual.vocab)
    assert [span.text.split() for span in get_segments(first).values()] == [["the", "cat"], ["die", "Katze"]]
    assert get_alignment(first).pairs[0].links == [Link(0, 0), Link(1, 1)]
    assert len(list(get_segments(first)["de"].sents)) == 1
    assert list(write_bitext(second, "en", "de")) == [("Paris ||| in Paris", [Link(0, 1)])]
    assert list(write_bitext(second, "de", "en")) == [("in Paris ||| Paris", [Link(1, 0)])]


@pytest.mark.parametrize(
    ("text", "links", "message"),
    [
        ("a ||| b\n", "", r"X506.*1 lines.*0"),
        ("a b\n", "0-0\n", r"X507.*text, line 1"),
        ("a ||| \n", "0-0\n", r"X507.*text, line 1"),
        ("a ||| b\n", "0-1\n", r"X508.*links, line 1.*no link 0-1: the text has 1 and 1 words"),
        ("a ||| b\nc ||| d\n", "0-0\n0:0\n", r"X508.*links, line 2.*'0:0' is not a link"),
    ],
)
def test_broken_files_are_errors_with_file_and_line(tmp_path, multilingual, text, links, message):
    with pytest.raises(XlreError, match=message):
        list(read_bitexts(*files(tmp_path, text, links), ("en", "de"), multilingual.vocab))


def test_a_bitext_without_alignment_cannot_be_written(multilingual):
    with pytest.raises(XlreError, match="X407"):
        list(write_bitext(make_bitext(multilingual, {"en": "a", "de": "b"}), "en", "de"))
