"""`spacy xlre filter`: bitexts in, those that are parallel text out, and the rest with its reasons."""

import math
from pathlib import Path
from typing import Optional

import typer
from wasabi import msg

from .app import command


@command("filter")
def filter_cli(
    input_path: Path = typer.Argument(..., help="A .spacy file of bitexts, best aligned ones, or a folder of them"),
    output_path: Path = typer.Argument(..., help="The .spacy file of kept bitexts to write"),
    min_prob: float = typer.Option(0.07, "--min-prob", min=0.0, max=1.0, help="The least mean P(s,t) of the beads"),
    lowest_prob: float = typer.Option(0.0, "--lowest-prob", min=0.0, max=1.0, help="The least P(s,t) of each bead"),
    identify: bool = typer.Option(True, "--identify/--no-identify", help="Tell languages apart, not scripts only"),
    min_language: float = typer.Option(0.1, "--min-language", min=0.0, help="How probable a text's language must be"),
    min_script: float = typer.Option(0.2, "--min-script", min=0.0, max=1.0, help="The least share of its script"),
    max_length: float = typer.Option(2.5, "--max-length", help="How unusual lengths may be; 0 for no check", min=0.0),
    max_copied: float = typer.Option(0.4, "--max-copied", min=0.0, max=1.0, help="How many words may be the same"),
    duplicates: str = typer.Option("near", "--duplicates", help="Drop later ones: near, exact, or keep them"),
    rejects: Optional[Path] = typer.Option(None, "--rejects", help="What was left out, and why (TSV)"),
) -> None:
    """Filter parallel text: by P(s,t), language, lengths, copied text and duplicates. Nothing is dropped silently."""
    import sys

    from tqdm import tqdm

    from ..corpus.docbin import read_docs, write_docs
    from ..corpus.filtering import FilterSettings, count_faults, filter_bitexts
    from ..corpus.filters import load_identifier
    from ..errors import Errors, fail
    from ..files import Rejects
    from ..tokens import get_alignment
    from ..tokens.bitext import is_bitext
    from ..tokens.blank import blank_multilingual

    settings = FilterSettings(
        min_prob=min_prob,
        lowest_prob=lowest_prob,
        min_script=min_script,
        min_language=min_language,
        max_length=max_length or math.inf,
        max_copied=max_copied,
        duplicates=duplicates,
    )
    identifier = load_identifier() if identify and min_language else None
    docs = list(read_docs(input_path, blank_multilingual().vocab))
    if not any(is_bitext(doc) for doc in docs):
        raise fail(Errors.X406, path=input_path)
    bar = tqdm(
        filter_bitexts(docs, settings, identifier),
        total=len(docs),
        desc="filter",
        unit="bitext",
        disable=not sys.stderr.isatty(),
    )
    verdicts = list(bar)
    with Rejects(rejects or output_path.with_suffix(".rejects.tsv")) as left_out:
        for verdict in verdicts:
            if verdict.faults:
                left_out.add(input_path, verdict.number, "; ".join(map(str, verdict.faults)), verdict.content)
        write_docs(output_path, (verdict.kept for verdict in verdicts if verdict.kept is not None))
    kept = sum(verdict.kept is not None for verdict in verdicts)
    rows = [(name, str(whole), str(part)) for name, (whole, part) in count_faults(verdicts).items()]
    if rows:
        msg.table(rows, header=("filter", "bitexts", "segments only"), divider=True, aligns=("l", "r", "r"))
    if min_prob and not any(get_alignment(doc) for doc in docs):
        msg.warn("P(s,t) was not looked at: the bitexts are not aligned. Run 'spacy xlre align' first.")
    msg.good(f"{output_path}: {kept} of {len(docs)} bitexts kept")
