"""`spacy xlre align`: sentences, beads and links for the bitexts of a .spacy file."""

from pathlib import Path
from typing import TYPE_CHECKING, Any, Dict, Optional, Tuple

import typer
from wasabi import msg

from .app import command

if TYPE_CHECKING:
    from spacy.language import Language

    from ..pipeline.aligner import Aligner


@command("align")
def align_cli(
    input_path: Path = typer.Argument(..., help="A .spacy file of bitexts, or a folder of them"),
    output_path: Path = typer.Argument(..., help="The .spacy file to write"),
    encoder: str = typer.Option("", "--encoder", "-e", help="Encoder folder or hub name. By default the component's"),
    config: Optional[Path] = typer.Option(None, "--config", "-c", help="A .cfg file with a section [aligner]"),
    pairs: str = typer.Option("", "--pairs", "-p", help="'all', or the language code of a pivot"),
    keep_sentences: bool = typer.Option(False, "--keep-sentences", help="Keep the input's sentence starts"),
    shard: int = typer.Option(64, "--shard", min=1, help="Bitexts a part: what an interruption can lose"),
) -> None:
    """Align the sentences and words of bitexts; a run that was interrupted goes on where it stopped."""
    from ..tokens.languages import check_language

    if pairs and pairs != "all":
        check_language(pairs)
    settings = read_settings(config) if config else {}
    settings.update({name: value for name, value in (("encoder", encoder), ("pairs", pairs)) if value})
    if keep_sentences:
        settings["keep_sentences"] = True
    count, beads, links = align(input_path, output_path, settings, shard=shard)
    msg.good(f"{output_path}: {count} bitexts, {beads} beads, {links} links")


def read_settings(path: Path) -> Dict[str, Any]:
    """Read settings of the component from the section [aligner] of a config file.

    RAISES (XlreError): If the file is missing, is no config, or has a setting that the component has not.
    """
    from thinc.api import Config

    from ..errors import Errors, fail
    from ..pipeline.aligner import DEFAULTS

    if not path.is_file():
        raise fail(Errors.X002, path=path)
    try:
        settings = dict(Config().from_disk(path)["aligner"])
    except (ValueError, KeyError) as error:
        reason = "it has no section [aligner]" if isinstance(error, KeyError) else " ".join(str(error).split())
        raise fail(Errors.X404, reason=f"{path}: {reason}", names=", ".join(DEFAULTS)) from None
    unknown = sorted(set(settings) - set(DEFAULTS))
    if unknown:
        reason = f"{path}: there is no setting {', '.join(unknown)}"
        raise fail(Errors.X404, reason=reason, names=", ".join(DEFAULTS))
    return settings


def make_pipeline(settings: Dict[str, Any]) -> Tuple["Language", "Aligner"]:
    """Make the blank pipeline of all steps with an aligner in it.

    settings (Dict[str, Any]): Settings of the component that differ from its defaults.
    RETURNS (Tuple[Language, Aligner]): The pipeline and its aligner.
    RAISES (XlreError): If the settings cannot be used.
    """
    from confection import ConfigValidationError

    from ..errors import Errors, fail
    from ..pipeline.aligner import DEFAULTS
    from ..tokens.blank import blank_multilingual

    nlp = blank_multilingual()
    try:
        aligner = nlp.add_pipe("xlre_aligner", config=settings)
    except ConfigValidationError as error:
        wrong = "; ".join(f"{'.'.join(map(str, item['loc']))}: {item['msg']}" for item in error.errors)
        raise fail(Errors.X404, reason=wrong, names=", ".join(DEFAULTS)) from None
    return nlp, aligner  # type: ignore[return-value]


def align(input_path: Path, output_path: Path, settings: Dict[str, Any], *, shard: int = 64) -> Tuple[int, int, int]:
    """Align the bitexts of a file and write them to another.

    input_path (Path): A `.spacy` file, or a folder of them. Docs that are no bitexts are copied.
    output_path (Path): The `.spacy` file to write; the parts of a run that was interrupted lie beside it.
    settings (Dict[str, Any]): Settings of `xlre_aligner` that differ from its defaults.
    shard (int): Bitexts a part.
    RETURNS (Tuple[int, int, int]): How many bitexts, beads and links were written.
    RAISES (XlreError): If the input is missing, broken or holds no bitext, or the encoder cannot be used.
    """
    from tqdm import tqdm

    from ..about import __version__
    from ..corpus.docbin import read_docs
    from ..corpus.parts import Parts, fingerprint
    from ..errors import Errors, fail
    from ..tokens import get_alignment
    from ..tokens.bitext import is_bitext

    nlp, aligner = make_pipeline(settings)
    docs = list(read_docs(input_path, nlp.vocab))
    if not any(is_bitext(doc) for doc in docs):
        raise fail(Errors.X406, path=input_path)
    encoder = Path(aligner.settings["encoder"])
    made_from = [aligner.settings, input_path, encoder if encoder.is_dir() else str(encoder), __version__]
    parts = Parts(output_path, fingerprint(*made_from), size=shard)
    counts = [0, 0, 0]
    with tqdm(total=len(docs), desc="align", unit="bitext", disable=None) as progress:
        for done in parts.run(docs, lambda part: list(nlp.pipe(part)), nlp.vocab):
            for alignment in filter(None, map(get_alignment, done)):
                counts[0] += 1
                counts[1] += sum(len(pair.beads) for pair in alignment.pairs)
                counts[2] += sum(len(pair.links) for pair in alignment.pairs)
            progress.update(len(done))
    return counts[0], counts[1], counts[2]
