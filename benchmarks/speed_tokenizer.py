"""How fast the multilingual tokenizer is beside spaCy's own, on the same texts, side by side.

    python benchmarks/speed_tokenizer.py --data DIR

DIR holds `wikineural/*.conllu` (github Babelscape/wikineural) and `ntrex/*.txt` (github MicrosoftTranslator/NTREX). Of
wikineural, every fourth sentence is read.
"""

import argparse
import random
import time
from pathlib import Path
from typing import Callable, Dict, Iterator, List, Tuple

import spacy
from common import Row, arguments, finish, median_and_spread, wanted
from spacy.tokens import Doc

from spacy_xlre.tokens.tokenizer import MultilingualTokenizer

Tokenizer = Callable[[str], Doc]
UNSPACED = ("zho-CN", "jpn")


def main() -> None:
    """Measure, print and keep the figures."""
    args = arguments(__doc__).parse_args()
    finish("speed_tokenizer", list(measure(args)), args, seeds=[])


def measure(args: argparse.Namespace) -> Iterator[Row]:
    """Yield the rows that are asked for."""
    repeats = 3 if args.quick else 5
    texts = {path.stem: read_lines(path) for path in sorted((args.data / "ntrex").glob("???*.txt"))}
    wiki = [text for path in sorted((args.data / "wikineural").glob("*.conllu")) for text in read_conllu(path)[::4]]
    if args.quick:
        texts, wiki = {name: lines[:300] for name, lines in texts.items()}, wiki[:3000]
    texts.pop("DOCUMENT_IDS", None)
    mixed = wiki + [text for lines in texts.values() for text in lines]
    random.Random(0).shuffle(mixed)
    samples: Dict[str, Tuple[List[str], str]] = {
        "mixed: wikineural and ntrex": (mixed, "<= 1.5"),
        "ntrex, eight languages": ([text for lines in texts.values() for text in lines], "<= 1.5"),
        "ntrex, with spaces": ([t for name, lines in texts.items() if name not in UNSPACED for t in lines], "<= 1.5"),
        **{f"ntrex {name}": (texts[name], "") for name in UNSPACED},
    }
    for row, (sample, goal) in samples.items():
        if wanted(args, row):
            yield from compare(row, sample, goal, repeats)


def compare(row: str, texts: List[str], goal: str, repeats: int) -> Iterator[Row]:
    """Time both tokenizers in turn, each new every time, so that neither knows the words of the last round."""
    ratios: List[float] = []
    speeds: List[float] = []
    peers: List[float] = []
    for _ in range(repeats):
        theirs, n_theirs = timed(spacy.blank("xx").tokenizer, texts)
        ours, n_ours = timed(MultilingualTokenizer(spacy.blank("xx").vocab), texts)
        ratios.append(ours / theirs)
        speeds.append(n_ours / ours)
        peers.append(n_theirs / theirs)
    peer = f"spaCy xx {sorted(peers)[len(peers) // 2]:,.0f} tokens/s"
    yield Row(row, "time / spaCy's xx", *median_and_spread(ratios), goal=goal)
    yield Row(row, "tokens/s", *median_and_spread(speeds), peer=peer)
    if not goal:
        # Both make a token of each character, which xx does not.
        by_character = [
            timed(MultilingualTokenizer(spacy.blank("xx").vocab), texts)[0]
            / timed(spacy.blank("zh").tokenizer, texts)[0]
            for _ in range(repeats)
        ]
        yield Row(
            row, "time / spaCy's zh", *median_and_spread(by_character), goal="<= 1.5", peer="spaCy zh, characters"
        )


def timed(tokenizer: Tokenizer, texts: List[str]) -> Tuple[float, int]:
    """Return the processor seconds and the tokens of one pass."""
    start = time.process_time()
    n_tokens = sum(len(tokenizer(text)) for text in texts)
    return time.process_time() - start, n_tokens


def read_lines(path: Path) -> List[str]:
    """Return the lines of a text file that are not empty."""
    return [line for line in path.read_text(encoding="utf8").splitlines() if line.strip()]


def read_conllu(path: Path) -> List[str]:
    """Return the sentences of a CoNLL file, words joined by spaces."""
    sentences = path.read_text(encoding="utf8").strip().split("\n\n")
    return [" ".join(line.split("\t")[1] for line in sentence.split("\n")) for sentence in sentences]


if __name__ == "__main__":
    main()
