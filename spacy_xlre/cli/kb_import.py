"""`spacy xlre kb import`, `merge` and `check`: what goes into a knowledge base, and whether it is sound."""

import sys
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Dict, List

import typer
from wasabi import msg

from .app import command, split_words
from .kb import kb_app

if TYPE_CHECKING:
    from ..kb.importing import ImportReport


class Format(str, Enum):
    """The formats by name."""

    wikidata = "wikidata"
    rdf = "rdf"
    xfactr = "xfactr"
    webnlg = "webnlg"


@command("import", group=kb_app)
def import_cli(
    sources: List[Path] = typer.Argument(..., help="Files or folders: a dump, .nt or .ttl, plain, .gz or .bz2"),
    output: Path = typer.Option(..., "--output", "-o", help="Folder for entities.jsonl, facts.tsv, properties.jsonl"),
    format_: Format = typer.Option(..., "--format", "-f", help="A JSON dump, RDF, or the layout of a data set"),
    languages: str = typer.Option("", "--languages", "-l", help="Comma-separated languages of names; all by default"),
    properties: str = typer.Option("", "--properties", "-p", help="Comma-separated properties; all by default"),
    types: List[str] = typer.Option([], "--type", "-t", help="CLASS=TYPE, may be repeated; by default PER, ORG, LOC"),
    default_language: str = typer.Option("", "--default-language", help="Of names without a language (RDF)"),
) -> None:
    """Import entities, facts and properties. An import that was interrupted goes on when it is started again."""
    from tqdm import tqdm

    from ..kb.importing import import_kb, rdf, webnlg, wikidata, xfactr
    from ..kb.importing.sink import Importer

    names, facts = split_words(languages), split_words(properties)
    importer: Importer
    known: Dict[str, str] = {}
    if format_ is Format.wikidata:
        importer, known = wikidata.WikidataImporter(names, facts), wikidata.TYPES
    elif format_ is Format.rdf:
        importer, known = rdf.RdfImporter(names, facts, default_language), rdf.TYPES
    elif format_ is Format.xfactr:
        importer = xfactr.XFactrImporter(names, facts)
    else:
        importer = webnlg.WebNlgImporter(names, facts)
    with tqdm(desc="import", unit="B", unit_scale=True, disable=not sys.stderr.isatty()) as bar:

        def show(done: int, total: int) -> None:
            bar.total = total
            bar.update(done - bar.n)

        report = import_kb(importer, sources, output, types=_types(types) or known, progress=show)
    _report(report)


@command("merge", group=kb_app)
def merge_cli(
    sources: List[Path] = typer.Argument(..., help="Folders with entities.jsonl, facts.tsv and properties.jsonl"),
    output: Path = typer.Option(..., "--output", "-o", help="Folder for the files of all of them"),
) -> None:
    """Join the source files of several knowledge bases: what has the same id comes together."""
    from ..kb.importing import import_kb
    from ..kb.importing.source_files import SourceFilesImporter

    _report(import_kb(SourceFilesImporter(), sources, output))


@command("check", group=kb_app)
def check_cli(kb: Path = typer.Argument(..., help="A knowledge base")) -> None:
    """Look for damage, for facts that contradict their properties, and for what is never used."""
    from ..kb.check import check_kb

    findings = check_kb(kb)
    for finding in findings:
        msg.warn(f"{finding.count} {finding.what}, for example {finding.example}")
    if not findings:
        msg.good(f"{kb}: nothing found")


def _report(report: "ImportReport") -> None:
    kept = ", ".join(f"{report.counts[what]} {what}" for what in ("entities", "names", "properties", "facts"))
    rejected = report.counts["rejected"]
    where = f", see {report.path / 'rejects.tsv'}" if rejected else ""
    msg.good(f"{report.path}: {kept}; {rejected} records rejected{where}")
    for reason, count in report.left_out.items():
        if count:
            msg.warn(f"{count} facts left out: {reason}")


def _types(words: List[str]) -> Dict[str, str]:
    from ..errors import Errors, fail

    found: Dict[str, str] = {}
    for word in words:
        class_, equals, type_ = word.partition("=")
        if not (class_ and equals and type_):
            raise fail(Errors.X114, found=word)
        found[class_] = type_
    return found
