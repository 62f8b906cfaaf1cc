"""Word alignment of the untrained `xlre_aligner` on gold data.

    python benchmarks/word_alignment.py --data DIR --encoder FOLDER

DIR holds `word-alignment/`: `zhen` and `enfr` as github.com/neulab/awesome-align gives them, and `xlwa/` from
github.com/SapienzaNLP/XL-WA. FOLDER is what `spacy xlre encoder FOLDER` writes. AER is awesome-align's: links `i-j` are
sure, `ipj` possible; XL-WA has one type. Texts are taken with the words that the data has, each pair as one sentence.
"""

import argparse
import re
from pathlib import Path
from typing import Iterator, List, Set, Tuple

import spacy
from common import Row, arguments, finish, wanted
from spacy.language import Language
from spacy.tokens import Doc, Span, SpanGroup

from spacy_xlre.tokens import get_alignment
from spacy_xlre.tokens.bitext import GROUP, SEPARATOR

Links = Set[Tuple[int, int]]
Sentence = Tuple[List[str], List[str], Links, Links]

PUBLISHED = {
    "zhen": "eflomal 28.7, SimAlign (mBERT) 21.6, AccAlign 11.5",
    "enfr": "eflomal 8.2, SimAlign (mBERT) 7.5, AccAlign 2.8",
}
XLWA = {"es": "SimAlign 14.2", "pt": "SimAlign 14.1", "it": "SimAlign 17.7"}
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
    right_sure = right_possible = found = sure_total = 0
    docs = nlp.pipe([make_doc(nlp, source, target) for source, target, _, _ in sentences])
    for doc, (_, _, sure, possible) in zip(docs, sentences, strict=True):
        alignment = get_alignment(doc)
        pair = alignment.between("source", "target") if alignment is not None else None
        links = {(link.source, link.target) for link in pair.links} if pair is not None else set()
        right_sure += len(links & sure)
        right_possible += len(links & possible)
        found += len(links)
        sure_total += len(sure)
    return 100 * (1 - (right_sure + right_possible) / (found + sure_total))


def measure(args: argparse.Namespace) -> Iterator[Row]:
    """Yield one row a test set."""
    nlp = spacy.blank("xx")
    config = {"encoder": str(args.encoder), "layer": args.layer, "method": args.method, "keep_sentences": True}
    config["prefix"] = ""
    nlp.add_pipe("xlre_aligner", config=config)
    folder = args.data / "word-alignment"
    sets = {name: (list(read_awesome(folder, name)), peer) for name, peer in PUBLISHED.items()}
    for path in sorted((folder / "xlwa").glob("*/test.tsv")):
        sets[f"xlwa {path.parent.name}"] = (list(read_xlwa(path)), XLWA.get(path.parent.name, ""))
    for name, (sentences, peer) in sets.items():
        row = f"{name}, untrained, layer {args.layer}, {args.method}"
        if wanted(args, row):
            yield Row(row, "AER", error_rate(nlp, sentences[:50] if args.quick else sentences), peer=peer)


if __name__ == "__main__":
    parser = arguments(__doc__)
    parser.add_argument("--encoder", type=Path, required=True, help="encoder folder")
    parser.add_argument("--layer", type=int, default=7)
    parser.add_argument("--method", default="argmax")
    parsed = parser.parse_args()
    finish("word_alignment", list(measure(parsed)), parsed, seeds=[])
