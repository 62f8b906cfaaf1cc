"""What commands load: trained pipelines, code of the user's own, and a GPU."""

from pathlib import Path
from typing import TYPE_CHECKING, Optional, Union

from wasabi import msg

from ..errors import Errors, fail

if TYPE_CHECKING:
    from spacy.language import Language


def load_pipeline(name: Union[str, Path], code: Optional[Path] = None) -> "Language":
    """Load a trained pipeline.

    name (str or Path): A folder, or an installed package.
    code (Optional[Path]): A Python file to import first.
    RAISES (XlreError): If there is no such pipeline, or it cannot be loaded.
    """
    import spacy
    from spacy.cli._util import import_code

    import_code(code)
    try:
        return spacy.load(name)
    except OSError:
        raise fail(Errors.X701, path=name) from None
    except Exception as error:
        # Whatever a damaged file, or a function that is not registered, makes of it.
        raise fail(Errors.X704, path=name, reason=" ".join(str(error).split())) from None


def use_gpu(gpu_id: int) -> None:
    """Use a GPU, or the CPU if the id is -1.

    RAISES (XlreError): If it cannot be used.
    """
    from spacy.cli._util import setup_gpu

    try:
        setup_gpu(gpu_id, silent=True)
    except Exception as error:
        raise fail(Errors.X705, gpu=gpu_id, reason=" ".join(str(error).split())) from None


def warn_if_untrained(nlp: "Language", name: Union[str, Path]) -> None:
    """Say so if a pipeline's relation component gives every pair the same scores, as before its first step."""
    from ..ml.relations.classifier import is_untrained
    from ..pipeline.relation import RelationExtractor

    for _, pipe in nlp.pipeline:
        if isinstance(pipe, RelationExtractor) and is_untrained(pipe.model):
            msg.warn(
                f"{name}: the relation component has learned nothing. If its training ended before it was evaluated "
                "a second time, lower training.eval_frequency, or take model-last."
            )
