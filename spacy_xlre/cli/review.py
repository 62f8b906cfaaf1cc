"""`spacy xlre review`: a second opinion on distant labels, by models that never saw the texts."""

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Dict, List, Optional, Sequence

import typer
from wasabi import msg

from .app import CODE, command, split_words

if TYPE_CHECKING:
    from spacy.tokens import Doc

    from ..labeling.second_opinion import OpinionSettings, Revision, Scores

# The last model is used, so that there is nothing to evaluate on the way, and no score to wait for; what is evaluated
# first may be little.
TO_THE_END = ("--training.eval_frequency=1000000", "--training.patience=0")
EVALUATED = 8
OVERRIDES = {"allow_extra_args": True, "ignore_unknown_options": True}


@command("review", context_settings=OVERRIDES)
def review_cli(
    ctx: typer.Context,
    labels: Path = typer.Argument(..., help="A .spacy file of labelled Docs, made by 'spacy xlre label'"),
    config: Path = typer.Argument(..., help="The config to train with; other options override its settings"),
    output: Path = typer.Option(..., "--output", "-o", help="The .spacy file to write"),
    folds: int = typer.Option(3, "--folds", help="Parts of the text, each read by a model of the others", min=2),
    min_relation: float = typer.Option(0.15, help="Relations with a lower vote become unknown", min=0.0, max=1.0),
    max_na: float = typer.Option(0.3, help="NA pairs with this vote or more become unknown", min=0.0, max=1.0),
    min_added: float = typer.Option(0.9, help="Unknown and NA pairs with this vote or more become relations", min=0.0),
    by_probability: bool = typer.Option(False, "--by-probability", help="Vote among all labels, not each against NA"),
    votes: Optional[Path] = typer.Option(None, "--votes", help="Write the votes there, for 'spacy xlre vote'"),
    pipeline: str = typer.Option("", help="The components to train, such as transformer,xlre_relation. Default: all"),
    code: Optional[Path] = CODE,
    jobs: int = typer.Option(1, "--jobs", "-j", help="Models to train at a time; on a GPU 1", min=1),
    gpu_id: int = typer.Option(-1, "--gpu-id", "-g", help="GPU id, or -1 for the CPU"),
) -> None:
    """Make those labels unknown that models trained on the other texts do not read there.

    Settings of the config are overridden as in 'spacy train', for example by '--training.max_epochs 4'. A run that was
    interrupted goes on with the models that it has. By default a vote says how likely a label is rather than NA, which
    tells stated facts from others. With --by-probability it is the label's probability among all: for labels that are
    mistaken for one another.
    """
    from ..labeling.second_opinion import OpinionSettings

    overrides = [*ctx.args, "--gpu-id", str(gpu_id)]
    if pipeline:
        names = ", ".join(f'"{name}"' for name in split_words(pipeline))
        overrides.append(f"--nlp.pipeline=[{names}]")
    settings = OpinionSettings(min_relation, max_na, min_added)
    jobs = jobs if gpu_id < 0 else 1
    done = review(
        labels,
        config,
        output,
        overrides,
        settings,
        folds=folds,
        jobs=jobs,
        votes_path=votes,
        by_probability=by_probability,
        code=code,
    )
    msg.good(
        f"{output}: {done.relations_unknown} of {done.relations} relations and {done.negatives_unknown} of "
        f"{done.negatives} NA pairs made unknown, {done.added} relations added"
    )


