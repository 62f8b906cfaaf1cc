"""`spacy xlre suggest` and `spacy xlre answers`: questions for annotators, and their answers."""

from pathlib import Path
from typing import Optional

import typer
from wasabi import msg

from .app import CODE, command
from .loading import load_pipeline


@command("suggest")
def suggest_cli(
    model: str = typer.Argument(..., help="A trained pipeline: a folder or an installed package"),
    docs: Path = typer.Argument(..., help="A .spacy file of Docs with entities, such as labelled ones"),
    output: Path = typer.Option(..., "--output", "-o", help="The task file to write (JSON lines)"),
    n: int = typer.Option(100, "-n", help="How many questions", min=1),
    per_doc: int = typer.Option(3, "--per-doc", help="The most questions about one Doc", min=1),
    code: Optional[Path] = CODE,
) -> None:
    """Write the pairs that a model is least sure of as a task file for annotators (Prodigy, Label Studio)."""
    import json

    from ..corpus.docbin import read_docs
    from ..files import atomic_file
    from ..labeling.suggestions import make_task, suggest

    nlp = load_pipeline(model, code)
    found = list(read_docs(docs, nlp.vocab))
    suggestions = suggest(nlp, found, n, per_doc=per_doc)
    with atomic_file(output) as path, path.open("w", encoding="utf-8", newline="\n") as file_:
        for suggestion in suggestions:
            file_.write(json.dumps(make_task(found[suggestion.doc], suggestion), ensure_ascii=False) + "\n")
    msg.good(f"{output}: {len(suggestions)} questions about {len({s.doc for s in suggestions})} Docs")


@command("answers")
def answers_cli(
    answers: Path = typer.Argument(..., help="The task file with answers, as the annotation tool exports it"),
    docs: Path = typer.Argument(..., help="The .spacy file that the questions are about"),
    output: Path = typer.Option(..., "--output", "-o", help="The .spacy file to write"),
    rejects: Optional[Path] = typer.Option(None, "--rejects", help="What could not be used, and why (TSV)"),
) -> None:
    """Take annotators' answers over: accepted relations and refused pairs, with full weight."""
    from functools import partial

    from ..corpus.docbin import read_docs, write_docs
    from ..files import Rejects, read_lines
    from ..labeling.suggestions import read_tasks, take_answers
    from ..tokens.blank import blank_multilingual

    found = list(read_docs(docs, blank_multilingual().vocab))
    with Rejects(rejects or output.with_suffix(".rejects.tsv")) as left_out:
        reject = partial(left_out.add, answers)
        taken = take_answers(found, read_tasks(read_lines(answers), reject), reject)
    write_docs(output, found)
    msg.good(f"{output}: {taken} answers taken, {left_out.count} rejected")
