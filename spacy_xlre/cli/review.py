"""`spacy xlre review`: a second opinion on distant labels, by models that never saw the texts."""

from pathlib import Path
from typing import TYPE_CHECKING, Any, Dict, List, Optional

import typer
from wasabi import msg

from .app import command

if TYPE_CHECKING:
    from spacy.tokens import Doc

    from ..labeling.second_opinion import OpinionSettings, Revision, Scores

SELDOM = 1_000_000
OVERRIDES = {"allow_extra_args": True, "ignore_unknown_options": True}


@command("review", context_settings=OVERRIDES)
def review_cli(
    ctx: typer.Context,
    labels: Path = typer.Argument(..., help="A .spacy file of labelled Docs, made by 'spacy xlre label'"),
    config: Path = typer.Argument(..., help="The config to train with; other options override its settings"),
    output: Path = typer.Option(..., "--output", "-o", help="The .spacy file to write"),
    folds: int = typer.Option(2, "--folds", help="Parts of the text, each read by a model of the others", min=2),
    min_relation: float = typer.Option(0.05, help="Relations with a lower vote become unknown", min=0.0, max=1.0),
    max_na: float = typer.Option(0.3, help="NA pairs with this vote or more become unknown", min=0.0, max=1.0),
    pipeline: str = typer.Option("", help="The components to train, such as transformer,xlre_relation. Default: all"),
    gpu_id: int = typer.Option(-1, "--gpu-id", "-g", help="GPU id, or -1 for the CPU"),
) -> None:
    """Make those labels unknown that models trained on the other texts do not read there.

    Settings of the config are overridden as in 'spacy train', for example by '--training.max_epochs 4'. A run that was
    interrupted goes on with the models that it has.
    """
    from spacy.cli._util import parse_config_overrides

    from ..labeling.second_opinion import OpinionSettings

    overrides = parse_config_overrides(ctx.args)
    if pipeline:
        overrides["nlp.pipeline"] = pipeline.split(",")
    done = review(labels, config, output, overrides, OpinionSettings(min_relation, max_na), folds=folds, gpu_id=gpu_id)
    msg.good(
        f"{output}: {done.relations_unknown} of {done.relations} relations and {done.negatives_unknown} of "
        f"{done.negatives} NA pairs made unknown"
    )


def review(
    labels: Path,
    config: Path,
    output: Path,
    overrides: Dict[str, Any],
    settings: Optional["OpinionSettings"] = None,
    *,
    folds: int = 2,
    gpu_id: int = -1,
) -> "Revision":
    """Train a model for each fold on the others, let it score the fold, and write the labels that are left.

    labels (Path): A `.spacy` file of labelled Docs.
    config (Path): A training config. Its paths.train and paths.dev become the fold's.
    output (Path): The `.spacy` file to write. The models lie in a folder beside it until it is there.
    overrides (Dict[str, Any]): Settings that differ from the config's.
    settings (Optional[OpinionSettings]): When a label is given up.
    folds (int): How many.
    gpu_id (int): A GPU, or -1.
    RETURNS (Revision): How many labels were given up.
    RAISES (XlreError): If the labels are missing or broken, or of fewer bitexts than folds.
    """
    import shutil

    import spacy

    from ..corpus.docbin import read_docs, write_docs
    from ..corpus.parts import fingerprint
    from ..errors import Errors, fail
    from ..labeling.second_opinion import OpinionSettings, revise, score_pairs, split_folds, vote
    from ..tokens.blank import blank_multilingual

    if not config.is_file():
        raise fail(Errors.X002, path=config)
    docs = list(read_docs(labels, blank_multilingual().vocab))
    parts = split_folds(docs, folds)
    if not all(parts):
        raise fail(Errors.X603, path=labels, folds=folds)
    work = output.with_name(f"{output.name}.folds")
    key = fingerprint(labels, config, sorted(overrides.items()), folds)
    scores: Dict[int, Scores] = {}
    for number, part in enumerate(parts):
        held_out = [docs[index] for index in part]
        others = [doc for index, doc in enumerate(docs) if index not in set(part)]
        folder = work / f"{key}-{number}"
        if not folder.exists():
            msg.info(f"Fold {number + 1} of {folds}: training on the other texts")
            _train(config, folder, others, held_out, overrides, gpu_id)
        scores.update(zip(part, score_pairs(spacy.load(folder / "model-last"), held_out)))
    votes = vote(docs, [scores[index] for index in range(len(docs))])
    revision = revise(docs, votes, settings or OpinionSettings())
    write_docs(output, docs)
    shutil.rmtree(work)
    return revision


def _train(
    config: Path, folder: Path, texts: List["Doc"], held_out: List["Doc"], overrides: Dict[str, Any], gpu_id: int
) -> None:
    """Train a pipeline into a folder, which is there only when the training has ended."""
    from spacy.cli.train import train

    from ..corpus.docbin import write_docs

    paths = {"paths.train": folder.with_suffix(".train.spacy"), "paths.dev": folder.with_suffix(".dev.spacy")}
    for path, docs in zip(paths.values(), (texts, held_out)):
        write_docs(path, docs)
    unfinished = folder.with_suffix(".unfinished")
    own = {name: str(path) for name, path in paths.items()}
    # The last model is used, so that there is nothing to evaluate on the way.
    train(config, unfinished, use_gpu=gpu_id, overrides={"training.eval_frequency": SELDOM, **overrides, **own})
    unfinished.rename(folder)