def review(
    labels: Path,
    config: Path,
    output: Path,
    overrides: Sequence[str],
    settings: Optional["OpinionSettings"] = None,
    *,
    folds: int = 3,
    jobs: int = 1,
    votes_path: Optional[Path] = None,
    by_probability: bool = False,
    code: Optional[Path] = None,
) -> "Revision":
    """Train a model for each fold on the others, let it score the fold, and write the labels that are left.

    labels (Path): A `.spacy` file of labelled Docs.
    config (Path): A training config. Its paths.train and paths.dev become the fold's.
    output (Path): The `.spacy` file to write. The models lie in a folder beside it until it is there.
    overrides (Sequence[str]): Options of `spacy train`.
    settings (Optional[OpinionSettings]): When a label is given up.
    folds (int): How many.
    jobs (int): How many are trained at a time.
    votes_path (Optional[Path]): Where to write the votes, too.
    by_probability (bool): Whether a vote is the probability of a label among all, which exclusive ones have, instead of
        how likely it is rather than NA.
    code (Optional[Path]): A Python file to import first, here and in each training.
    RETURNS (Revision): How many labels were given up.
    RAISES (XlreError): If the labels are missing or broken, or of fewer bitexts than folds, a training would never end,
        or fails, or its labels are not exclusive where they must be.
    """
    import shutil

    import spacy
    from spacy.cli._util import import_code

    from ..corpus.docbin import read_docs, write_docs
    from ..corpus.parts import fingerprint
    from ..errors import Errors, fail
    from ..labeling.distillation import probabilities
    from ..labeling.second_opinion import OpinionSettings, revise, score_pairs, split_folds, vote
    from ..labeling.vote_files import write_votes
    from ..pipeline.pretrained import find_component
    from ..tokens.blank import blank_multilingual
    from ..tokens.directions import Directions

    if not config.is_file():
        raise fail(Errors.X002, path=config)
    import_code(code)
    _check_config(config, overrides, by_probability)
    docs = list(read_docs(labels, blank_multilingual().vocab))
    parts = split_folds(docs, folds)
    if not all(parts):
        raise fail(Errors.X603, path=labels, folds=folds)
    words = overrides if code is None else [*overrides, "--code", str(code)]
    work = output.with_name(f"{output.name}.folds")
    key = fingerprint(labels, config, list(overrides), folds, *([] if code is None else [code]))[:16]
    folders = [work / f"{key}-{number}" for number in range(folds)]

    def train_fold(number: int) -> None:
        held_out = set(parts[number])
        texts = [doc for index, doc in enumerate(docs) if index not in held_out]
        msg.info(f"Fold {number + 1} of {folds}: training on {len(texts)} Docs, to read {len(held_out)}")
        _train(config, folders[number], texts, [docs[i] for i in parts[number][:EVALUATED]], words, jobs)

    with ThreadPoolExecutor(jobs) as pool:
        list(pool.map(train_fold, [number for number in range(folds) if not folders[number].exists()]))
    scores: Dict[int, Scores] = {}
    directions = Directions()
    for part, folder in zip(parts, folders):
        nlp = spacy.load(folder / "model-last")
        component = find_component(nlp)
        directions, one_direction = component.rules.directions, component.cfg["one_direction"]
        found = score_pairs(nlp, [docs[index] for index in part])
        scores.update(
            zip(part, (probabilities(own, one_direction=one_direction) for own in found) if by_probability else found)
        )
    votes = vote(docs, [scores[index] for index in range(len(docs))])
    if votes_path is not None:
        write_votes(votes_path, docs, votes)
    revision = revise(docs, votes, settings or OpinionSettings(), directions)
    write_docs(output, docs)
    shutil.rmtree(work)
    return revision


def _check_config(config: Path, overrides: Sequence[str], by_probability: bool) -> None:
    """Refuse a config whose training only ends when scores no longer rise, as nothing is scored here, one without a
    relation component, and independent labels if probabilities are to vote.
    """
    from spacy.cli._util import parse_config_overrides
    from spacy.util import load_config
    from thinc.config import ConfigValidationError

    from ..errors import Errors, fail
    from ..pipeline.pretrained import FACTORY

    settings: List[str] = []
    is_setting = False
    for word in overrides:
        name = word.split("=", 1)[0]
        is_setting = "." in name if word.startswith("--") else is_setting
        if word.startswith("--") and not is_setting and name != "--gpu-id":
            raise fail(Errors.X617, option=name, example="--training.max_epochs 4")
        if is_setting:
            settings.append(word)
    try:
        loaded = load_config(config, overrides=parse_config_overrides(settings), interpolate=False)
    except ConfigValidationError:
        # The training itself says what is wrong.
        return
    if not any(loaded["training"].get(name) for name in ("max_steps", "max_epochs")):
        raise fail(Errors.X613, path=config)
    names = loaded["nlp"]["pipeline"]
    # A variable names nothing yet.
    names = names if isinstance(names, list) else list(loaded["components"])
    components = [loaded["components"].get(name, {}) for name in names]
    relations = [own for own in components if own.get("factory") == FACTORY]
    if not relations and not any("source" in own for own in components):
        raise fail(Errors.X324, name=config, found=", ".join(names) or "none")
    if by_probability and not all(own.get("exclusive", True) for own in relations):
        raise fail(Errors.X614, path=config)


def _train(
    config: Path, folder: Path, texts: List["Doc"], dev: List["Doc"], overrides: Sequence[str], jobs: int
) -> None:
    """Train a pipeline into a folder, which is there only when the training has ended."""
    from ..corpus.docbin import write_docs
    from ..errors import Errors, fail

    words = [sys.executable, "-m", "spacy", "train", str(config), *TO_THE_END, *overrides]
    for name, docs in (("train", texts), ("dev", dev)):
        path = folder.with_suffix(f".{name}.spacy")
        write_docs(path, docs)
        words.append(f"--paths.{name}={path}")
    unfinished = folder.with_suffix(".unfinished")
    threads = max(1, (os.cpu_count() or 1) // jobs)
    # A process of its own: only so can several use their parts of the cores.
    done = subprocess.run(
        [*words, "--output", str(unfinished)], env={**os.environ, "OMP_NUM_THREADS": str(threads)}, check=False
    )
    if done.returncode:
        raise fail(Errors.X604, folder=folder.name, code=done.returncode)
    unfinished.rename(folder)
