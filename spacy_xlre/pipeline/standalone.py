"""A trained `xlre_relation` with an encoder of its own, which any pipeline can source."""

import tempfile
from typing import Any, Dict, Optional

from spacy.language import Language
from spacy.util import load_model

from ..errors import Errors, fail
from .relation import RelationExtractor

LISTENER_PATH = "model.tok2vec"


def make_standalone(nlp: Language) -> Language:
    """Return a pipeline of the relation components alone, each with its own copy of the encoder that it listened to.

        trained = make_standalone(spacy.load("my_pipeline"))
        nlp = spacy.load("en_core_web_sm")
        nlp.add_pipe("xlre_relation", source=trained)

    nlp (Language): A trained pipeline; it is left as it is. What is disabled there is enabled in the new one.
    RETURNS (Language): The new pipeline. A component that has its own encoder already is copied.
    RAISES (XlreError): If the pipeline has no such component.
    """
    # Only enabled components are linked to what they listen to.
    copy = copy_pipeline(nlp, config={"nlp.disabled": []})
    names = [name for name, pipe in copy.components if isinstance(pipe, RelationExtractor)]
    if not names:
        raise fail(Errors.X324, name=nlp.path or nlp.meta["name"], found=", ".join(nlp.component_names) or "none")
    for upstream, pipe in copy.pipeline:
        for name in names:
            if name in getattr(pipe, "listening_components", ()):
                copy.replace_listeners(upstream, name, [LISTENER_PATH])
    for name in copy.component_names:
        if name not in names:
            copy.remove_pipe(name)
    return copy


def copy_pipeline(nlp: Language, config: Optional[Dict[str, Any]] = None) -> Language:
    """Return a pipeline that shares nothing with the given one.

    nlp (Language): The pipeline.
    config (Optional[Dict[str, Any]]): Settings that the new one has instead, such as {"nlp.batch_size": 8}.
    """
    with tempfile.TemporaryDirectory() as folder:
        nlp.to_disk(folder)
        return load_model(folder, config=config or {})
