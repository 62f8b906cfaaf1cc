"""The normaliser of SentencePiece vocabularies as a table: character sequences and what replaces them.

`tokenizers` reads such a table as SentencePiece writes it: a double-array trie of the sequences' UTF-8 bytes, whose
values are offsets into the replacements. Only the listed characters change; plain NFKC would also reorder marks, and
then common Arabic, Hebrew and Burmese pieces would never be found.
"""

import struct
import sys
import unicodedata
from typing import Dict, List, Mapping, Tuple

HAS_LEAF = 1 << 8
LEAF = 1 << 31
OPEN_UNITS = 256
# `tokenizers` looks up whole grapheme clusters only below this many bytes.
MAX_CLUSTER_BYTES = 5


def build_charsmap(replacements: Mapping[str, str]) -> bytes:
    """Encode replacements as a SentencePiece "precompiled charsmap", for `tokenizers.normalizers.Precompiled`.

    replacements (Mapping[str, str]): Sequence to replace (without NUL) -> its replacement, possibly empty.
    RETURNS (bytes): u32 length of the trie, the trie's u32 units, then the replacements, each ended by a NUL.
    """
    offsets: Dict[str, int] = {}
    strings = bytearray()
    for value in sorted(set(replacements.values())):
        offsets[value] = len(strings)
        strings += value.encode("utf8") + b"\0"
    units = _double_array({key.encode("utf8"): offsets[value] for key, value in replacements.items()})
    trie = struct.pack(f"<{len(units)}I", *units)
    return struct.pack("<I", len(trie)) + trie + bytes(strings)


def with_compositions(replacements: Mapping[str, str]) -> Dict[str, str]:
    """Add what single characters cannot say: a letter and a combining mark become the composed letter.

    Letters with two marks become composed only from their composed prefix ("ê" + acute): `tokenizers` takes the
    shortest sequence of a cluster.

    replacements (Mapping[str, str]): Character -> replacement; also applied to what the compositions give.
    RETURNS (Dict[str, str]): The replacements and the compositions.
    """
    composed = {}
    for char in map(chr, range(0x80, sys.maxunicode + 1)):
        decomposition = unicodedata.decomposition(char)
        if decomposition and not decomposition.startswith("<") and unicodedata.normalize("NFC", char) == char:
            sequence = "".join(chr(int(code, 16)) for code in decomposition.split())
            if len(sequence.encode("utf8")) <= MAX_CLUSTER_BYTES and sequence[0] not in replacements:
                composed[sequence] = replacements.get(char, char)
    return {**composed, **replacements}


def _double_array(values: Mapping[bytes, int]) -> List[int]:
    """Lay a trie out as SentencePiece's double array: the child of node `n` by byte `b` is `n ^ offset(n) ^ b`."""
    children: List[Dict[int, int]] = [{}]
    for key in sorted(values):
        node = 0
        for label in (*key, 0):
            if label not in children[node]:
                children.append({})
                children[node][label] = len(children) - 1
            node = children[node][label]
    leaves = {key: value | LEAF for key, value in values.items()}
    units = [0] * 256
    used = {0}
    bases = {0}
    stack: List[Tuple[int, int, bytes]] = [(0, 0, b"")]
    while stack:
        node, index, prefix = stack.pop()
        labels = children[node]
        # The older part is nearly full: looking there costs more time than the gaps are worth.
        base = max(1, len(units) - OPEN_UNITS)
        # Every node needs a base of its own: units carry their label, not their parent.
        while base in bases or any(base ^ label in used for label in labels):
            base += 1
        bases.add(base)
        while base | 0xFF >= len(units):
            units.extend([0] * 256)
        units[index] |= (index ^ base) << 10
        for label, child in labels.items():
            position = base ^ label
            used.add(position)
            if label == 0:
                units[index] |= HAS_LEAF
                units[position] = leaves[prefix]
            else:
                units[position] = label
                stack.append((child, position, prefix + bytes([label])))
    return units
