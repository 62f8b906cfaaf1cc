"""`spacy xlre corpus` and `spacy xlre gold`: parallel text and marked documents to DocBin."""

from pathlib import Path
from typing import List, Optional

import typer
from wasabi import msg

from .app import command, split_words


@command("corpus")
def corpus_cli(
    inputs: List[Path] = typer.Argument(
        ..., help="JSON lines, or line-aligned files named by language (news.en news.de)"
    ),
    output: Path = typer.Option(..., "--output", "-o", help="The .spacy file of bitexts to write"),
    langs: str = typer.Option("", "--languages", "-l", help="Comma-separated language codes to keep; all by default"),
    documents: bool = typer.Option(False, "--documents", help="Blank lines of line-aligned files separate documents"),
    rejects: Optional[Path] = typer.Option(None, "--rejects", help="What was left out, and why (TSV)"),
) -> None:
    """Convert parallel text to bitexts: one Doc for the same text in all its languages."""
    from ..corpus.docbin import write_docs
    from ..corpus.parallel import read_parallel
    from ..errors import Errors, fail
    from ..files import Rejects
    from ..tokens import make_bitext, set_bitext_id
    from ..tokens.blank import blank_multilingual

    nlp = blank_multilingual()
    wanted = split_words(langs)
    with Rejects(rejects or output.with_suffix(".rejects.tsv")) as left_out:
        docs = []
        for id_, texts in read_parallel(inputs, left_out, langs=wanted, documents=documents):
            doc = make_bitext(nlp, texts)
            set_bitext_id(doc, id_)
            docs.append(doc)
    if not docs:
        raise fail(Errors.X519, paths=", ".join(map(str, inputs)), n=left_out.count, rejects=left_out.path)
    count = write_docs(output, docs)
    msg.good(f"{output}: {count} bitexts, {left_out.count} rejected{left_out.where}")


@command("gold")
def gold_cli(
    marked: Path = typer.Argument(..., help="A marked corpus (JSON lines)"),
    output: Path = typer.Option(..., "--output", "-o", help="The .spacy file of gold Docs to write, one per language"),
    properties: Optional[Path] = typer.Option(None, "--properties", help="properties.jsonl, for symmetric relations"),
) -> None:
    """Convert marked documents to gold Docs with entities and relations, for evaluation."""
    from ..corpus.docbin import write_docs
    from ..corpus.gold import gold_docs
    from ..corpus.marked import read_marked
    from ..corpus.properties import read_symmetric
    from ..tokens.blank import blank_multilingual

    nlp = blank_multilingual()
    symmetric = read_symmetric(str(properties)) if properties else []
    docs = (doc for document in read_marked(marked) for doc in gold_docs(nlp, document, symmetric=symmetric))
    msg.good(f"{output}: {write_docs(output, docs)} Docs")
