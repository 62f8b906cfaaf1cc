"""A writer of small weights files in the embedded encoder's format, to test the reader with."""

import struct
from typing import Dict, List, Tuple

import numpy as np

from spacy_xlre.encoder.weights import BLOCK, Sizes

SIZES = Sizes(hidden=32, layers=1, heads=2, ffn=64, vocabulary=9, positions=16, types=2)
PIECES = [("<s>", 0.0), ("<pad>", 0.0), ("</s>", 0.0), ("<unk>", 0.0), ("▁a", -1.0), ("é", -2.0), ("京", -3.0)]
PIECES += [("<mask>", 0.0)]
REPLACEMENTS = {"\t": " ", "\x07": "", "ﬁ": "fi"}


def random_blocks(rng: np.random.Generator, n_weights: int) -> np.ndarray:
    blocks = np.empty(n_weights // 32, dtype=BLOCK)
    blocks["scale"] = rng.uniform(0.01, 0.1, blocks.size)
    blocks["nibbles"] = rng.integers(0, 256, (blocks.size, 16))
    return blocks


def tensors(sizes: Sizes = SIZES) -> Dict[str, np.ndarray]:
    """Every tensor of the format: matrices of a layer and word embeddings as Q4_0 blocks, the others as float32."""
    rng = np.random.default_rng(0)
    hidden, ffn = sizes.hidden, sizes.ffn
    named = {
        "emb.word": random_blocks(rng, sizes.vocabulary * hidden),
        "emb.pos": rng.normal(size=sizes.positions * hidden).astype("<f4"),
        "emb.type": rng.normal(size=sizes.types * hidden).astype("<f4"),
        "emb.ln.w": np.ones(hidden, dtype="<f4"),
        "emb.ln.b": np.zeros(hidden, dtype="<f4"),
    }
    for layer in range(sizes.layers):
        for part in ("q", "k", "v", "ao", "fi", "fo"):
            named[f"l{layer}.{part}.w"] = random_blocks(rng, hidden * (ffn if part in ("fi", "fo") else hidden))
            named[f"l{layer}.{part}.b"] = rng.normal(size=ffn if part == "fi" else hidden).astype("<f4")
        for part in ("aln", "oln"):
            named[f"l{layer}.{part}.w"] = np.ones(hidden, dtype="<f4")
            named[f"l{layer}.{part}.b"] = np.zeros(hidden, dtype="<f4")
    return named


def weights_bytes(
    *,
    magic: bytes = b"E5S1",
    sizes: Sizes = SIZES,
    pieces: List[Tuple[str, float]] = PIECES,
    replacements: Dict[str, str] = REPLACEMENTS,
) -> bytes:
    parts = [struct.pack("<4sI7ifi", magic, 1, *vars(sizes).values(), 1e-12, 32)]
    encoded = [piece.encode("utf8") for piece, _ in pieces]
    blob = b"".join(encoded)
    offsets = np.cumsum([0, *map(len, encoded)]).astype("<u4")
    scores = np.array([score for _, score in pieces], dtype="<f4")
    parts.append(struct.pack("<5iQ", len(pieces), 0, 2, 1, 3, len(blob)) + offsets.tobytes() + scores.tobytes() + blob)
    entries = b"".join(
        struct.pack(f"<IB{len(value)}I", ord(key), len(value), *map(ord, value)) for key, value in replacements.items()
    )
    parts.append(struct.pack("<iI", len(replacements), len(entries)) + entries)
    named = tensors(sizes)
    parts.append(struct.pack("<i", len(named)))
    offset = sum(map(len, parts)) + sum(2 + len(name) + 21 for name in named)
    data = b""
    for name, values in named.items():
        quantised = values.dtype == BLOCK
        elements = values.size * 32 if quantised else values.size
        parts.append(struct.pack("<H", len(name)) + name.encode())
        parts.append(struct.pack("<BIQQ", int(quantised), elements, offset + len(data), values.nbytes))
        data += values.tobytes()
    return b"".join(parts) + data
