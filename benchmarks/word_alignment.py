"""Word alignment of `xlre_aligner` on gold data, untrained and trained.

    python benchmarks/word_alignment.py --data DIR --encoder FOLDER --work FOLDER

DIR holds `word-alignment/`: `zhen` and `enfr` as github.com/neulab/awesome-align gives them, and `xlwa/` from
github.com/SapienzaNLP/XL-WA. --encoder is what `spacy xlre encoder` writes. AER is awesome-align's: links `i-j` are
sure, `ipj` possible; XL-WA has one type. Texts are taken with the words that the data has, each pair as one sentence.

The trained aligner is `configs/aligner.cfg`, once a seed, on the development parts of XL-WA in Bulgarian, Danish,
Italian, Dutch and Portuguese (523 sentence pairs linked by people), with the Spanish one as its own development data.
--work keeps the trained aligners, so that a second run continues; `--pipeline` takes one that is trained already.
"""

import argparse
import re
from pathlib import Path
from typing import Dict, Iterator, List, Set, Tuple

import spacy
from common import Row, arguments, finish, mean_and_spread, train_once, wanted
from spacy.language import Language
from spacy.tokens import Doc, Span, SpanGroup

from spacy_xlre.corpus.docbin import write_docs
from spacy_xlre.ml.align.methods import METHODS
from spacy_xlre.scoring.alignment import LinkCounts
from spacy_xlre.tokens import Link, PairAlignment, get_alignment, get_segments, set_alignment
from spacy_xlre.tokens.bitext import GROUP, SEPARATOR

Links = Set[Tuple[int, int]]
Sentence = Tuple[List[str], List[str], Links, Links]

PUBLISHED = {
    "zhen": "eflomal 28.7, SimAlign (mBERT) 21.6, AccAlign 11.5",
    "enfr": "eflomal 8.2, SimAlign (mBERT) 7.5, AccAlign 2.8",
}
XLWA = {
    "es": "SimAlign 14.2, AWESOME 12.0, AccAlign 11.1",
    "pt": "SimAlign 14.1, AWESOME 12.7, AccAlign 12.1",
    "it": "SimAlign 17.7, AWESOME 15.7, AccAlign 14.3",
}
GOALS = {"zhen": "<= 11.5", "enfr": "<= 2.8", "xlwa es": "<= 11.0", "xlwa pt": "<= 12.0", "xlwa it": "<= 14.0"}
TRAINING = ("bg", "da", "it", "nl", "pt")
TUNING = "es"
# What is compared of the trained aligners: their own settings, and few sure links.
TRAINED: Dict[str, Dict[str, object]] = {
    "softmax": {"method": "softmax", "min_prob": 0.3},
    "argmax": {"method": "argmax", "min_prob": 0.0},
}
LOSSES = "components.xlre_aligner.losses"
# Other weights of the loss parts, for the first seed, compared on the development part only (--losses).
OTHER_LOSSES: Dict[str, Dict[str, object]] = {
    "known links alone": {f"{LOSSES}.self_training": 0.0},
    "with parallel-sentence identification, 0.1": {f"{LOSSES}.parallel": 0.1},
    "with parallel-sentence identification, 1": {f"{LOSSES}.parallel": 1.0},
}
LINK = re.compile(r"(\d+)([-p])(\d+)")


def read_awesome(data: Path, name: str) -> Iterator[Sentence]:
    """Yield words, sure and possible links (from 0) of one of awesome-align's sets."""
    texts = (data / f"{name}.src-tgt").read_text(encoding="utf-8").splitlines()
    golds = (data / f"{name}.gold").read_text(encoding="utf-8").splitlines()
    for text, gold in zip(texts, golds, strict=True):
        source, target = (side.split() for side in text.split("|||"))
        links = [(int(i) - 1, kind, int(j) - 1) for i, kind, j in LINK.findall(gold)]
        sure = {(i, j) for i, kind, j in links if kind == "-"}
        yield source, target, sure, {(i, j) for i, _, j in links}


def read_xlwa(path: Path) -> Iterator[Sentence]:
    """Yield words and links (from 0) of an XL-WA file; sure and possible are the same."""
    for line in path.read_text(encoding="utf-8").splitlines():
        source, target, gold = line.split("\t")
        links = {(int(i), int(j)) for i, _, j in LINK.findall(gold)}
        yield source.split(), target.split(), links, links


def make_doc(nlp: Language, source: List[str], target: List[str]) -> Doc:
    """Make a bitext of given words, each segment one sentence."""
    words = [*source, SEPARATOR, *target]
    spaces = [*[True] * (len(source) - 1), False, False, *[True] * len(target)]
    doc = Doc(nlp.vocab, words=words, spaces=spaces)
    start = len(source) + 1
    for token in doc:
        token.is_sent_start = token.i in (0, start)
    spans = [Span(doc, 0, len(source), label="source"), Span(doc, start, len(doc), label="target")]
    doc.spans[GROUP] = SpanGroup(doc, name=GROUP, attrs={"alignments": []}, spans=spans)
    return doc


