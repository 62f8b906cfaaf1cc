"""Word alignments in the Pharaoh format: `0-0 1-2 2p1`, one line a sentence pair, beside text `source ||| target`.

`i-j` is a sure link between the source's word i and the target's word j, `ipj` a possible one; a probability may follow
after a colon, `0-0:0.93`. Words are what spaces separate. Tools such as fast_align, eflomal and awesome-align read and
write the two files.
"""

import re
from typing import Iterable, Iterator, List, Tuple

from spacy.tokens import Doc
from spacy.vocab import Vocab

from ..errors import Errors, fail
from ..files import PathLike, read_lines
from ..tokens.bitext import Bead, Link, PairAlignment, get_alignment, get_segments, join_bitext, set_alignment

BETWEEN = " ||| "
POSSIBLE = 0.5
_LINK = re.compile(r"(\d+)([-p])(\d+)(?::(\d*\.?\d+(?:[eE]-?\d+)?))?")


def read_links(line: str, *, first: int = 0) -> List[Link]:
    """Read the links of one line.

    line (str): Links, separated by spaces; may be empty.
    first (int): The number of the first word: 0, or 1 in some gold standards.
    RETURNS (List[Link]): In the order of the line; sure links have probability 1, possible ones `POSSIBLE`.
    RAISES (ValueError): If something is no link; the message says what.
    """
    links = []
    for item in line.split():
        match = _LINK.fullmatch(item)
        if match is None:
            raise ValueError(f"'{item}' is not a link")
        source, kind, target, prob = match.groups()
        if int(source) < first or int(target) < first:
            raise ValueError(f"'{item}' counts words from 0, not from {first}")
        value = float(prob) if prob is not None else (1.0 if kind == "-" else POSSIBLE)
        if not 0.0 <= value <= 1.0:
            raise ValueError(f"'{item}' has a probability above 1")
        links.append(Link(int(source) - first, int(target) - first, value))
    return links


def write_links(links: Iterable[Link], *, probabilities: bool = False) -> str:
    """Write links as one line.

    links (Iterable[Link]): The links.
    probabilities (bool): Write them, with four digits.
    RETURNS (str): For example `0-0 1-2`, or `0-0:0.9312 1-2:0.5000`.
    """
    return " ".join(f"{li.source}-{li.target}{f':{li.prob:.4f}' if probabilities else ''}" for li in links)


def read_bitexts(
    text: PathLike, links: PathLike, languages: Tuple[str, str], vocab: Vocab, *, first: int = 0
) -> Iterator[Doc]:
    """Read parallel text with its links as aligned bitexts, one a line, each segment one sentence.

    text (str or Path): Lines `source ||| target`.
    links (str or Path): Lines of links.
    languages (Tuple[str, str]): The codes of source and target.
    vocab (Vocab): For the Docs.
    first (int): The number of the first word.
    YIELDS (Doc): Bitexts.
    RAISES (XlreError): For unequal line counts, a line without text on both sides, or a link that cannot be.
    """
    texts, rows = list(read_lines(text)), list(read_lines(links))
    if len(texts) != len(rows):
        raise fail(Errors.X506, text=text, n_text=len(texts), links=links, n_links=len(rows))
    for (number, line), (_, row) in zip(texts, rows):
        sides = [side.split() for side in line.split("|||")]
        if len(sides) != 2 or not all(sides):
            raise fail(Errors.X507, path=text, line=number)
        try:
            found = read_links(row, first=first)
        except ValueError as error:
            raise fail(Errors.X508, path=links, line=number, reason=error) from None
        for link in found:
            if link.source >= len(sides[0]) or link.target >= len(sides[1]):
                counts = f"the text has {len(sides[0])} and {len(sides[1])} words"
                reason = f"there is no link {link.source + first}-{link.target + first}: {counts}"
                raise fail(Errors.X508, path=links, line=number, reason=reason)
        yield _bitext(sides, found, languages, vocab)


def _bitext(sides: List[List[str]], links: List[Link], languages: Tuple[str, str], vocab: Vocab) -> Doc:
    doc = join_bitext({lang: Doc(vocab, words=words) for lang, words in zip(languages, sides)})
    source, target = get_segments(doc).values()
    for token in doc:
        token.is_sent_start = token.i in (0, source.end, target.start)
    bead = Bead((0, len(source)), (0, len(target)))
    set_alignment(doc, [PairAlignment(source, target, [bead], sorted(links, key=lambda li: (li.source, li.target)))])
    return doc


def write_bitext(doc: Doc, source: str, target: str) -> Iterator[Tuple[str, List[Link]]]:
    """Yield the beads of an aligned bitext as text and links.

    doc (Doc): The bitext.
    source, target (str): The languages.
    YIELDS (Tuple[str, List[Link]]): Text as `source ||| target`, tokens between spaces, and links whose words count
        from the bead's start. Tokens of spaces only are left out; beads with an empty side, too.
    RAISES (XlreError): If a language is not there, or the bitext was not aligned.
    """
    alignment = get_alignment(doc)
    pair = alignment.between(source, target) if alignment is not None else None
    if pair is None:
        raise fail(Errors.X407, pair=f"{source}-{target}")
    for bead in pair.beads or [Bead((0, len(pair.source)), (0, len(pair.target)))]:
        words = []
        places = []
        for segment, (start, end) in ((pair.source, bead.source), (pair.target, bead.target)):
            kept = [i for i in range(start, end) if not segment[i].is_space]
            places.append({token: place for place, token in enumerate(kept)})
            # A token may hold a space of its own, which would make two words of it.
            words.append(" ".join("".join(segment[i].text.split()) for i in kept))
        if all(words):
            links = [
                Link(places[0][li.source], places[1][li.target], li.prob)
                for li in pair.links
                if li.source in places[0] and li.target in places[1]
            ]
            yield BETWEEN.join(words), links
