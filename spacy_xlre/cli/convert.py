"""`spacy xlre convert`: public relation data sets to DocBin."""

from enum import Enum
from pathlib import Path
from typing import List, Optional

import typer
from wasabi import msg

from .app import command, split_words


class Format(str, Enum):
    """The formats by name."""

    semeval = "semeval"
    crossre = "crossre"


@command("convert")
def convert_cli(
    inputs: List[Path] = typer.Argument(..., help="Files of one format and language"),
    output: Path = typer.Option(..., "--output", "-o", help="The .spacy file to write"),
    format_: Format = typer.Option(..., "--format", "-f", help="semeval (also KBP37, RELX) or crossre (also DyGIE)"),
    lang: str = typer.Option("en", "--language", "-l", help="The language code of the texts"),
    symmetric: str = typer.Option("", "--symmetric", help="Comma-separated labels that hold both ways (crossre)"),
    rejects: Optional[Path] = typer.Option(None, "--rejects", help="What was left out, and why (TSV)"),
) -> None:
    """Convert relation data sets to gold Docs with entities and relations, for training and evaluation."""
    from ..corpus.crossre import read_crossre
    from ..corpus.docbin import write_docs
    from ..corpus.semeval import read_semeval
    from ..errors import Errors, fail
    from ..files import Rejects
    from ..tokens.blank import blank_multilingual
    from ..tokens.languages import check_language

    check_language(lang)
    nlp = blank_multilingual()
    both = split_words(symmetric)
    with Rejects(rejects or output.with_suffix(".rejects.tsv")) as left_out:
        docs = [
            doc
            for path in inputs
            for doc in (
                read_semeval(path, nlp, lang, left_out)
                if format_ is Format.semeval
                else read_crossre(path, nlp, lang, left_out, symmetric=both)
            )
        ]
    if not docs:
        raise fail(Errors.X519, paths=", ".join(map(str, inputs)), n=left_out.count, rejects=left_out.path)
    count = write_docs(output, docs)
    msg.good(f"{output}: {count} Docs, {left_out.count} rejected{left_out.where}")
