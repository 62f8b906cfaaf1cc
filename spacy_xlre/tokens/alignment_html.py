"""An alignment as HTML: a ladder of beads, each with its words in two rows and the links between them.

It lies beside the annotation that it shows, as notebooks ask that itself for its HTML. Everything is one fragment of
HTML and inline SVG, without scripts, styles or files from elsewhere. Token widths are estimated, as SVG knows none
before it is drawn: a monospaced character counts one unit, a wide one (Han, kana, emoji) two.
"""

import unicodedata
from html import escape
from typing import TYPE_CHECKING, List, Sequence, Tuple

from spacy.tokens import Span

if TYPE_CHECKING:
    from .bitext import Alignment, Bead, PairAlignment

UNIT, PADDING, GAP = 8.4, 10.0, 6.0
ROW, HEIGHT, BASELINE = 26.0, 130.0, 18.0
MARGIN = 4.0
STYLE = (
    ".xlre{font:14px/1.5 sans-serif;margin:1em 0}.xlre table{border-collapse:collapse;table-layout:fixed;width:100%}"
    ".xlre td{vertical-align:top;padding:.3em .6em;border-top:1px solid #8884}.xlre .p{white-space:nowrap;opacity:.7;"
    "text-align:center;width:6em}.xlre .side{width:45%}.xlre .links{overflow-x:auto}.xlre svg{font:14px monospace;"
    "fill:currentColor}.xlre rect{fill:#8882}.xlre line{stroke:#2a7de1;stroke-width:2}"
)


def pair_html(pair: "PairAlignment") -> str:
    """Return the beads and links of two segments as an HTML fragment."""
    return f'<div class="xlre"><style>{STYLE}</style>{_pair(pair)}</div>'


def alignment_html(alignment: "Alignment") -> str:
    """Return all pairs of a bitext as an HTML fragment, one below the other."""
    parts = "".join(
        f"<h4>{escape(pair.source.label_)} – {escape(pair.target.label_)}</h4>{_pair(pair)}" for pair in alignment.pairs
    )
    return f'<div class="xlre"><style>{STYLE}</style>{parts}</div>'


def is_right_to_left(text: str) -> bool:
    """Tell whether the first letter with a direction is written from right to left."""
    strong = (unicodedata.bidirectional(char) for char in text)
    return next((kind in ("R", "AL") for kind in strong if kind in ("L", "R", "AL")), False)


def _pair(pair: "PairAlignment") -> str:
    from .bitext import Bead

    beads = pair.beads or [Bead((0, len(pair.source)), (0, len(pair.target)))]
    rows = []
    for bead in beads:
        texts = [_text(pair.source, bead.source), _text(pair.target, bead.target)]
        prob = f"{bead.prob:.2f}" if all(texts) else "1:0" if texts[0] else "0:1"
        cells = [
            f'<td class="side" lang="{escape(side.label_)}" dir="{_direction(text)}">{escape(text)}</td>'
            for side, text in zip((pair.source, pair.target), texts)
        ]
        rows.append(f'<tr>{cells[0]}<td class="p">{prob}</td>{cells[1]}</tr>')
        if all(texts):
            rows.append(f'<tr><td colspan="3"><div class="links">{_links(pair, bead)}</div></td></tr>')
    return f"<table>{''.join(rows)}</table>"


def _text(segment: Span, range_: Tuple[int, int]) -> str:
    return segment[range_[0] : range_[1]].text.strip() if range_[0] < range_[1] else ""


def _direction(text: str) -> str:
    return "rtl" if is_right_to_left(text) else "ltr"


def _links(pair: "PairAlignment", bead: "Bead") -> str:
    """Draw the words of a bead in two rows, and its links as lines that are the darker the more probable."""
    sides = ((pair.source, bead.source), (pair.target, bead.target))
    tokens = [[segment[i].text for i in range(*range_)] for segment, range_ in sides]
    widths = [[_width(text) for text in side] for side in tokens]
    total = max(sum(side) + GAP * (len(side) - 1) for side in widths) + 2 * MARGIN
    centers = [_centers(side, total, is_right_to_left(" ".join(words))) for side, words in zip(widths, tokens)]
    parts = []
    for link in pair.links:
        if bead.source[0] <= link.source < bead.source[1] and bead.target[0] <= link.target < bead.target[1]:
            x1, x2 = centers[0][link.source - bead.source[0]], centers[1][link.target - bead.target[0]]
            label = (
                f"{tokens[0][link.source - bead.source[0]]} – {tokens[1][link.target - bead.target[0]]} {link.prob:.2f}"
            )
            parts.append(
                f'<line x1="{x1:.1f}" y1="{ROW:.0f}" x2="{x2:.1f}" y2="{HEIGHT - ROW:.0f}" '
                f'opacity="{max(0.08, min(1.0, link.prob)):.2f}"><title>{escape(label)}</title></line>'
            )
    for top, words, places, sizes, (segment, _) in zip((0.0, HEIGHT - ROW), tokens, centers, widths, sides):
        for text, center, width in zip(words, places, sizes):
            parts.append(
                f'<rect x="{center - width / 2:.1f}" y="{top:.0f}" width="{width:.1f}" height="{ROW:.0f}" rx="4"/>'
                f'<text x="{center:.1f}" y="{top + BASELINE:.0f}" text-anchor="middle" '
                f'direction="{_direction(text)}" lang="{escape(segment.label_)}">{escape(text)}</text>'
            )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{total:.0f}" height="{HEIGHT:.0f}" '
        f'viewBox="0 0 {total:.0f} {HEIGHT:.0f}" role="img">{"".join(parts)}</svg>'
    )


def _width(text: str) -> float:
    units = sum(
        0 if unicodedata.combining(char) else 2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in text
    )
    return max(1, units) * UNIT + PADDING


def _centers(widths: Sequence[float], total: float, from_right: bool) -> List[float]:
    """Return the middle of each token of a row, the first one at the right end if the row runs from there."""
    centers, position = [], MARGIN
    for width in widths:
        centers.append(position + width / 2)
        position += width + GAP
    return [total - center for center in centers] if from_right else centers
