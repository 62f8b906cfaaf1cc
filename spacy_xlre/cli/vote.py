"""`spacy xlre vote`: labelling functions and a label model on distant labels."""

from pathlib import Path
from typing import Optional

import typer
from wasabi import msg

from .app import CODE, command


@command("vote")
def vote_cli(
    labels: Path = typer.Argument(..., help="A .spacy file of labelled Docs, made by 'spacy xlre label'"),
    config: Path = typer.Argument(..., help="A config whose block [functions] names the labelling functions"),
    output: Path = typer.Option(..., "--output", "-o", help="The .spacy file to write"),
    code: Optional[Path] = CODE,
    min_relation: float = typer.Option(0.5, help="Relations that are less likely become unknown", min=0.0, max=1.0),
    max_na: float = typer.Option(0.5, help="NA pairs of which a label is as likely become unknown", min=0.0, max=1.0),
    min_added: float = typer.Option(1.1, help="Unknown and NA pairs with a label as likely become relations", min=0.0),
) -> None:
    """Let labelling functions vote on labels, weigh these by how likely they are, and give up the unlikely ones."""
    from spacy.cli._util import import_code
    from spacy.util import registry
    from thinc.api import Config

    from ..corpus.docbin import read_docs, write_docs
    from ..errors import Errors, fail
    from ..labeling.label_model import judge
    from ..labeling.second_opinion import OpinionSettings, revise
    from ..tokens.blank import blank_multilingual

    if not config.is_file():
        raise fail(Errors.X002, path=config)
    import_code(code)
    try:
        functions = registry.resolve(Config().from_disk(config)).get("functions", {})
    except ValueError as error:  # what confection and catalogue raise, too
        raise fail(Errors.X616, path=config, reason=" ".join(str(error).split())) from None
    if not functions:
        raise fail(Errors.X607, path=config)
    docs = list(read_docs(labels, blank_multilingual().vocab))
    judged, reports = judge(docs, functions)
    done = revise(docs, judged, OpinionSettings(min_relation, max_na, min_added, weigh=True))
    write_docs(output, docs)
    msg.table(
        [(report.name, str(report.judged), f"{100 * report.agreed:.1f}") for report in reports],
        header=("function", "pairs judged", "% as believed"),
        divider=True,
        aligns=("l", "r", "r"),
    )
    msg.good(
        f"{output}: {done.relations_unknown} of {done.relations} relations and {done.negatives_unknown} of "
        f"{done.negatives} NA pairs made unknown, {done.added} relations added"
    )
