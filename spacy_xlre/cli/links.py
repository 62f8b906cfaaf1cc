"""`spacy xlre links`: word alignments to and from the Pharaoh format of other tools."""

from pathlib import Path

import typer
from wasabi import msg

from .app import app, command, split_words

links_app = typer.Typer(name="links", help="Word alignments in the Pharaoh format.", no_args_is_help=True)
app.add_typer(links_app, name="links")


@command("import", group=links_app)
def import_cli(
    text: Path = typer.Argument(..., help="Tokenised parallel text, a pair a line: source ||| target"),
    links: Path = typer.Argument(..., help="Its links, a line a pair: 0-0 1-2 2p1"),
    output: Path = typer.Argument(..., help="The .spacy file of aligned bitexts to write"),
    languages: str = typer.Option(..., "--languages", "-l", help="The codes of source and target: en,de"),
    first: int = typer.Option(0, "--first", help="The number of the first word: 0 or 1", min=0, max=1),
) -> None:
    """Read parallel text with gold or silver links, for example to train an aligner."""
    from ..corpus.docbin import write_docs
    from ..corpus.pharaoh import read_bitexts
    from ..errors import Errors, fail
    from ..tokens.blank import blank_multilingual
    from ..tokens.languages import check_language

    codes = split_words(languages)
    if len(codes) != 2 or codes[0] == codes[1]:
        raise fail(Errors.X509, found=languages)
    for code in codes:
        check_language(code)
    docs = read_bitexts(text, links, (codes[0], codes[1]), blank_multilingual().vocab, first=first)
    msg.good(f"{output}: {write_docs(output, docs)} bitexts")


@command("export", group=links_app)
def export_cli(
    aligned: Path = typer.Argument(..., help="A .spacy file of aligned bitexts"),
    text: Path = typer.Argument(..., help="The text to write, a bead a line: source ||| target"),
    links: Path = typer.Argument(..., help="The links to write, a line a bead: 0-0 1-2"),
    pair: str = typer.Option(..., "--pair", "-p", help="The languages of source and target: en-de"),
    probabilities: bool = typer.Option(False, "--probabilities", help="Write 0-0:0.93"),
) -> None:
    """Write the links of aligned bitexts for other tools."""
    from ..corpus.docbin import read_docs
    from ..corpus.pharaoh import write_bitext, write_links
    from ..errors import Errors, fail
    from ..files import atomic_file
    from ..tokens.bitext import get_segments, is_bitext
    from ..tokens.blank import blank_multilingual
    from ..tokens.languages import split_pair

    docs = [doc for doc in read_docs(aligned, blank_multilingual().vocab) if is_bitext(doc)]
    if not docs:
        raise fail(Errors.X406, path=aligned)
    rows = []
    for doc in docs:
        source, target = split_pair(pair, list(get_segments(doc)))
        rows += list(write_bitext(doc, source, target))
    for path, lines in (
        (text, [text_ for text_, _ in rows]),
        (links, [write_links(found, probabilities=probabilities) for _, found in rows]),
    ):
        with atomic_file(path) as temporary:
            temporary.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    msg.good(f"{text}, {links}: {len(rows)} beads")
