"""Sentence alignment of Text+Berg, German and French, beside Gale and Church's; and of long documents by length.

    python benchmarks/sentence_alignment.py --data DIR --encoder FOLDER

DIR holds `sentence-alignment/` (github.com/thompsonb/vecalign, bleualign_data) and `ntrex/` (github.com/
MicrosoftTranslator/NTREX). --encoder is what `spacy xlre encoder` writes. Gale and Church (1993) align by lengths
alone; theirs is NLTK's (`pip install nltk`). The time is that of beads given the vectors, for NTREX's lines one
after the other. `--dev` measures the development file, on which the settings were chosen, and writes no results.
"""

import argparse
import ast
from pathlib import Path
from time import perf_counter
from typing import Dict, Iterator, List, Sequence, Tuple

import numpy
from common import Row, arguments, finish, print_table, wanted

from spacy_xlre.ml.align.beads import BeadSettings, Pieces, find_beads
from spacy_xlre.ml.align.encoder import AlignmentEncoder
from spacy_xlre.pipeline.aligner import DEFAULTS
from spacy_xlre.scoring.beads import BeadCounts, SentenceBead, count_beads

Sides = Tuple[List[str], List[str]]
PEERS = {"strict": "Gale-Church .680, Vecalign .902, Bertalign .936", "lax": "Vecalign .986, Bertalign .989"}
GOALS = {"strict": ">= 0.94", "lax": ">= 0.99"}
LENGTHS = (1000, 2000, 4000, 8000)


def read(path: Path) -> List[str]:
    """Read the lines of a file."""
    return path.read_text(encoding="utf-8").splitlines()


def read_beads(path: Path) -> List[SentenceBead]:
    """Read gold beads, a line each: the sentence numbers of both sides, as in `[0, 1]:[0]`."""
    lines = (line.split(":") for line in read(path))
    return [(ast.literal_eval(source), ast.literal_eval(target)) for source, target in lines]


class Encoded:
    """What the encoder says about the sentences of a text."""

    def __init__(self, encoder: AlignmentEncoder, sentences: Sequence[str]) -> None:
        offsets = [[(0, len(sentence))] for sentence in sentences]
        found = encoder.encode(sentences, offsets)
        self.vectors = numpy.stack([text.vector for text in found])
        self.lengths = numpy.array([text.weight for text in found], dtype="float32")
        self.pieces: Pieces = [text.pieces for text in found]

    def repeated(self, count: int) -> "Encoded":
        """Return the text said again and again, up to so many sentences."""
        again = object.__new__(Encoded)
        order = [index % len(self.lengths) for index in range(count)]
        again.vectors, again.lengths = self.vectors[order], self.lengths[order]
        again.pieces = [self.pieces[index] for index in order]
        return again


def align(source: Encoded, target: Encoded, words: bool = True) -> List[SentenceBead]:
    """Align two texts with the aligner's settings."""
    settings = BeadSettings(
        DEFAULTS["skip_cost"], DEFAULTS["merge_cost"], DEFAULTS["length_cost"], DEFAULTS["word_share"]
    )
    pieces = (source.pieces, target.pieces) if words else None
    rows = find_beads(source.vectors, target.vectors, source.lengths, target.lengths, settings, pieces)
    return [(range(*row.source), range(*row.target)) for row in rows]


def gale_church(sides: Sides) -> List[SentenceBead]:
    """Align two texts by the lengths of their sentences, as NLTK does."""
    from nltk.translate.gale_church import align_blocks

    links = align_blocks(*([len(sentence) for sentence in side] for side in sides))
    beads: List[Tuple[set, set]] = []
    for i, j in sorted(links):
        joined = next((bead for bead in beads[-1:] if i in bead[0] or j in bead[1]), None)
        if joined is None:
            joined = (set(), set())
            beads.append(joined)
        joined[0].add(i)
        joined[1].add(j)
    return [(sorted(source), sorted(target)) for source, target in beads]


def texts(args: argparse.Namespace, encoder: AlignmentEncoder) -> Iterator[Row]:
    """Yield precision, recall and F1 over all files, by way of aligning."""
    folder = args.data / "sentence-alignment"
    names = sorted(path.stem for path in folder.glob("*.defr") if (path.stem == "dev") == args.dev)
    counts: Dict[str, BeadCounts] = {}
    for name in names[:1] if args.quick else names:
        sides = (read(folder / f"{name}.de"), read(folder / f"{name}.fr"))
        gold = read_beads(folder / f"{name}.defr")
        source, target = (Encoded(encoder, side) for side in sides)
        found = {
            "beads": align(source, target),
            "beads, sentence vectors alone": align(source, target, words=False),
            "Gale and Church (NLTK)": gale_church(sides),
        }
        for way, beads in found.items():
            counts[way] = counts.get(way, BeadCounts()) + count_beads(gold, beads)
    for way, count in counts.items():
        for kind, scores in (("strict", count.strict), ("lax", count.lax)):
            for figure, value in zip(("precision", "recall"), scores):
                yield Row(way, f"{kind} {figure}", value)
            own = way == "beads"
            yield Row(way, f"{kind} F1", scores[2], goal=GOALS[kind] if own else "", peer=PEERS[kind] if own else "")


def times(args: argparse.Namespace, encoder: AlignmentEncoder) -> Iterator[Row]:
    """Yield the seconds that beads of long texts take, and how they grow: 1 is linear."""
    lines = 200 if args.quick else None
    source, target = (Encoded(encoder, read(args.data / "ntrex" / f"{lang}.txt")[:lines]) for lang in ("eng", "deu"))
    seconds: Dict[int, float] = {}
    for length in LENGTHS[:2] if args.quick else LENGTHS:
        sides = source.repeated(length), target.repeated(length)
        begin = perf_counter()
        align(*sides)
        seconds[length] = perf_counter() - begin
        yield Row(f"time, {length} sentences a side", "s", seconds[length])
        if length // 2 in seconds:
            growth = float(numpy.log2(seconds[length] / seconds[length // 2]))
            yield Row(f"time, {length} sentences a side", "growth exponent", growth, goal="<= 1.2")


def measure(args: argparse.Namespace) -> List[Row]:
    encoder = AlignmentEncoder(
        str(args.encoder), layer=DEFAULTS["layer"], prefix=DEFAULTS["prefix"], batch_pieces=DEFAULTS["batch_pieces"]
    )
    rows = list(texts(args, encoder)) if wanted(args, "beads") else []
    return rows + (list(times(args, encoder)) if wanted(args, "time") and not args.dev else [])


if __name__ == "__main__":
    parser = arguments(__doc__)
    parser.add_argument("--encoder", type=Path, required=True, help="an encoder folder")
    parser.add_argument("--dev", action="store_true", help="measure the development file; nothing is written")
    parsed = parser.parse_args()
    if parsed.dev:
        print_table(measure(parsed), "sentence_alignment")
    else:
        finish("sentence_alignment", measure(parsed), parsed, seeds=[])
