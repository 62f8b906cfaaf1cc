"""What a relation component takes over from a trained one, so that it does not begin anew.

Labels may differ: a component that was trained on many distant labels teaches one that is trained on few labels by
people what relations look like.
"""

from typing import Any, Dict, NamedTuple, Optional, Sequence

from spacy.language import Language
from spacy.util import load_model
from thinc.api import Model

from ..errors import Errors, fail
from ..ml.relations.classifier import OUTPUT_LAYER, OUTPUT_SCALE
from ..tokens import NA

FACTORY = "xlre_relation"


def find_component(nlp: Language) -> Any:
    """Return the relation component of a pipeline; of several, the first.

    RETURNS (RelationExtractor): The component, whatever its name.
    RAISES (XlreError): If the pipeline has none, or it is disabled.
    """
    for name in nlp.pipe_names:
        if nlp.get_pipe_meta(name).factory == FACTORY:
            return nlp.get_pipe(name)
    raise fail(Errors.X324, name=nlp.path or nlp.meta["name"], found=", ".join(nlp.pipe_names) or "none")


def load_component(pipeline: str, name: str) -> Any:
    """Load a trained relation component.

    pipeline (str): A pipeline's folder or package.
    name (str): The component's name in it.
    RETURNS (RelationExtractor): The component.
    RAISES (XlreError): If the pipeline has no relation component of that name.
    """
    nlp = load_model(pipeline)
    if name not in nlp.component_names or nlp.get_pipe_meta(name).factory != FACTORY:
        raise fail(Errors.X325, path=pipeline, name=name, found=", ".join(nlp.component_names) or "none")
    return nlp.get_pipe(name)


def take_over(model: Model, outputs: Sequence[str], trained: Model, trained_outputs: Sequence[str], name: str) -> None:
    """Give a model the weights of a trained one of the same architecture, in place.

    Of the layer that has an output for each label, those are taken over that both models have; the others stay. Their
    scores stay the same, also where the models scale their outputs differently, or only the trained one has NA.

    model (Model): The initialised model.
    outputs (Sequence[str]): What its outputs stand for: the labels, and NA in exclusive mode.
    trained (Model): The trained model.
    trained_outputs (Sequence[str]): Likewise.
    name (str): The component's name, for errors.
    RAISES (XlreError): If the architectures or their widths differ.
    """
    layers, trained_layers = list(model.walk()), list(trained.walk())
    if [layer.name for layer in layers] != [layer.name for layer in trained_layers]:
        raise fail(Errors.X319, name=name, what=f"{len(trained_layers)} layers, or of other kinds,")
    factors = {
        layer.get_ref(OUTPUT_LAYER).id: trained_layer.attrs.get(OUTPUT_SCALE, 1.0) / layer.attrs.get(OUTPUT_SCALE, 1.0)
        for layer, trained_layer in zip(layers, trained_layers)
        if layer.has_ref(OUTPUT_LAYER)
    }
    if not factors and list(outputs) != list(trained_outputs):
        raise fail(Errors.X326, name=name)
    places = {label: place for place, label in enumerate(trained_outputs)}
    shared = {place: places[label] for place, label in enumerate(outputs) if label in places}
    na = places.get(NA) if NA not in outputs else None
    for layer, trained_layer in zip(layers, trained_layers):
        outputs_of = SharedOutputs(shared, na, factors[layer.id]) if layer.id in factors else None
        _copy_params(layer, trained_layer, outputs_of, name)
        for shim, trained_shim in zip(layer.shims, trained_layer.shims):
            shim.from_bytes(trained_shim.to_bytes())


class SharedOutputs(NamedTuple):
    """The outputs that two models have in common.

    places (Dict[int, int]): For rows of the one, those of the trained one.
    na (Optional[int]): The trained one's row of NA, relative to which its labels count; None if the other has NA too,
        or neither has.
    factor (float): What the other has to scale by to come to the same logits.
    """

    places: Dict[int, int]
    na: Optional[int]
    factor: float


def _copy_params(layer: Model, trained: Model, rows: Optional[SharedOutputs], name: str) -> None:
    """Copy all parameters, or single rows of them."""
    for param in layer.param_names:
        before = layer.get_param(param) if layer.has_param(param) else None
        found = trained.get_param(param) if trained.has_param(param) else None
        shapes = [None if values is None else values.shape[0 if rows is None else 1 :] for values in (before, found)]
        if shapes[0] != shapes[1]:
            raise fail(Errors.X319, name=name, what=f"parameters of shape {shapes[1]} where {shapes[0]} is needed,")
        if before is None or found is None:
            continue
        values = layer.ops.asarray(found).copy()
        if rows is not None:
            values, base = before.copy(), 0.0 if rows.na is None else found[rows.na]
            for place, trained_place in rows.places.items():
                values[place] = layer.ops.asarray(rows.factor * (found[trained_place] - base))
        layer.set_param(param, values)
