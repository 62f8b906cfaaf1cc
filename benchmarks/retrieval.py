"""Finding the translation of each sentence among a thousand: `spacy xlre mine` beside plain cosine and plain margin.

    python benchmarks/retrieval.py --data DIR --encoder FOLDER

DIR holds `tatoeba/` (github.com/facebookresearch/LASER, data/tatoeba/v1) and `ntrex/` (github.com/MicrosoftTranslator/
NTREX). --encoder is what `spacy xlre encoder` writes. All ways of searching get the same vectors in the same run.
`--dev` measures retrieval on NTREX, on which all choices were made, and writes no results.
"""

import argparse
from pathlib import Path
from typing import Dict, Iterator, List, Sequence, Tuple

import numpy
from common import Row, arguments, finish, print_table, wanted
from thinc.types import Floats3d

from spacy_xlre.ml.align.common_space import join_layers, to_unit
from spacy_xlre.ml.align.encoder import AlignmentEncoder
from spacy_xlre.ml.align.nearest import find_neighbours
from spacy_xlre.ml.align.probability import bead_probability
from spacy_xlre.pipeline.aligner import DEFAULTS
from spacy_xlre.pipeline.mining import Mined, MiningSettings, UniqueTexts, mine_pairs

Sides = Tuple[List[str], List[str]]

NEIGHBOURS = 4
# Of the NTREX lines, those of the source and of the target: a third of each has a translation.
OVERLAPPING = (slice(0, 1200), slice(800, 2000))
DEVELOPMENT = ("deu", "jpn", "rus", "tur", "zho-CN")


def read_tatoeba(data: Path) -> Dict[str, Sides]:
    """Read the sentence pairs of each language with English."""
    folder = data / "tatoeba"
    langs = sorted(path.suffix[1:] for path in folder.glob("tatoeba.*-eng.*") if path.suffix != ".eng")
    return {
        lang: (read(folder / f"tatoeba.{lang}-eng.{lang}"), read(folder / f"tatoeba.{lang}-eng.eng")) for lang in langs
    }


def read(path: Path) -> List[str]:
    """Read the lines of a file, each with single spaces as `mine` reads them."""
    return [" ".join(line.split()) for line in path.read_text(encoding="utf-8").splitlines()]


def mine(texts: Sides, vectors: Sequence[Floats3d], settings: MiningSettings) -> Mined:
    """Mine two sides whose texts are all different."""
    sides = [UniqueTexts(side) for side in texts]
    return mine_pairs(sides[0], sides[1], vectors[0], vectors[1], lambda c, i, j: bead_probability(c), settings)


def accuracies(texts: Sides, vectors: Sequence[Floats3d]) -> Dict[str, float]:
    """Return the accuracy from source to target in percent, row i's translation being row i, by way of searching."""
    truth = numpy.arange(len(texts[0]))
    source, target = (to_unit(side[:, -1]) for side in vectors)
    cosines = source @ target.T
    around = [
        -numpy.partition(-side, NEIGHBOURS - 1, axis=1)[:, :NEIGHBOURS].mean(axis=1) for side in (cosines, cosines.T)
    ]
    ratios = 2 * cosines / (around[0][:, None] + around[1][None, :])
    found = {"plain cosine": cosines.argmax(axis=1), "plain margin": ratios.argmax(axis=1)}
    shares = {name: 100 * float((best == truth).mean()) for name, best in found.items()}
    pairs = mine(texts, vectors, MiningSettings(min_margin=-1.0)).pairs
    return {**shares, "mine": 100 * sum(pair.source == pair.target for pair in pairs) / len(truth)}


