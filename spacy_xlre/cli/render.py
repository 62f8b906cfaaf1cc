"""`spacy xlre render`: alignments as a page of HTML."""

from pathlib import Path
from typing import Optional

import typer
from wasabi import msg

from .app import command


@command("render")
def render_cli(
    aligned: Path = typer.Argument(..., help="A .spacy file of aligned bitexts"),
    output: Path = typer.Argument(..., help="The HTML file to write"),
    pair: Optional[str] = typer.Option(None, "--pair", "-p", help="One pair of languages (en-de); all by default"),
    doc: Optional[str] = typer.Option(None, "--doc", "-d", help="The id of one bitext; all by default"),
    limit: int = typer.Option(20, "--limit", "-n", help="The most bitexts to show", min=1),
) -> None:
    """Show beads and links of aligned bitexts as a page of HTML."""
    from ..corpus.docbin import read_docs
    from ..errors import Errors, fail
    from ..files import atomic_file
    from ..report.alignment_page import alignment_page
    from ..tokens import Alignment, get_alignment, get_bitext_id, get_segments
    from ..tokens.bitext import is_bitext
    from ..tokens.blank import blank_multilingual
    from ..tokens.languages import split_pair

    bitexts = [found for found in read_docs(aligned, blank_multilingual().vocab) if is_bitext(found)]
    if not bitexts:
        raise fail(Errors.X406, path=aligned)
    chosen = [found for found in bitexts if doc is None or get_bitext_id(found) == doc][:limit]
    if not chosen:
        raise fail(Errors.X416, path=aligned, doc=doc)
    shown = []
    for number, found in enumerate(chosen, start=1):
        alignment = get_alignment(found)
        if pair is not None:
            source, target = split_pair(pair, list(get_segments(found)))
            one = alignment.between(source, target) if alignment is not None else None
            alignment = Alignment(found, [one]) if one is not None else None
        if alignment is None:
            raise fail(Errors.X407, pair=pair or "its languages")
        shown.append((get_bitext_id(found) or f"bitext {number}", alignment))
    with atomic_file(output) as temporary:
        temporary.write_text(alignment_page(shown), encoding="utf-8")
    msg.good(f"{output}: {len(shown)} bitexts")
