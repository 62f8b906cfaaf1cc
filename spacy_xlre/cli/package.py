"""`spacy xlre package`: a trained pipeline as wheels, whole and with the relation component self-contained."""

from pathlib import Path
from typing import Optional

import typer
from wasabi import msg

from .app import CODE, command
from .loading import load_pipeline, warn_if_untrained


@command("package")
def package_cli(
    model: Path = typer.Argument(..., help="A trained pipeline with an xlre_relation component"),
    output: Path = typer.Argument(..., help="Folder for the packages"),
    name: str = typer.Option("relations", "--name", "-n", help="Package name, without the language"),
    version: str = typer.Option("0.1.0", "--version", "-v", help="Package version"),
    code: Optional[Path] = CODE,
    wheel: bool = typer.Option(True, "--wheel/--no-wheel", help="Build wheels too (needs the package 'build')"),
) -> None:
    """Package a pipeline twice: whole, and as NAME_component, to source xlre_relation from into other pipelines."""
    from importlib.util import find_spec

    from ..errors import Errors, fail
    from ..pipeline.packaging import package_pipeline

    if not (model / "meta.json").is_file():
        raise fail(Errors.X701, path=model)
    if wheel and find_spec("build") is None:
        raise fail(Errors.X702)
    nlp = load_pipeline(model, code)
    warn_if_untrained(nlp, model)
    for path in package_pipeline(nlp, output, name=name, version=version, wheel=wheel, code=code):
        msg.good(str(path))
