"""Speed of word alignment beside SimAlign; with --documents also of whole documents of growing length.

    python benchmarks/speed_alignment.py --data DIR --encoder FOLDER

DIR holds `ntrex/` (github.com/MicrosoftTranslator/NTREX). The same lines, encoder, layer and number of threads for
both; tokenisation counts. SimAlign (`pip install simalign`) aligns a pair a call, as its interface has it; it gets the
words of our tokenizer, which it needs. Both take turns in one process, and the ratio of each turn counts.
"""

import argparse
import time
from functools import partial
from pathlib import Path
from statistics import median
from typing import Callable, Iterator, List, Tuple

from common import Row, arguments, finish, median_and_spread, wanted
from spacy.language import Language

from spacy_xlre.ml.align.methods import METHODS
from spacy_xlre.tokens import get_alignment, get_segments, make_bitext
from spacy_xlre.tokens.blank import blank_multilingual

Pair = Tuple[str, str]
SENTENCES = (1000, 2000, 4000, 8000)


def read_pairs(data: Path) -> List[Pair]:
    """Return the lines of NTREX, English and German."""
    sides = [(data / "ntrex" / f"{lang}.txt").read_text(encoding="utf-8").splitlines() for lang in ("eng", "deu")]
    return list(zip(*sides, strict=True))


def make_aligner(args: argparse.Namespace, method: str, **settings: object) -> Language:
    nlp = blank_multilingual()
    config = {"encoder": str(args.encoder), "layer": args.layer, "prefix": "", "method": method, **settings}
    nlp.add_pipe("xlre_aligner", config=config)
    return nlp


def ours(nlp: Language, pairs: List[Pair]) -> int:
    """Align pairs as a stream and return the number of links."""
    docs = nlp.pipe(make_bitext(nlp, {"en": source, "de": target}) for source, target in pairs)
    alignments = (get_alignment(doc) for doc in docs)
    return sum(len(pair.links) for alignment in alignments if alignment is not None for pair in alignment.pairs)


def simalign(args: argparse.Namespace) -> Callable[[List[Pair]], int]:
    """Return a function that aligns pairs with SimAlign one by one."""
    from simalign import SentenceAligner

    aligner = SentenceAligner(model=str(args.encoder), token_type="bpe", matching_methods="a", layer=args.layer)
    tokenizer = blank_multilingual().tokenizer

    def align(pairs: List[Pair]) -> int:
        words = ([[token.text for token in tokenizer(text)] for text in pair] for pair in pairs)
        return sum(len(aligner.get_word_aligns(*sides)["inter"]) for sides in words)

    return align


def seconds(function: Callable[[], object]) -> float:
    start = time.perf_counter()
    function()
    return time.perf_counter() - start


def measure(args: argparse.Namespace) -> Iterator[Row]:
    import torch

    torch.set_num_threads(args.threads)
    pairs = read_pairs(args.data)[: 40 if args.quick else args.lines]
    nlp = make_aligner(args, "argmax", bead_probs=False, keep_sentences=True, precision="auto")
    peer = simalign(args)
    ours(nlp, pairs[:20])
    peer(pairs[:5])
    turns = []
    for _ in range(2 if args.quick else args.repeats):
        turns.append((seconds(lambda: ours(nlp, pairs)), seconds(lambda: peer(pairs))))
    speed = [len(pairs) / own for own, _ in turns]
    theirs = [len(pairs) / other for _, other in turns]
    row = f"eng-deu, argmax, layer {args.layer}, precision auto"
    yield Row(row, "pairs/s", *median_and_spread(speed), peer=f"SimAlign {median(theirs):.1f} pairs/s")
    yield Row(row, "ratio to SimAlign", *median_and_spread([b / a for a, b in turns]), goal=">= 6")
    for method in METHODS:
        for name, settings in (("", {"bead_probs": False}), (", with P(s,t)", {"bead_probs": True})):
            row = f"eng-deu, {method}{name}"
            if wanted(args, row) and (not name or method == "softmax"):
                nlp = make_aligner(args, method, keep_sentences=True, **settings)
                ours(nlp, pairs[:20])
                found = [len(pairs) / seconds(partial(ours, nlp, pairs)) for _ in range(2)]
                yield Row(row, "pairs/s", *median_and_spread(found))
    if args.documents:
        yield from documents(args)


def documents(args: argparse.Namespace) -> Iterator[Row]:
    """Align one bitext of ever more sentences: beads and links."""
    lines = [pair for pair in read_pairs(args.data) if all(len(side) < 120 for side in pair)]
    nlp = make_aligner(args, "softmax")
    for length in SENTENCES:
        chosen = [lines[index % len(lines)] for index in range(length)]
        texts = {
            lang: " ".join(f"{n} {pair[side]}" for n, pair in enumerate(chosen))
            for side, lang in enumerate(("en", "de"))
        }
        doc = make_bitext(nlp, texts)
        taken = seconds(partial(nlp, doc))
        n_sentences = sum(bool(token.is_sent_start) for token in get_segments(doc)["en"])
        yield Row(f"document of {length} lines", "seconds per 1,000 sentences", 1000 * taken / n_sentences)


if __name__ == "__main__":
    parser = arguments(__doc__)
    parser.add_argument("--encoder", type=Path, required=True, help="encoder folder")
    parser.add_argument("--layer", type=int, default=7)
    parser.add_argument("--lines", type=int, default=300, help="lines of NTREX (default: 300)")
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--documents", action="store_true", help="also align documents of up to 8,000 lines (long)")
    parser.add_argument("--threads", type=int, default=2, help="torch threads (default: 2)")
    parsed = parser.parse_args()
    finish("speed_alignment", list(measure(parsed)), parsed, seeds=[])
