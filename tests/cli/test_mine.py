import pytest
from typer.testing import CliRunner

from spacy_xlre.cli.plugin import app
from spacy_xlre.corpus.docbin import read_docs
from spacy_xlre.ml.align.encoder import AlignmentEncoder
from spacy_xlre.tokens import get_alignment, get_bitext_id, get_segments

ENGLISH = ["In the first year", "of the house", "", "was born in Paris", "one and one"]
GERMAN = ["IN THE FIRST YEAR!", "der Mann, die Frau", "WAS BORN IN PARIS!"]


@pytest.fixture
def run(tiny_encoder_folder):
    def invoke(*words):
        config = ["--config", tiny_encoder_folder.parent / "mine.cfg"]
        config[1].write_text(f'[aligner]\nencoder = "{tiny_encoder_folder.as_posix()}"\nlayer = 1\nprefix = ""\n')
        result = CliRunner().invoke(app, ["mine", *(str(word) for word in [*words, *config])])
        return result.exit_code, " ".join(result.output.split())

    return invoke


@pytest.fixture
def files(tmp_path):
    write(tmp_path / "a.en", ENGLISH)
    write(tmp_path / "b.de", GERMAN)
    return tmp_path / "a.en", tmp_path / "b.de"


def write(path, lines):
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")


def read_table(path):
    return [line.split("\t") for line in path.read_text(encoding="utf-8").splitlines()]


def test_pairs_are_written_as_a_table_and_as_bitexts(tmp_path, run, files, multilingual):
    table, docs = tmp_path / "pairs.tsv", tmp_path / "pairs.spacy"
    code, output = run(*files, "-o", table, "-o", docs, "--min-margin", -1)
    assert code == 0, output
    header, *rows = read_table(table)
    assert header == ["prob", "margin", "source", "target", "source_line", "target_line"]
    assert "3 pairs" in output
    for prob, margin, source, target, source_line, target_line in rows:
        assert 0 <= float(prob) <= 1
        assert -1 <= float(margin) <= 1
        assert (ENGLISH[int(source_line) - 1], GERMAN[int(target_line) - 1]) == (source, target)
    bitexts = list(read_docs(docs, multilingual.vocab))
    assert [[span.text for span in get_segments(doc).values()] for doc in bitexts] == [row[2:4] for row in rows]
    assert [list(get_segments(doc)) for doc in bitexts] == [["en", "de"]] * 3
    assert get_bitext_id(bitexts[0]) == f"a.en:{rows[0][4]}.1|b.de:{rows[0][5]}.1"
    (bead,) = get_alignment(bitexts[0]).pairs[0].beads
    assert bead.prob == pytest.approx(float(rows[0][0]), abs=1e-4)
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "a.en",
        "b.de",
        "pairs.rejects.tsv",
        "pairs.spacy",
        "pairs.tsv",
    ]


def test_every_other_line_is_among_the_rejects(tmp_path, run, files):
    run(*files, "-o", tmp_path / "pairs.tsv", "--min-margin", -1, "--rejects", tmp_path / "left.tsv")
    paired = {(row[4], "a.en") for row in read_table(tmp_path / "pairs.tsv")[1:]}
    left = {(row[1], row[0].rpartition("/")[2]) for row in read_table(tmp_path / "left.tsv")[1:]}
    assert {line for line, _ in paired | left} == {"1", "2", "3", "4", "5"}
    assert ("3", "a.en") in left
    assert not paired & left


def test_texts_can_be_cut_into_sentences(tmp_path, run):
    write(tmp_path / "a.en", ["In the first year. He was born in Paris.\tShe\twas not."])
    write(tmp_path / "b.de", ["Im ersten Jahr. Er war in Paris.", "Sie nicht."])
    code, _ = run(tmp_path / "a.en", tmp_path / "b.de", "--split", "-o", tmp_path / "pairs.tsv", "--min-margin", -1)
    assert code == 0
    rows = read_table(tmp_path / "pairs.tsv")[1:]
    assert {row[2] for row in rows} <= {"In the first year.", "He was born in Paris.", "She was not."}
    assert len(rows) == 3


def test_languages_are_those_asked_for(tmp_path, run, multilingual):
    write(tmp_path / "one.txt", ENGLISH)
    write(tmp_path / "two.txt", GERMAN)
    out = tmp_path / "pairs.spacy"
    code, _ = run(tmp_path / "one.txt", tmp_path / "two.txt", "-o", out, "-l", "en,pt-BR", "--min-margin", -1)
    assert code == 0
    assert list(get_segments(next(read_docs(out, multilingual.vocab)))) == ["en", "pt-BR"]


def test_an_interrupted_run_goes_on_where_it_stopped(tmp_path, run, files, monkeypatch):
    whole = AlignmentEncoder.encode_sentences
    calls = []

    def interrupted(self, texts):
        calls.append(list(texts))
        if len(calls) == 3:
            raise KeyboardInterrupt
        return whole(self, texts)

    monkeypatch.setattr(AlignmentEncoder, "encode_sentences", interrupted)
    words = [*files, "-o", tmp_path / "pairs.tsv", "--shard", 2]
    code, output = run(*words)
    assert code == 1
    assert "interrupted" in output
    assert not (tmp_path / "pairs.tsv").exists()
    assert run(*words)[0] == 0
    assert calls == [ENGLISH[:2], ENGLISH[3:], GERMAN[:2], GERMAN[:2], GERMAN[2:]]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("-o", "pairs.txt"), "[X510] pairs.txt"),
        (("-o", "pairs.tsv", "-l", "en"), "[X509]"),
        (("-o", "pairs.tsv", "-l", "en,en"), "[X509]"),
        (("-o", "pairs.tsv", "-l", "en,nothing-at-all"), "[X010]"),
    ],
)
def test_a_wrong_option_ends_with_one_line(run, files, words, message):
    code, output = run(*files, *words)
    assert code == 1
    assert message in output


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "[X002]"),
        (b"", "[X511]"),
        (b"\n \n", "[X511]"),
        (b"good\n\xff\xfe bad\n", "line 2"),
        ("\n".join(ENGLISH).encode(), "[X512]"),
    ],
)
def test_a_wrong_file_ends_with_one_line_and_leaves_nothing(tmp_path, run, files, content, message):
    if content is None:
        files[1].unlink()
    else:
        files[1].write_bytes(content)
    code, output = run(*files, "-o", tmp_path / "pairs.tsv")
    assert code == 1
    assert message in output
    assert not (tmp_path / "pairs.tsv").exists()


def test_files_of_one_sentence_each_have_no_pair(tmp_path, run):
    write(tmp_path / "a.en", ["In the first year"])
    write(tmp_path / "b.de", ["der Mann"])
    code, output = run(tmp_path / "a.en", tmp_path / "b.de", "-o", tmp_path / "pairs.tsv")
    assert code == 0
    assert "0 pairs, 2 sentences" in output
    assert len(read_table(tmp_path / "pairs.tsv")) == 1
