"""`spacy xlre kb`: build a knowledge base, and look into one."""

import sys
from pathlib import Path
from typing import Optional

import typer
from wasabi import msg

from .app import app, command, split_words

kb_app = typer.Typer(name="kb", help="Build a knowledge base, and look into one.", no_args_is_help=True)
app.add_typer(kb_app)


@command("build", group=kb_app)
def build_cli(
    entities: Path = typer.Argument(..., help="Entities with types and names: JSON lines, or a table (.tsv)"),
    facts: Path = typer.Argument(..., help="Facts: subject, property, object, tab-separated"),
    properties: Path = typer.Argument(..., help="Properties with names and allowed types: JSON lines"),
    dest: Path = typer.Argument(..., help="The folder to make, or a knowledge base to replace"),
    ignore_case: str = typer.Option("", help="Comma-separated languages in which capitals do not count"),
    ignore_diacritics: str = typer.Option("", help="Comma-separated languages in which diacritics do not count"),
    inflections: Optional[Path] = typer.Option(None, help="Endings of names, which 'spacy xlre label --learn' wrote"),
    rejects: Optional[Path] = typer.Option(None, "--rejects", help="What was left out, and why (TSV)"),
) -> None:
    """Build a knowledge base from files of entities, facts and properties."""
    from tqdm import tqdm

    from ..kb.build import STEPS, build_kb

    with tqdm(total=len(STEPS), desc="kb", unit="step", disable=not sys.stderr.isatty()) as bar:

        def show(step: str) -> None:
            bar.set_postfix_str(step)
            bar.update()

        report = build_kb(
            entities,
            facts,
            properties,
            dest,
            ignore_case=split_words(ignore_case),
            ignore_diacritics=split_words(ignore_diacritics),
            inflections=inflections,
            rejects=rejects,
            progress=show,
        )
    counts = report.manifest.counts
    kept = ", ".join(f"{counts[what]} {what}" for what in ("entities", "names", "properties", "facts"))
    msg.good(f"{dest}: {kept}; {counts['rejected']} rejected")
    if report.rejected:
        reasons = "; ".join(f"{reason}: {count}" for reason, count in report.rejected.items())
        msg.warn(f"{report.rejects} says what was left out ({reasons})")


@command("info", group=kb_app)
def info_cli(kb: Path = typer.Argument(..., help="A knowledge base")) -> None:
    """Show how much a knowledge base holds, by language and by property."""
    from ..kb.store import KnowledgeBase

    store = KnowledgeBase.open(kb)
    msg.table(
        [(what, str(count)) for what, count in store.manifest.counts.items()],
        header=(str(kb), f"version {store.manifest.version}"),
        divider=True,
        aligns=("l", "r"),
    )
    columns = ("names", "keys", "inflected", "ambiguous", "unmatchable")
    msg.table(
        [(lang, *(str(counts[column]) for column in columns)) for lang, counts in store.manifest.languages.items()],
        header=("language", "names", "different", "only inflected", "ambiguous", "never matched"),
        divider=True,
        aligns=("l", "r", "r", "r", "r", "r"),
    )
    msg.table(
        [
            (
                prop.id,
                prop.names.get("en") or next(iter(prop.names.values()), ""),
                str(len(store.facts(property=prop.id))),
                "/".join(prop.head_types) or "any",
                "/".join(prop.tail_types) or "any",
                " ".join(flag for flag in ("symmetric", "functional") if getattr(prop, flag)),
            )
            for prop in store.properties.values()
        ],
        header=("property", "name", "facts", "head", "tail", ""),
        divider=True,
        aligns=("l", "l", "r", "l", "l", "l"),
    )


@command("query", group=kb_app)
def query_cli(
    kb: Path = typer.Argument(..., help="A knowledge base"),
    name: str = typer.Argument(..., help="A name, or an entity's id"),
    lang: str = typer.Option(..., "--language", "--lang", "-l", help="The language of the name"),
) -> None:
    """Show what a name may mean, and the facts of each entity."""
    from ..errors import Errors, fail
    from ..kb.store import KnowledgeBase

    store = KnowledgeBase.open(kb)
    if store.resolve_language(lang) is None:
        raise fail(Errors.X107, lang=lang, langs=", ".join(store.languages) or "none")
    found = store.candidates(name, lang) or ([(name, 1.0)] if store.entity(name) else [])
    if not found:
        raise fail(Errors.X108, path=kb, name=name, lang=lang)
    for id, prior in found:
        entity = store.entity(id)
        names = entity.names if entity is not None else {}
        types = "/".join(entity.types) if entity is not None else ""
        msg.divider(f"{id}  {types}  prior {prior:.2f}")
        msg.table([(code, ", ".join(values)) for code, values in names.items()])
        facts = store.facts(subject=id) + [fact for fact in store.facts(object=id) if fact.subject != id]
        msg.table([(fact.subject, fact.property, fact.object) for fact in facts])
