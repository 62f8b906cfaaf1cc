"""A page of HTML that shows the alignments of bitexts."""

from html import escape
from typing import Iterable, Tuple

from ..tokens import Alignment
from ..tokens.alignment_html import alignment_html

HEAD = (
    '<!DOCTYPE html><html><head><meta charset="utf-8"><title>{title}</title><style>:root{{color-scheme:light dark}}'
    "body{{max-width:80em;margin:2em auto;padding:0 1em;font-family:sans-serif}}</style></head><body><h1>{title}</h1>"
)


def alignment_page(bitexts: Iterable[Tuple[str, Alignment]], title: str = "Alignments") -> str:
    """Return a whole page.

    bitexts (Iterable[Tuple[str, Alignment]]): The id of each bitext and its alignment.
    title (str): The page's heading.
    RETURNS (str): HTML that needs no other file.
    """
    parts = "".join(f"<h2>{escape(id_)}</h2>{alignment_html(alignment)}" for id_, alignment in bitexts)
    return HEAD.format(title=escape(title)) + parts + "</body></html>\n"
