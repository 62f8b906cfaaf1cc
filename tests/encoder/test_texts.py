import pytest

from spacy_xlre.encoder.texts import read_texts
from spacy_xlre.errors import XlreError


def texts_of(tmp_path, name, content):
    (tmp_path / name).write_text(content, encoding="utf-8")
    return list(read_texts([tmp_path / name]))


def test_plain_text_is_read_line_by_line(tmp_path):
    assert texts_of(tmp_path, "a.txt", "one\n\n二\r\n") == ["one", "二"]


@pytest.mark.parametrize(
    ("line", "texts"),
    [
        ('{"text": "one", "id": "x"}', ["one"]),
        ('{"texts": {"en": "one", "de": "eins"}}', ["one", "eins"]),
        ('{"sentences": {"en": ["[[Lu Xun|lu-xun]] was born.", "b"]}}', ["Lu Xun was born.", "b"]),
        ('{"names": {"en": ["Lu Xun"], "zh": []}}', ["Lu Xun"]),
    ],
)
def test_records_give_their_texts_without_marks(tmp_path, line, texts):
    assert texts_of(tmp_path, "a.jsonl", line + "\n") == texts


@pytest.mark.parametrize("line", ['{"text": "cut', '["a list"]', '{"id": "no text"}'])
def test_a_record_that_cannot_be_read_is_named_by_line(tmp_path, line):
    with pytest.raises(XlreError, match=r"\[X214\].*a\.jsonl, line 2: "):
        texts_of(tmp_path, "a.jsonl", '{"text": "one"}\n' + line)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(XlreError, match=r"\[X002\].*nowhere\.txt"):
        list(read_texts([tmp_path / "nowhere.txt"]))


def test_broken_utf8_is_named_by_line(tmp_path):
    (tmp_path / "a.txt").write_bytes(b"one\ntw\xff\n")
    with pytest.raises(XlreError, match=r"\[X001\].*a\.txt, line 2: not valid UTF-8"):
        list(read_texts([tmp_path / "a.txt"]))
