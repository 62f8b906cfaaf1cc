"""How far P(s,t) can be taken at its word: Brier score and reliability on news text, and the coefficients that fit it.

    python benchmarks/calibration.py --data DIR --encoder FOLDER

DIR holds `ntrex/` (github.com/MicrosoftTranslator/NTREX). --encoder is what `spacy xlre encoder` writes. Each English
line is paired with its translation, and with three lines that are none: the nearest other one, the next one, and any
one. Translations count three times, so that both kinds have a half. Coefficients are fitted on the documents of even
number and measured on those of odd number; the defaults of `ml.align.probability` were chosen by this. With `--plot
FILE.svg` the reliability is drawn.
"""

import argparse
from pathlib import Path
from typing import Dict, List, NamedTuple, Sequence

import numpy
from common import Row, arguments, finish
from thinc.types import Floats1d, Floats2d, Ints1d

from spacy_xlre.files import atomic_file
from spacy_xlre.ml.align.common_space import to_unit
from spacy_xlre.ml.align.encoder import AlignmentEncoder
from spacy_xlre.ml.align.probability import ProbabilitySettings, bead_probability
from spacy_xlre.pipeline.aligner import DEFAULTS

SOURCE = "eng"
TARGETS = ("deu", "fra", "jpn", "rus", "spa", "tur", "zho-CN")
BINS = 10


class Pairs(NamedTuple):
    """Pairs of lines: their cosines, length ratios, whether they are translations (1 or 0), and how much they count."""

    cosines: Floats1d
    ratios: Floats1d
    truth: Floats1d
    weights: Floats1d


class Side(NamedTuple):
    """The lines of a language: unit sentence vectors and the number of word pieces."""

    vectors: Floats2d
    lengths: Floats1d


def make_pairs(source: Side, target: Side, rows: Ints1d) -> Pairs:
    """Pair each of the chosen lines with its translation and with three others of them."""
    cosines = source.vectors[rows] @ target.vectors[rows].T
    count = len(rows)
    here = numpy.arange(count)
    others = cosines.copy()
    others[here, here] = -1.0
    random = (here + numpy.random.default_rng(0).integers(2, count - 1, count)) % count
    partners = [here, others.argmax(axis=1), (here + 1) % count, random]
    ratios = source.lengths[rows][:, None] / target.lengths[rows][None, :]
    truth = numpy.repeat([1.0, 0.0, 0.0, 0.0], count)
    return Pairs(
        numpy.concatenate([cosines[here, partner] for partner in partners]),
        numpy.concatenate([ratios[here, partner] for partner in partners]),
        truth,
        numpy.where(truth == 1.0, 3.0, 1.0),
    )


def join(parts: Sequence[Pairs]) -> Pairs:
    """Put the pairs of several languages together."""
    return Pairs(*(numpy.concatenate(columns) for columns in zip(*parts)))


def fit(pairs: Pairs, rounds: int = 50) -> ProbabilitySettings:
    """Fit the coefficients by logistic regression, with Newton's method."""
    features = numpy.stack(
        [pairs.cosines, numpy.ones_like(pairs.cosines), numpy.abs(numpy.log(pairs.ratios))], axis=1
    ).astype("float64")
    weights = numpy.zeros(3)
    for _ in range(rounds):
        probs = 1.0 / (1.0 + numpy.exp(-features @ weights))
        hessian = (features * (pairs.weights * probs * (1.0 - probs))[:, None]).T @ features + 1e-6 * numpy.eye(3)
        weights += numpy.linalg.solve(hessian, features.T @ (pairs.weights * (pairs.truth - probs)))
    steepness, offset, length = weights
    return ProbabilitySettings(float(-offset / steepness), float(steepness), float(-length))


def brier(probs: Floats1d, pairs: Pairs) -> float:
    """Return the mean squared difference of probabilities from the truth; 0.25 for one half throughout."""
    return float(numpy.average((probs - pairs.truth) ** 2, weights=pairs.weights))


