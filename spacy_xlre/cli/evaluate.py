"""`spacy xlre evaluate`: tables by language, as text, JSON and Markdown."""

from pathlib import Path
from typing import Optional

import typer
from wasabi import msg

from .app import CODE, command
from .loading import load_pipeline, use_gpu, warn_if_untrained


@command("evaluate")
def evaluate_cli(
    model: str = typer.Argument(..., help="A trained pipeline: a folder or an installed package"),
    gold: Path = typer.Argument(..., help="A .spacy file of gold Docs"),
    output: Optional[Path] = typer.Option(None, "--output", "-o", help="Write OUTPUT.json and OUTPUT.md"),
    end_to_end: bool = typer.Option(True, "--end-to-end/--gold-entities-only", help="Also with its own entities"),
    code: Optional[Path] = CODE,
    gpu_id: int = typer.Option(-1, "--gpu-id", "-g", help="GPU, or -1 for the CPU"),
) -> None:
    """Evaluate relations by language, with gold entities and with the pipeline's own."""
    import sys

    from tqdm import tqdm

    from ..corpus.docbin import read_docs
    from ..report.evaluation import evaluate_pipeline, evaluation_data, evaluation_tables
    from ..report.tables import to_text, write_report

    use_gpu(gpu_id)
    nlp = load_pipeline(model, code)
    warn_if_untrained(nlp, model)
    docs = list(read_docs(gold, nlp.vocab))

    def evaluate(name: str, gold_entities: bool):
        def bar(items):
            return tqdm(items, desc=name, unit="doc", disable=not sys.stderr.isatty())

        return evaluate_pipeline(nlp, docs, gold_entities=gold_entities, progress=bar)

    with_gold = evaluate("gold entities", True)
    if not with_gold.gold:
        msg.warn(f"{gold}: holds no relations, so there is nothing to find. Evaluate on gold or held-out Docs.")
    own = evaluate("end to end", False) if end_to_end else None
    tables = evaluation_tables(with_gold, own)
    for table in tables:
        typer.echo(to_text(table) + "\n")
    if output is not None:
        data = {"gold_entities": evaluation_data(with_gold), "end_to_end": evaluation_data(own) if own else None}
        write_report(output, tables, data)
        msg.good(f"{output}.json, {output}.md")
