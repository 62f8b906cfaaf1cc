"""Bitext filtering: how many faults of each kind `spacy xlre filter` finds, and how much good text it takes for bad.

    python benchmarks/filtering.py --data DIR --encoder FOLDER

DIR holds `ntrex/` (github.com/MicrosoftTranslator/NTREX) and `tatoeba/` (github.com/facebookresearch/LASER). --encoder
is what `spacy xlre encoder` writes. Half of the pairs of a set get a fault, of each kind an equal number; all go
through the filter together, so that what is usual is learned from spoilt text. Thresholds were chosen on the first half
of NTREX (`--dev`, printed only); its second half and Tatoeba's short sentences are measured.
"""

import argparse
from pathlib import Path
from random import Random
from typing import Dict, Iterator, List, Tuple

from common import Row, arguments, finish, print_table, wanted
from spacy.tokens import Doc

from spacy_xlre.cli.align import make_pipeline
from spacy_xlre.corpus.filtering import FilterSettings, filter_bitexts
from spacy_xlre.corpus.filters import load_identifier
from spacy_xlre.tokens import make_bitext, set_alignment

Pair = Tuple[str, str]

GOOD = "good"
KINDS = ("wrong pair", "copied", "half copied", "half missing", "wrong language", "symbols", "duplicate")
LANGUAGES = {"deu": "de", "fra": "fr", "jpn": "ja", "rus": "ru", "spa": "es", "tur": "tr", "zho-CN": "zh"}
TATOEBA = {"ara": "ar", "cmn": "zh", "deu": "de", "fra": "fr", "hin": "hi", "jpn": "ja", "por": "pt", "rus": "ru"}
TATOEBA.update({"spa": "es", "swh": "sw", "tha": "th", "tur": "tr"})


def read(path: Path) -> List[str]:
    """Read the lines of a file."""
    return path.read_text(encoding="utf-8").splitlines()


def spoil(pairs: List[Pair], other: List[str], random: Random) -> List[Tuple[str, Pair]]:
    """Give half of the pairs a fault, and say which.

    pairs (List[Pair]): English and its translation.
    other (List[str]): The same lines in a third language.
    random (Random): Chooses the lines.
    RETURNS (List[Tuple[str, Pair]]): The kind of fault, or "good", and the texts. Duplicates come after what they copy.
    """
    places = list(range(len(pairs)))
    random.shuffle(places)
    kinds = {place: KINDS[number % len(KINDS)] for number, place in enumerate(places[: len(pairs) // 2])}
    good = [place for place in places if place not in kinds]
    spoilt = []
    for place, (english, text) in enumerate(pairs):
        kind = kinds.get(place, GOOD)
        if kind == "wrong pair":
            text = pairs[random.choice([p for p in good if p != place])][1]
        elif kind == "copied":
            text = english
        elif kind == "half copied":
            text = half(text) + " " + english[len(half(english)) :].strip()
        elif kind == "half missing":
            text = half(text)
        elif kind == "wrong language":
            text = other[place]
        elif kind == "symbols":
            text = "…" * random.randint(1, 3) + str(random.randint(1, 2000))
        if kind != "duplicate":
            spoilt.append((kind, (english, text)))
    for place in sorted(place for place, kind in kinds.items() if kind == "duplicate"):
        english, text = pairs[good[place % len(good)]]
        spoilt.append(("duplicate", (english.upper() if place % 2 else f"{english} ", text)))
    return spoilt


def half(text: str) -> str:
    """Return the first half of a text, to the end of a word."""
    middle = len(text) // 2
    space = text.find(" ", middle)
    return text[: space if 0 <= space < len(text) - 1 else middle].strip()


def sets(args: argparse.Namespace) -> Iterator[Tuple[str, str, List[Pair], List[str]]]:
    """Yield the name of each set, its language, its pairs with English, and the same lines in a third language."""
    folder = args.data / "ntrex"
    part = slice(0, 998) if args.dev else slice(998, None)
    lines = {name: read(folder / f"{name}.txt")[part] for name in ("eng", *LANGUAGES)}
    names = list(LANGUAGES)
    for name, lang in LANGUAGES.items():
        other = names[(names.index(name) + 1) % len(names)]
        yield f"NTREX {name}", lang, list(zip(lines["eng"], lines[name])), lines[other]
    if args.dev:
        return
    for name, lang in TATOEBA.items():
        stem = args.data / "tatoeba" / f"tatoeba.{name}-eng"
        # Tatoeba's sets are not parallel to each other: the wrong language is any sentence of it.
        other = "fra" if name != "fra" else "spa"
        strange = read(args.data / "tatoeba" / f"tatoeba.{other}-eng.{other}")
        yield f"Tatoeba {name}", lang, list(zip(read(Path(f"{stem}.eng")), read(Path(f"{stem}.{name}")))), strange


def measure(args: argparse.Namespace) -> Iterator[Row]:
    """Yield the share of each kind that is found, by set, and of good pairs that are kept."""
    nlp, _ = make_pipeline({"encoder": str(args.encoder)})
    identify = load_identifier()
    totals: Dict[Tuple[str, str, str], List[bool]] = {}
    for name, lang, pairs, other in sets(args):
        if not wanted(args, name):
            continue
        pairs = [pair for pair in pairs if all(text.strip() for text in pair)][: 140 if args.quick else None]
        spoilt = spoil(pairs, other, Random(0))
        bitexts = [make_bitext(nlp, {"en": english, lang: text}) for _, (english, text) in spoilt]
        aligned = list(nlp.pipe(bitexts))
        group = name.split()[0]
        for way, docs, identifier in (
            ("aligned", aligned, identify),
            ("not aligned", bitexts_without_beads(bitexts), identify),
            ("not aligned, scripts only", bitexts_without_beads(bitexts), None),
        ):
            verdicts = filter_bitexts(docs, FilterSettings(), identifier)
            for (kind, _), verdict in zip(spoilt, verdicts):
                for key in ((group, way, kind), (name, way, kind)):
                    totals.setdefault(key, []).append(verdict.kept is None)
    for (group, way, kind), taken in totals.items():
        share = 100 * sum(taken) / len(taken)
        if kind != GOOD and group in ("NTREX", "Tatoeba"):
            yield Row(f"{group}, {way}", f"found, {kind}, %", share)
        elif kind == GOOD:
            yield Row(
                f"{group}, {way}", "good pairs lost, %", share, goal="<= 2" if group in ("NTREX", "Tatoeba") else ""
            )
    for group, way in dict.fromkeys(key[:2] for key in totals if key[0] in ("NTREX", "Tatoeba")):
        bad = sum(sum(taken) for key, taken in totals.items() if key[:2] == (group, way) and key[2] != GOOD)
        lost = sum(totals[group, way, GOOD])
        yield Row(f"{group}, {way}", "precision, %", 100 * bad / max(bad + lost, 1))


def bitexts_without_beads(docs: List[Doc]) -> List[Doc]:
    """Return copies of bitexts without their alignments."""
    copies = [doc.copy() for doc in docs]
    for doc in copies:
        set_alignment(doc, [])
    return copies


if __name__ == "__main__":
    parser = arguments(__doc__)
    parser.add_argument("--encoder", type=Path, required=True, help="encoder folder")
    parser.add_argument("--dev", action="store_true", help="the first half of NTREX, printed only")
    parsed = parser.parse_args()
    if parsed.dev:
        print_table(list(measure(parsed)), "development")
    else:
        finish("filtering", list(measure(parsed)), parsed, seeds=[0])
