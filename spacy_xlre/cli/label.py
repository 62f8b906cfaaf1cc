"""`spacy xlre label`: aligned bitexts and a knowledge base to labelled Docs."""

from pathlib import Path

import typer
from wasabi import msg

from .app import command


@command("label")
def label_cli(
    aligned: Path = typer.Argument(..., help="A .spacy file of aligned bitexts"),
    kb: Path = typer.Argument(..., help="A knowledge base made by 'spacy xlre kb build'"),
    output: Path = typer.Option(..., "--output", "-o", help="The .spacy file of labelled Docs to write"),
    method: str = typer.Option("agreement", "--method", "-m", help="agreement or monolingual"),
) -> None:
    """Label parallel text from a knowledge base: one Doc per language, with weighted relations."""
    import sys
    from collections import Counter

    from tqdm import tqdm

    from ..corpus.docbin import read_docs, write_docs
    from ..errors import Errors, fail
    from ..kb.store import KnowledgeBase
    from ..labeling.label import Labeler
    from ..labeling.settings import LabelingSettings
    from ..tokens import get_relations
    from ..tokens.blank import blank_multilingual

    if method not in ("agreement", "monolingual"):
        raise fail(Errors.X601, method=method)
    labeler = Labeler(KnowledgeBase.open(kb), LabelingSettings(method=method))  # type: ignore[arg-type]
    bitexts = list(read_docs(aligned, blank_multilingual().vocab))
    bar = tqdm(bitexts, desc="label", unit="bitext", disable=not sys.stderr.isatty())
    docs = [doc for bitext in bar for doc in labeler(bitext)]
    write_docs(output, docs)
    labels = Counter(relation.label for doc in docs for relation in get_relations(doc))
    msg.good(f"{output}: {len(docs)} Docs, {sum(labels.values())} relations of {len(labels)} labels")
