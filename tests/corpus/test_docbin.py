import pytest

from spacy_xlre.corpus.docbin import read_docs, write_docs
from spacy_xlre.errors import XlreError
from spacy_xlre.tokens import Relation, get_language, get_relations, set_language, set_relations


@pytest.fixture
def doc(multilingual):
    doc = multilingual("Ada visited London.")
    doc.set_ents([doc.char_span(0, 3, label="PER", kb_id="Q1")])
    doc[0].is_sent_start = True
    set_relations(doc, [Relation(doc[0:1], "P19", doc[2:3], weight=0.5, source="gold", bag="Q1|Q2")])
    set_language(doc, "en")
    return doc


def test_docs_come_back_as_they_were_written(tmp_path, doc, multilingual):
    assert write_docs(tmp_path / "a.spacy", [doc]) == 1
    (back,) = read_docs(tmp_path / "a.spacy", multilingual.vocab)
    assert back.text == doc.text
    assert [(e.text, e.label_, e.kb_id_) for e in back.ents] == [("Ada", "PER", "Q1")]
    assert [(r.head.text, r.label, r.tail.text, r.weight) for r in get_relations(back)] == [
        ("Ada", "P19", "London", 0.5)
    ]
    assert get_language(back) == "en"


def test_a_folder_is_read_in_the_order_of_its_names(tmp_path, doc, multilingual):
    write_docs(tmp_path / "2.spacy", [doc])
    write_docs(tmp_path / "1.spacy", [multilingual("first")])
    assert [d.text for d in read_docs(tmp_path, multilingual.vocab)] == ["first", doc.text]


def test_what_is_not_a_docbin_is_an_error(tmp_path, multilingual):
    (tmp_path / "a.spacy").write_bytes(b"no")
    with pytest.raises(XlreError, match="not a readable"):
        list(read_docs(tmp_path / "a.spacy", multilingual.vocab))
    with pytest.raises(XlreError, match="no such file"):
        list(read_docs(tmp_path / "b.spacy", multilingual.vocab))


def test_a_failed_write_leaves_the_old_file(tmp_path, doc, multilingual):
    write_docs(tmp_path / "a.spacy", [doc])

    def failing():
        yield doc
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_docs(tmp_path / "a.spacy", failing())
    assert [d.text for d in read_docs(tmp_path / "a.spacy", multilingual.vocab)] == [doc.text]
    assert [path.name for path in tmp_path.iterdir()] == ["a.spacy"]
