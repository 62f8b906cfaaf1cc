"""`spacy xlre label`: aligned bitexts and a knowledge base to labelled Docs."""

from pathlib import Path
from typing import TYPE_CHECKING, Dict, List, Optional

import typer
from wasabi import msg

from .app import command

if TYPE_CHECKING:
    from spacy.language import Language


@command("label")
def label_cli(
    aligned: Path = typer.Argument(..., help="A .spacy file of aligned bitexts"),
    kb: Path = typer.Argument(..., help="A knowledge base made by 'spacy xlre kb build'"),
    output: Path = typer.Option(..., "--output", "-o", help="The .spacy file of labelled Docs to write"),
    method: str = typer.Option("agreement", "--method", "-m", help="agreement or monolingual"),
    dev: Optional[Path] = typer.Option(None, "--dev", help="Hold bitexts out for development and write them here"),
    explain: int = typer.Option(0, "--explain", help="Show this many pairs, and why each is a relation, NA or unknown"),
    learn: Optional[Path] = typer.Option(None, "--learn", help="Folder for names and endings learned, to be reviewed"),
    confirm: List[str] = typer.Option([], "--confirm", help="LANG=PIPELINE, may be repeated: keep names it confirms"),
    dev_share: float = typer.Option(0.1, "--dev-share", help="The share of bitexts to hold out", min=0.0, max=0.5),
) -> None:
    """Label parallel text from a knowledge base: one Doc per language, with weighted relations."""
    import sys
    from collections import Counter

    from spacy.tokens import Doc
    from tqdm import tqdm

    from ..corpus.docbin import read_docs, write_docs
    from ..errors import Errors, fail
    from ..kb.store import KnowledgeBase
    from ..labeling.explanation import Examples
    from ..labeling.label import Labeler
    from ..labeling.learned_names import LearnedNames
    from ..labeling.linking import PipelineFilter
    from ..labeling.settings import LabelingSettings
    from ..tokens import get_relations
    from ..tokens.blank import blank_multilingual

    if method not in ("agreement", "monolingual"):
        raise fail(Errors.X601, method=method)
    if dev is not None and dev.resolve() == output.resolve():
        raise fail(Errors.X618, path=dev)
    examples = Examples(explain)
    settings = LabelingSettings(method=method)  # type: ignore[arg-type]
    store = KnowledgeBase.open(kb)
    learned = LearnedNames(store) if learn is not None else None
    keep = PipelineFilter(_pipelines(confirm)) if confirm else None
    labeler = Labeler(store, settings, examples if explain else None, learned, keep)
    bitexts = list(read_docs(aligned, blank_multilingual().vocab))
    bar = tqdm(bitexts, desc="label", unit="bitext", disable=not sys.stderr.isatty())
    holds_out = dev is not None and dev_share > 0
    if holds_out and len(bitexts) < 2:
        raise fail(Errors.X615, path=aligned, n=len(bitexts))
    # Of a few bitexts one is held out.
    every = min(round(1 / dev_share), len(bitexts)) if holds_out else len(bitexts) + 1
    kept: List[Doc] = []
    held_out: List[Doc] = []
    for number, bitext in enumerate(bar, start=1):
        (held_out if number % every == 0 else kept).extend(labeler(bitext))
    for path, docs in ((output, kept), (dev, held_out)):
        if path is not None:
            write_docs(path, docs)
            labels = Counter(relation.label for doc in docs for relation in get_relations(doc))
            msg.good(f"{path}: {len(docs)} Docs, {sum(labels.values())} relations of {len(labels)} labels")
    if learn is not None and learned is not None:
        n_names, n_patterns = learned.write(learn)
        msg.good(f"{learn}: {n_names} names and {n_patterns} endings learned; review them, then give them to 'xlre kb'")
    for explanation in examples.chosen():
        typer.echo(f"\n{explanation}")
    if explain:
        typer.echo("\n" + ", ".join(f"{count} {decision}" for decision, count in sorted(examples.counts.items())))


def _pipelines(words: List[str]) -> "Dict[str, Language]":
    import spacy

    from ..errors import Errors, fail

    found: Dict[str, Language] = {}
    for word in words:
        lang, equals, name = word.partition("=")
        if not (lang and equals and name):
            raise fail(Errors.X610, found=word)
        try:
            found[lang] = spacy.load(name)
        except OSError:
            raise fail(Errors.X611, name=name) from None
    return found
