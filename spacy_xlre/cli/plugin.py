"""The `spacy_cli` entry point: importing this module registers every command and puts `xlre` under `spacy`."""

from spacy.cli._util import app as spacy_app

from . import (  # noqa: F401
    align,
    convert,
    corpus,
    distill,
    encoder,
    ensemble,
    evaluate,
    filter,
    kb,
    kb_import,
    label,
    links,
    mine,
    package,
    render,
    review,
    suggest,
    vote,
)
from .app import app

spacy_app.add_typer(app, name="xlre")