def retrieval(args: argparse.Namespace, encoder: AlignmentEncoder, sets: Dict[str, Sides]) -> Iterator[Row]:
    """Yield the accuracies of each language both ways, and the errors of `mine` as a share of plain cosine's."""
    errors: List[Tuple[float, float]] = []
    encoded: List[List[Floats3d]] = [[], []]
    for lang, sides in sets.items():
        if not wanted(args, lang):
            continue
        texts = (sides[0][: 200 if args.quick else None], sides[1][: 200 if args.quick else None])
        vectors = [encoder.encode_sentences(side) for side in texts]
        for whole, part in zip(encoded, vectors):
            whole.append(part)
        both: List[Tuple[float, float]] = []
        for name, step in ((f"{lang} to eng", 1), (f"eng to {lang}", -1)):
            found = accuracies((texts[::step][0], texts[::step][1]), vectors[::step])
            for way, share in found.items():
                yield Row(name, f"accuracy, {way}", share)
            both.append((100 - found["mine"], 100 - found["plain cosine"]))
        yield Row(f"{lang}, both ways", "errors, % of plain cosine's", share_of(both), goal="<= 50")
        kept = mine(texts, vectors, MiningSettings()).pairs
        right = sum(pair.source == pair.target for pair in kept)
        yield Row(f"{lang}, margin of 0.1", "precision", 100 * right / max(len(kept), 1))
        yield Row(f"{lang}, margin of 0.1", "recall", 100 * right / len(texts[0]))
        errors += both
    if errors:
        yield Row("all, both ways", "errors, % of plain cosine's", share_of(errors), goal="<= 50")
    if len(encoded[0]) > 1:
        source, target = (join_layers(numpy.concatenate(parts)) for parts in encoded)
        exact, found = (
            find_neighbours(source, target, NEIGHBOURS, exact_up_to=limit)[0].indices for limit in (10**6, 1)
        )
        same = numpy.mean([len(set(a) & set(b)) / NEIGHBOURS for a, b in zip(exact.tolist(), found.tolist())])
        yield Row(f"index of all {len(target)} sentences", "4 nearest found, %", 100 * float(same), goal=">= 99")


def share_of(errors: Sequence[Tuple[float, float]]) -> float:
    """Return the errors of `mine` in percent of those of plain cosine."""
    return 100 * sum(own for own, _ in errors) / max(sum(plain for _, plain in errors), 1e-9)


def overlapping(args: argparse.Namespace, encoder: AlignmentEncoder) -> Iterator[Row]:
    """Yield precision and recall where only a third of each side has a translation, with the default settings."""
    english = read(args.data / "ntrex" / "eng.txt")[OVERLAPPING[1]]
    target = None
    for lang in DEVELOPMENT:
        row = f"NTREX {lang} (development), a third translated"
        if args.quick or not wanted(args, row):
            continue
        target = encoder.encode_sentences(english) if target is None else target
        texts = read(args.data / "ntrex" / f"{lang}.txt")[OVERLAPPING[0]]
        # Of a text that stands on several lines, the first is compared; lines that share it are right, too.
        sides = UniqueTexts(texts), UniqueTexts(english)
        first = [[places[0] for places in side.places.values()] for side in sides]
        vectors = encoder.encode_sentences(sides[0].texts), target[first[1]]
        pairs = mine_pairs(*sides, *vectors, lambda c, i, j: bead_probability(c), MiningSettings()).pairs
        gold = {(source, english[source - 800]): texts[source] for source in range(800, 1200)}
        true = {(text, translation) for (_, translation), text in gold.items()}
        right = len({(texts[pair.source], english[pair.target]) for pair in pairs} & true)
        yield Row(row, "precision", 100 * right / max(len(pairs), 1))
        yield Row(row, "recall", 100 * right / len(true))


def measure(args: argparse.Namespace) -> Iterator[Row]:
    """Yield all rows."""
    encoder = AlignmentEncoder(str(args.encoder), layer=DEFAULTS["layer"], prefix=DEFAULTS["prefix"], batch_pieces=4096)
    if args.dev:
        texts = {lang: read(args.data / "ntrex" / f"{lang}.txt")[:1000] for lang in ("eng", *DEVELOPMENT)}
        yield from retrieval(args, encoder, {lang: (texts[lang], texts["eng"]) for lang in DEVELOPMENT})
    else:
        yield from retrieval(args, encoder, read_tatoeba(args.data))
    yield from overlapping(args, encoder)


if __name__ == "__main__":
    parser = arguments(__doc__)
    parser.add_argument("--encoder", type=Path, required=True, help="encoder folder")
    parser.add_argument("--dev", action="store_true", help="retrieval on NTREX, printed only")
    parsed = parser.parse_args()
    if parsed.dev:
        print_table(list(measure(parsed)), "development")
    else:
        finish("retrieval", list(measure(parsed)), parsed, seeds=[])
