import pytest
from typer.testing import CliRunner

import spacy_xlre.encoder
from spacy_xlre.cli.plugin import app
from spacy_xlre.encoder import read_encoder


def run(*arguments):
    result = CliRunner().invoke(app, ["encoder", *map(str, arguments)])
    return result.exit_code, " ".join(result.output.split())


@pytest.fixture
def dest(tmp_path):
    return tmp_path / "work" / "encoder"


def pieces(folder):
    return {piece for piece, _ in read_encoder(folder).tokenizer["model"]["vocab"]}


def test_an_encoder_is_trimmed_to_languages_and_a_corpus(tiny_encoder_folder, tmp_path, dest):
    corpus = tmp_path / "corpus.txt"
    corpus.write_text("北京\n", encoding="utf-8")
    code, output = run(dest, "--source", tiny_encoder_folder, "-l", "en, de", "--corpus", corpus, "--words", 200)
    assert code == 0
    assert f"{len(pieces(dest))} pieces of {len(pieces(tiny_encoder_folder))}" in output
    assert {"▁the", "▁der", "北京", "ß", "<mask>"} <= pieces(dest)
    assert pieces(dest).isdisjoint({"и", "中国", "国"})


def test_without_languages_the_vocabulary_stays(tiny_encoder_folder, dest):
    code, output = run(dest, "--source", tiny_encoder_folder)
    assert code == 0
    assert "whole vocabulary" in output
    assert pieces(dest) == pieces(tiny_encoder_folder)


def test_languages_without_word_lists_are_named(tiny_encoder_folder, dest):
    code, output = run(dest, "--source", tiny_encoder_folder, "--languages", "sw")
    assert code == 0
    assert "No word lists for sw" in output


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--languages", "en,qq"], "[X010] 'qq' is not a language code"),
        (["--languages", "en", "--corpus", "nowhere.jsonl"], "[X002] nowhere.jsonl"),
        (["--languages", "en", "--words", "-1"], "[X215] --words -1"),
        (["--languages", "en", "--once-in", "0"], "[X215] --once-in 0"),
        (["--weights", "nowhere.bin"], "[X002] nowhere.bin"),
        (["--source", "."], "[X205] .: not an encoder folder"),
    ],
)
def test_bad_input_is_one_message_and_leaves_nothing(arguments, message, dest, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    code, output = run(dest, *arguments)
    assert code == 1
    assert message in output
    assert "Traceback" not in output
    assert not dest.exists()


def test_weights_of_another_format_are_refused(dest, tmp_path):
    (tmp_path / "weights.bin").write_bytes(b"GGUF" + bytes(100))
    code, output = run(dest, "--weights", tmp_path / "weights.bin")
    assert code == 1
    assert "[X201]" in output


def test_an_interrupt_leaves_the_old_encoder(tiny_encoder_folder, dest, monkeypatch):
    run(dest, "--source", tiny_encoder_folder)

    def interrupted(files, **settings):
        raise KeyboardInterrupt

    monkeypatch.setattr(spacy_xlre.encoder, "trim_files", interrupted)
    code, output = run(dest, "--source", tiny_encoder_folder, "--languages", "en")
    assert code == 1
    assert "[X700]" in output
    assert pieces(dest) == pieces(tiny_encoder_folder)
    assert [path.name for path in dest.parent.iterdir()] == ["encoder"]
