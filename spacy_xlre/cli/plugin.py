"""The `spacy_cli` entry point: importing this module registers every command and puts `xlre` under `spacy`."""

from spacy.cli._util import app as spacy_app

from . import kb
from .app import app

__all__ = ["app", "kb"]

spacy_app.add_typer(app, name="xlre")
