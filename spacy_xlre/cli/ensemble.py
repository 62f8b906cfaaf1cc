"""`spacy xlre ensemble`: several trained pipelines as one."""

from pathlib import Path
from typing import List, Optional

import typer
from wasabi import msg

from .app import CODE, command
from .loading import load_pipeline


@command("ensemble")
def ensemble_cli(
    models: List[Path] = typer.Argument(..., help="Trained pipelines, for example of the same config with other seeds"),
    output: Path = typer.Option(..., "--output", "-o", help="Folder of the new pipeline"),
    code: Optional[Path] = CODE,
) -> None:
    """Join trained pipelines into one whose relation component averages theirs."""
    from ..errors import Errors, fail
    from ..files import atomic_folder
    from ..pipeline.ensemble import make_ensemble

    for model in models:
        if not (model / "meta.json").is_file():
            raise fail(Errors.X701, path=model)
    combined = make_ensemble([load_pipeline(model, code) for model in models])
    with atomic_folder(output, marker="meta.json") as building:
        combined.to_disk(building)
    msg.good(f"{output}: {len(models)} models")