def error_rate(nlp: Language, sentences: List[Sentence]) -> float:
    """Align and return the alignment error rate in percent."""
    counts = LinkCounts()
    docs = nlp.pipe([make_doc(nlp, source, target) for source, target, _, _ in sentences])
    for doc, (_, _, sure, possible) in zip(docs, sentences, strict=True):
        alignment = get_alignment(doc)
        pair = alignment.between("source", "target") if alignment is not None else None
        counts.add({(link.source, link.target) for link in pair.links} if pair is not None else set(), sure, possible)
    return 100 * counts.error_rate


def write_gold(path: Path, sentences: List[Sentence]) -> Path:
    """Write sentences with their links as bitexts to learn from."""
    nlp = spacy.blank("xx")
    docs = []
    for source, target, sure, _ in sentences:
        doc = make_doc(nlp, source, target)
        first, second = get_segments(doc).values()
        set_alignment(doc, [PairAlignment(first, second, [], [Link(i, j) for i, j in sorted(sure)])])
        docs.append(doc)
    write_docs(path, docs)
    return path


def train_aligner(args: argparse.Namespace, seed: int, name: str = "aligner", **others: object) -> Path:
    """Train `configs/aligner.cfg` unless that was done; `others` are further settings that differ from the file's."""
    parts = args.data / "word-alignment" / "xlwa"
    gold = [sentence for lang in TRAINING for sentence in read_xlwa(parts / lang / "dev.tsv")]
    overrides = {
        "paths.train": str(write_gold(args.work / "train.spacy", gold)),
        "paths.dev": str(write_gold(args.work / "dev.spacy", list(read_xlwa(parts / TUNING / "dev.tsv")))),
        "paths.encoder": str(args.encoder.resolve()),
        "system.seed": seed,
        **others,
    }
    return train_once("aligner.cfg", args.work / f"{name}-{seed}", overrides)


def configure(nlp: Language, **settings: object) -> Language:
    """Set settings of a pipeline's aligner; what is trained stays."""
    aligner = nlp.get_pipe("xlre_aligner")
    aligner.configure(**settings)  # type: ignore[attr-defined]
    return nlp


def measure(args: argparse.Namespace) -> Iterator[Row]:
    """Yield one row a test set, untrained by each method, then trained."""
    folder = args.data / "word-alignment"
    sets = {name: (list(read_awesome(folder, name)), peer) for name, peer in PUBLISHED.items()}
    for path in sorted((folder / "xlwa").glob("*/test.tsv")):
        sets[f"xlwa {path.parent.name}"] = (list(read_xlwa(path)), XLWA.get(path.parent.name, ""))
    if args.quick:
        sets = {name: (sentences[:50], peer) for name, (sentences, peer) in sets.items()}
    nlp = spacy.blank("xx")
    config = {"encoder": str(args.encoder), "layer": args.layer, "keep_sentences": True, "prefix": ""}
    nlp.add_pipe("xlre_aligner", config={**config, "bead_probs": False})
    for method in METHODS:
        configure(nlp, method=method)
        for name, (sentences, peer) in sets.items():
            row = f"{name}, untrained, layer {args.layer}, {method}"
            if wanted(args, row):
                yield Row(row, "AER", error_rate(nlp, sentences), peer=peer if method == "argmax" else "")
    if args.work is None and args.pipeline is None:
        return
    paths = [args.pipeline] if args.pipeline else [train_aligner(args, seed) for seed in args.seeds]
    pipelines = [configure(spacy.load(path), bead_probs=False) for path in paths]
    for method, settings in TRAINED.items():
        for name, (sentences, peer) in sets.items():
            row = f"{name}, trained, {method}"
            if wanted(args, row):
                found = [error_rate(configure(nlp, **settings), sentences) for nlp in pipelines]
                goal = GOALS.get(name, "") if method == "softmax" else ""
                yield Row(row, "AER", *mean_and_spread(found), goal=goal, peer=peer)
    if args.losses:
        dev = list(read_xlwa(folder / "xlwa" / TUNING / "dev.tsv"))
        main = configure(pipelines[0], **TRAINED["softmax"])
        yield Row(f"development, {TUNING}, trained, softmax", "AER", error_rate(main, dev))
        for number, (name, losses) in enumerate(OTHER_LOSSES.items()):
            path = train_aligner(args, args.seeds[0], f"losses{number}", **losses)
            rate = error_rate(configure(spacy.load(path), bead_probs=False), dev)
            yield Row(f"development, {TUNING}, trained, softmax, {name}", "AER", rate)


if __name__ == "__main__":
    parser = arguments(__doc__)
    parser.add_argument("--encoder", type=Path, required=True, help="encoder folder")
    parser.add_argument("--layer", type=int, default=7, help="the layer of the untrained aligner (default: 7)")
    parser.add_argument("--work", type=Path, help="folder for the trained aligners; without it nothing is trained")
    parser.add_argument("--pipeline", type=Path, help="a pipeline with a trained aligner")
    parser.add_argument("--losses", action="store_true", help="also train with other weights of the loss parts")
    parsed = parser.parse_args()
    finish("word_alignment", list(measure(parsed)), parsed, seeds=parsed.seeds if parsed.work else [])
