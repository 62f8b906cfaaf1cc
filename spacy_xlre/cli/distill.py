"""`spacy xlre distill`: labels that carry what a trained pipeline thinks of each pair."""

from pathlib import Path
from typing import Optional

import typer
from wasabi import msg

from .app import CODE, command
from .loading import load_pipeline, use_gpu

# Docs between two steps of the progress bar.
PART = 256


@command("distill")
def distill_cli(
    teacher: Path = typer.Argument(..., help="A trained pipeline, such as an ensemble"),
    labels: Path = typer.Argument(..., help="A .spacy file of labelled Docs"),
    output: Path = typer.Option(..., "--output", "-o", help="The .spacy file to write"),
    share: float = typer.Option(0.5, "--share", help="How much of a target the teacher decides", min=0.0, max=1.0),
    by_bitext: bool = typer.Option(False, "--by-bitext", help="Average what it reads in all languages of a bitext"),
    teach_unknown: bool = typer.Option(False, "--teach-unknown", help="The teacher alone decides on unknown pairs"),
    code: Optional[Path] = CODE,
    gpu_id: int = typer.Option(-1, "--gpu-id", "-g", help="GPU id, or -1 for the CPU"),
) -> None:
    """Mix the labels of each pair with a teacher's probabilities, to train a single model on.

    With --by-bitext languages learn from one another: a pair gets what the teacher reads in all of them, which it may
    know better in one than in the others. With --teach-unknown pairs that are unknown, such as those whose label a
    review gave up, get the teacher's opinion.
    """
    done = distill(
        teacher,
        labels,
        output,
        share=share,
        by_bitext=by_bitext,
        teach_unknown=teach_unknown,
        code=code,
        gpu_id=gpu_id,
    )
    msg.good(f"{output}: {done} pairs with the opinion of {teacher}")


def distill(
    teacher: Path,
    labels: Path,
    output: Path,
    *,
    share: float,
    by_bitext: bool = False,
    teach_unknown: bool = False,
    code: Optional[Path] = None,
    gpu_id: int = -1,
) -> int:
    """Write labels mixed with a teacher's probabilities; arguments as those of the command.

    RETURNS (int): How many pairs have a new target.
    RAISES (XlreError): If the teacher is no trained pipeline, or has no relation component.
    """
    from tqdm import tqdm

    from ..corpus.docbin import read_docs, write_docs
    from ..labeling.distillation import probabilities, soften
    from ..labeling.second_opinion import score_pairs, vote
    from ..pipeline.pretrained import find_component
    from ..tokens.blank import blank_multilingual

    use_gpu(gpu_id)
    nlp = load_pipeline(teacher, code)
    component = find_component(nlp)
    exclusive, one_direction = component.cfg["exclusive"], component.cfg["one_direction"]
    docs = list(read_docs(labels, blank_multilingual().vocab))
    taught = []
    with tqdm(total=len(docs), desc="distill", unit="doc", disable=None) as bar:
        for start in range(0, len(docs), PART):
            part = docs[start : start + PART]
            scores = score_pairs(nlp, part)
            # The scores of independent labels are probabilities already.
            taught += [probabilities(own, one_direction=one_direction) for own in scores] if exclusive else scores
            bar.update(len(part))
    votes = vote(docs, taught) if by_bitext else taught
    done = soften(
        docs,
        votes,
        share=share,
        directions=component.rules.directions,
        exclusive=exclusive,
        one_direction=one_direction,
        teach_unknown=teach_unknown,
    )
    write_docs(output, docs)
    return done
