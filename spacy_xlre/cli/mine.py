"""`spacy xlre mine`: translation pairs out of two files of unaligned sentences."""

from pathlib import Path
from typing import TYPE_CHECKING, Any, Dict, List, Optional, Sequence, Tuple

import typer
from wasabi import msg

from .align import make_pipeline, read_settings
from .app import command, split_words

if TYPE_CHECKING:
    from ..pipeline.aligner import Aligner
    from ..pipeline.mining import MiningSettings

SUFFIXES = (".tsv", ".spacy")


@command("mine")
def mine_cli(
    source: Path = typer.Argument(..., help="Sentences of one language, one a line"),
    target: Path = typer.Argument(..., help="Sentences of the other language, one a line"),
    output: List[Path] = typer.Option(
        ..., "--output", "-o", help="A table (.tsv) or bitexts (.spacy) to write; give it twice for both"
    ),
    languages: str = typer.Option("", "--languages", "-l", help="Their codes: en,de. By default the files' suffixes"),
    split: bool = typer.Option(False, "--split", help="Lines are texts: cut them into sentences"),
    min_margin: float = typer.Option(0.1, "--min-margin", help="Leave out pairs that are hardly nearer than others"),
    min_prob: float = typer.Option(0.0, "--min-prob", help="Leave out pairs of a lower P(s,t)", min=0.0, max=1.0),
    neighbours: int = typer.Option(4, "--neighbours", help="Neighbours that the margin is taken over", min=1),
    encoder: str = typer.Option("", "--encoder", "-e", help="Encoder folder or hub name. By default the aligner's"),
    config: Optional[Path] = typer.Option(None, "--config", "-c", help="A .cfg file with a section [aligner]"),
    rejects: Optional[Path] = typer.Option(None, "--rejects", help="Sentences without a pair, and why (TSV)"),
    shard: int = typer.Option(2000, "--shard", min=1, help="Sentences a part: what an interruption can lose"),
) -> None:
    """Find the sentences of two files that are translations of each other; an interrupted run goes on."""
    from ..errors import Errors, fail
    from ..pipeline.mining import MiningSettings
    from ..tokens.languages import check_language

    for path in output:
        if path.suffix not in SUFFIXES:
            raise fail(Errors.X510, path=path, suffixes=" or ".join(SUFFIXES))
    codes = split_words(languages) if languages else [p.suffix[1:] for p in (source, target)]
    if len(codes) != 2 or codes[0] == codes[1] or not all(codes):
        raise fail(Errors.X509, found=",".join(codes))
    for code in codes:
        check_language(code)
    settings = read_settings(config) if config else {}
    if encoder:
        settings["encoder"] = encoder
    pairs, left_out = mine(
        (source, target),
        (codes[0], codes[1]),
        output,
        settings,
        MiningSettings(neighbours=neighbours, min_margin=min_margin, min_prob=min_prob),
        rejects=rejects or output[0].with_suffix(".rejects.tsv"),
        split=split,
        shard=shard,
    )
    msg.good(f"{', '.join(map(str, output))}: {pairs} pairs, {left_out} sentences and lines without one")