def reliability(probs: Floats1d, pairs: Pairs) -> Dict[int, List[float]]:
    """Return by tenth of the probability: its mean, the share of translations, and the share of all pairs."""
    tenths = numpy.minimum((probs * BINS).astype("int64"), BINS - 1)
    table = {}
    for tenth in range(BINS):
        inside = tenths == tenth
        if inside.any():
            weights = pairs.weights[inside]
            means = [float(numpy.average(values[inside], weights=weights)) for values in (probs, pairs.truth)]
            table[tenth] = [*means, float(weights.sum() / pairs.weights.sum())]
    return table


def draw(table: Dict[int, List[float]], path: Path) -> None:
    """Draw the share of translations over the probability, as large as the square root of the pairs' number."""
    points = "".join(
        f'<circle cx="{40 + 300 * mean:.1f}" cy="{320 - 300 * share:.1f}" r="{3 + 20 * part**0.5:.1f}" fill="#09c6"/>'
        for mean, share, part in table.values()
    )
    labels = "".join(
        f'<text x="{40 + 60 * step}" y="338" text-anchor="middle">{step / 5:.1f}</text>'
        f'<text x="34" y="{324 - 60 * step}" text-anchor="end">{step / 5:.1f}</text>'
        for step in range(6)
    )
    drawing = (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 360 360" font-family="sans-serif" font-size="11">'
        '<rect width="360" height="360" fill="#fff"/><path d="M40 20V320H340M40 320L340 20" fill="none" stroke="#888"/>'
        f'{points}{labels}<text x="190" y="354" text-anchor="middle">P(s,t)</text>'
        '<text x="44" y="14">share of translations</text></svg>\n'
    )
    with atomic_file(path) as temporary:
        temporary.write_text(drawing, encoding="utf-8")


def measure(args: argparse.Namespace) -> List[Row]:
    encoder = AlignmentEncoder(
        str(args.encoder), layer=DEFAULTS["layer"], prefix=DEFAULTS["prefix"], batch_pieces=DEFAULTS["batch_pieces"]
    )
    folder = args.data / "ntrex"
    limit = 300 if args.quick else None
    sides = {}
    for lang in (SOURCE, *TARGETS):
        lines = (folder / f"{lang}.txt").read_text(encoding="utf-8").splitlines()[:limit]
        sides[lang] = Side(to_unit(encoder.encode_sentences(lines)[:, -1]), encoder.count_pieces(lines))
    ids = (folder / "DOCUMENT_IDS.tsv").read_text(encoding="utf-8").splitlines()[: len(sides[SOURCE].lengths)]
    numbers = {name: number for number, name in enumerate(dict.fromkeys(ids))}
    odd = numpy.array([numbers[name] % 2 for name in ids])
    parts = [
        {lang: make_pairs(sides[SOURCE], sides[lang], numpy.nonzero(odd == half)[0]) for lang in TARGETS}
        for half in (0, 1)
    ]
    fitted = fit(join(list(parts[0].values())))
    rows = [
        Row("fitted coefficients", name, value)
        for name, value in zip(("midpoint", "steepness", "length"), (fitted.midpoint, fitted.steepness, fitted.length))
    ]
    for lang, pairs in {**parts[1], "all": join(list(parts[1].values()))}.items():
        rows.append(Row(lang, "Brier score", brier(bead_probability(pairs.cosines, pairs.ratios), pairs)))
    table = reliability(bead_probability(pairs.cosines, pairs.ratios), pairs)
    for tenth, (mean, share, part) in table.items():
        name = f"P(s,t) from {tenth / BINS:.1f} to {(tenth + 1) / BINS:.1f}"
        rows += [Row(name, "mean", mean), Row(name, "share of translations", share), Row(name, "share of pairs", part)]
    error = sum(abs(mean - share) * part for mean, share, part in table.values())
    rows.append(Row("all", "mean error of the tenths", error))
    if args.plot is not None:
        draw(table, args.plot)
    return rows


if __name__ == "__main__":
    parser = arguments(__doc__)
    parser.add_argument("--encoder", type=Path, required=True, help="an encoder folder")
    parser.add_argument("--plot", type=Path, help="where to draw the reliability, an SVG file")
    parsed = parser.parse_args()
    finish("calibration", measure(parsed), parsed, seeds=[])
