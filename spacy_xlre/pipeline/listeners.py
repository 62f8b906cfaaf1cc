"""Listeners of spaCy and spacy-transformers return zeros when nothing feeds them; here that is an error."""

from typing import Sequence

from spacy.pipeline.tok2vec import Tok2VecListener
from spacy.tokens import Doc
from thinc.api import Model

from ..errors import Errors, fail

TRANSFORMER_LISTENER = "transformer-listener"
TRANSFORMER_DATA = "trf_data"


def is_transformer_listener(node: Model) -> bool:
    """Tell whether a layer is a listener of spacy-transformers, without importing that package."""
    return node.name == TRANSFORMER_LISTENER


def check_listeners(name: str, model: Model, docs: Sequence[Doc]) -> None:
    """Check that each listener in a model finds the vectors of its upstream component on the Docs.

    name (str): The component, for the message.
    model (Model): The component's model.
    docs (Sequence[Doc]): The Docs that it is about to read.
    RAISES (XlreError): If a Doc with tokens has no vectors, or vectors of another width.
    """
    for node in model.walk():
        if isinstance(node, Tok2VecListener):
            width = node.get_dim("nO")
            for doc in docs:
                if len(doc) and doc.tensor.size == 0:
                    raise fail(Errors.X304, name=name, upstream=node.upstream_name, kind="tok2vec")
                if len(doc) and doc.tensor.shape[-1] != width:
                    raise fail(Errors.X305, name=name, width=width, found=doc.tensor.shape[-1])
        elif is_transformer_listener(node) and any(
            len(doc) and (not Doc.has_extension(TRANSFORMER_DATA) or doc._.get(TRANSFORMER_DATA) is None)
            for doc in docs
        ):
            raise fail(Errors.X304, name=name, upstream=node.upstream_name, kind="transformer")