def mine(
    paths: Tuple[Path, Path],
    languages: Tuple[str, str],
    outputs: Sequence[Path],
    aligner_settings: Dict[str, Any],
    settings: "MiningSettings",
    *,
    rejects: Path,
    split: bool = False,
    shard: int = 2000,
) -> Tuple[int, int]:
    """Mine two files and write the pairs.

    paths (Tuple[Path, Path]): The files of source and target, a sentence a line.
    languages (Tuple[str, str]): Their language codes.
    outputs (Sequence[Path]): Files to write, `.tsv` or `.spacy`. What is encoded is kept beside the first until then.
    aligner_settings (Dict[str, Any]): Settings of `xlre_aligner` that differ from its defaults: its encoder gives the
        vectors, its midpoint and steepness P(s,t).
    settings (MiningSettings): How pairs are chosen.
    rejects (Path): Where to write every sentence that is in no pair.
    split (bool): Cut the lines into sentences.
    shard (int): Sentences a part.
    RETURNS (Tuple[int, int]): How many pairs were found, and how many sentences and empty lines are left.
    RAISES (XlreError): If a file is missing, broken or without a sentence, both are the same, or the encoder cannot be
        used.
    """
    from ..corpus.docbin import write_docs
    from ..corpus.mined import SentencePair, mined_bitext, read_sentences, write_table
    from ..errors import Errors, fail
    from ..files import Rejects
    from ..ml.align.probability import ProbabilitySettings, bead_probability
    from ..pipeline.mining import UniqueTexts, mine_pairs

    nlp, aligner = make_pipeline(aligner_settings)
    with Rejects(rejects) as left_out:
        sides = [read_sentences(path, lang, left_out, split=split) for path, lang in zip(paths, languages)]
        for path, sentences in zip(paths, sides):
            if not sentences:
                raise fail(Errors.X511, path=path)
        texts = [UniqueTexts([sentence.text for sentence in sentences]) for sentences in sides]
        if set(texts[0].places) == set(texts[1].places):
            raise fail(Errors.X512, source=paths[0], target=paths[1])
        parts, vectors = _encode(aligner, [side.texts for side in texts], outputs[0], shard)
        lengths = [aligner.encoder.get().count_pieces(side.texts) for side in texts]
        how = ProbabilitySettings(
            aligner.settings["midpoint"], aligner.settings["steepness"], aligner.settings["length_penalty"]
        )
        with _Bars(sum(len(side.texts) for side in texts)) as bars:
            mined = mine_pairs(
                texts[0],
                texts[1],
                vectors[0],
                vectors[1],
                lambda cosines, i, j: bead_probability(cosines, lengths[0][i] / lengths[1][j], settings=how),
                settings,
                bars.update,
            )
        for item in mined.left_out:
            sentence = sides[item.side][item.index]
            left_out.add(paths[item.side], sentence.line, item.reason, sentence.text)
        pairs = [SentencePair(sides[0][m.source], sides[1][m.target], m.margin, m.prob) for m in mined.pairs]
        for path in outputs:
            if path.suffix == ".tsv":
                write_table(path, pairs)
            else:
                write_docs(path, (mined_bitext(nlp, pair, languages, paths) for pair in pairs))
    parts.remove()
    return len(pairs), left_out.count


def _encode(aligner: "Aligner", sides: Sequence[Sequence[str]], output: Path, shard: int) -> Tuple[Any, List[Any]]:
    """Encode the texts of both sides in parts; those of an interrupted run of the same input are taken over."""
    import numpy
    from tqdm import tqdm

    from ..about import __version__
    from ..corpus.parts import Parts, fingerprint

    encoder = Path(aligner.settings["encoder"])
    made_from = [aligner.settings, list(map(list, sides)), encoder if encoder.is_dir() else str(encoder), __version__]
    parts = Parts(output, fingerprint(*made_from), size=shard)
    vectors = []
    with tqdm(total=sum(map(len, sides)), desc="encode", unit="sentence", disable=None) as progress:
        for name, texts in zip(("source", "target"), sides):
            found = []
            for array in parts.arrays(name, texts, lambda part: aligner.encoder.get().encode_sentences(part)):
                found.append(array)
                progress.update(len(array))
            vectors.append(numpy.concatenate(found))
    return parts, vectors


class _Bars:
    """A progress bar for each step that reports, one after the other.

    total (int): Texts a step.
    """

    def __init__(self, total: int) -> None:
        self.total = total
        self.step = ""
        self.bar: Any = None

    def update(self, step: str, count: int) -> None:
        """Show that a step is done with some more texts."""
        from tqdm import tqdm

        if step != self.step:
            self.close()
            self.step, self.bar = step, tqdm(total=self.total, desc=step, unit="sentence", disable=None)
        self.bar.update(count)

    def close(self) -> None:
        """End the bar of the last step."""
        if self.bar is not None:
            self.bar.close()

    def __enter__(self) -> "_Bars":
        return self

    def __exit__(self, *details: Any) -> None:
        self.close()
