import pytest
from typer.testing import CliRunner

from spacy_xlre.cli.align import align
from spacy_xlre.cli.plugin import app
from spacy_xlre.corpus.docbin import read_docs, write_docs
from spacy_xlre.tokens import get_alignment, get_bitext_id, make_bitext, set_bitext_id


@pytest.fixture
def run():
    def invoke(*words):
        return CliRunner().invoke(app, [str(word) for word in words])

    return invoke


@pytest.fixture
def bitexts(tmp_path, multilingual):
    docs = []
    for number in range(5):
        doc = make_bitext(multilingual, {"en": f"The cat {number}. It was.", "de": f"Die Katze {number}. Sie war."})
        set_bitext_id(doc, f"doc-{number}")
        docs.append(doc)
    write_docs(tmp_path / "in.spacy", docs)
    return tmp_path / "in.spacy"


@pytest.fixture
def config(tmp_path, tiny_encoder_folder):
    path = tmp_path / "aligner.cfg"
    path.write_text(f'[aligner]\nencoder = "{tiny_encoder_folder.as_posix()}"\nlayer = 1\nmerge_cost = 1.0\n')
    return path


def test_bitexts_are_aligned_and_keep_their_ids(tmp_path, run, bitexts, config, multilingual):
    result = run("align", bitexts, tmp_path / "out.spacy", "--config", config, "--shard", 2)
    assert result.exit_code == 0, result.output
    assert "5 bitexts, 10 beads" in " ".join(result.output.split())
    docs = list(read_docs(tmp_path / "out.spacy", multilingual.vocab))
    assert [get_bitext_id(doc) for doc in docs] == [f"doc-{number}" for number in range(5)]
    assert all(len(get_alignment(doc).pairs[0].beads) == 2 for doc in docs)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["aligner.cfg", "in.spacy", "out.spacy"]


def test_options_go_before_the_config(tmp_path, run, bitexts, config, multilingual):
    result = run("align", bitexts, tmp_path / "out.spacy", "-c", config, "--encoder", tmp_path / "nowhere")
    assert result.exit_code == 1
    assert "nowhere" in result.output


def test_docs_that_are_no_bitexts_are_copied(tmp_path, run, bitexts, config, multilingual):
    docs = [multilingual("Just text."), *read_docs(bitexts, multilingual.vocab)]
    write_docs(bitexts, docs)
    assert run("align", bitexts, tmp_path / "out.spacy", "--config", config).exit_code == 0
    assert next(read_docs(tmp_path / "out.spacy", multilingual.vocab)).text == "Just text."


def test_an_interruption_leaves_nothing_half_written_and_the_next_run_goes_on(
    tmp_path, run, bitexts, config, multilingual, monkeypatch
):
    from spacy_xlre.pipeline import aligner

    whole = aligner.align_bitexts
    calls = []

    def interrupted(docs, encoder, how):
        calls.append([doc.text for doc in docs])
        if len(calls) == 3:
            raise KeyboardInterrupt
        whole(docs, encoder, how)

    monkeypatch.setattr(aligner, "align_bitexts", interrupted)
    stopped = run("align", bitexts, tmp_path / "out.spacy", "--config", config, "--shard", 1)
    assert stopped.exit_code == 1
    assert "interrupted" in stopped.output
    assert not (tmp_path / "out.spacy").exists()
    assert run("align", bitexts, tmp_path / "out.spacy", "--config", config, "--shard", 1).exit_code == 0
    assert len(calls) == 2 + 1 + 3
    assert calls[3] == calls[2]
    assert len(list(read_docs(tmp_path / "out.spacy", multilingual.vocab))) == 5


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("[aligner]\nlayers = 7\n", "there is no setting layers). "),
        ("[aligner]\nlayers = 7\n", "its settings are those of the factory xlre_aligner: encoder, "),
        ("[training]\nseed = 1\n", "it has no section [aligner]"),
        ("not a config", "aligner.cfg"),
        ('[aligner]\nlayer = "seven"\n', "layer"),
        ('[aligner]\nmethod = "telepathy"\n', "telepathy"),
    ],
)
def test_a_wrong_config_ends_with_one_line(tmp_path, run, bitexts, config, content, message):
    config.write_text(content)
    result = run("align", bitexts, tmp_path / "out.spacy", "--config", config)
    assert result.exit_code == 1
    assert message in result.output
    assert len(result.output.strip().splitlines()) == 1


@pytest.mark.parametrize("content", [None, b"", b"no docbin"])
def test_a_wrong_input_ends_with_one_line(tmp_path, run, config, content):
    if content is not None:
        (tmp_path / "in.spacy").write_bytes(content)
    result = run("align", tmp_path / "in.spacy", tmp_path / "out.spacy", "--config", config)
    assert result.exit_code == 1
    assert "in.spacy" in result.output
    assert len(result.output.strip().splitlines()) == 1


def test_a_file_without_bitexts_ends_with_one_line(tmp_path, run, config, multilingual):
    write_docs(tmp_path / "in.spacy", [multilingual("No bitext.")])
    result = run("align", tmp_path / "in.spacy", tmp_path / "out.spacy", "--config", config)
    assert result.exit_code == 1
    assert "holds no bitexts" in result.output


def test_the_plain_function_counts(tmp_path, bitexts, tiny_encoder_folder):
    settings = {"encoder": str(tiny_encoder_folder), "layer": 1, "merge_cost": 1.0}
    count, beads, links = align(bitexts, tmp_path / "out.spacy", settings)
    assert (count, beads) == (5, 10)
    assert links > 0


def test_a_pivot_that_is_no_language_and_an_output_that_is_a_folder_end_before_the_work(tmp_path, run, bitexts, config):
    result = run("align", bitexts, tmp_path / "out.spacy", "--config", config, "--pairs", "??")
    assert (result.exit_code, "X010" in result.output) == (1, True)
    result = run("align", bitexts, tmp_path, "--config", config)
    assert (result.exit_code, "X520" in result.output) == (1, True)
