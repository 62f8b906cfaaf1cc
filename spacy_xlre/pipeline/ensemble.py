"""Several trained pipelines as one whose relation component averages theirs."""

import copy
from typing import Any, Dict, List, Sequence

from spacy.language import Language

from ..errors import Errors, fail
from .pretrained import FACTORY
from .relation import RelationExtractor
from .standalone import copy_pipeline, make_standalone

ENSEMBLE = "spacy_xlre.Ensemble.v1"
# Settings that decide what a model's outputs mean.
MEANING = ("labels", "exclusive", "one_direction")


def make_ensemble(pipelines: Sequence[Language]) -> Language:
    """Return the first pipeline, its `xlre_relation` replaced by one that averages the logits of all.

    pipelines (Sequence[Language]): Trained pipelines with one relation component each, of the same labels in the same
        order. They are left as they are. Each model brings its own encoder, so the ensemble is as large and as slow as
        all of them together; a shared one that nothing listens to any more is left out. Threshold, offsets and
        candidates are those of the first.
    RETURNS (Language): The new pipeline.
    RAISES (XlreError): If there are fewer than two, or their components do not match.
    """
    if len(pipelines) < 2:
        raise fail(Errors.X314, found=len(pipelines))
    alone = [make_standalone(nlp) for nlp in pipelines]
    members = [_component(nlp) for nlp in alone]
    for number, member in enumerate(members[1:], start=2):
        for key in MEANING:
            if member.cfg[key] != members[0].cfg[key]:
                raise fail(Errors.X315, number=number, what=key, found=member.cfg[key], expected=members[0].cfg[key])
    models = {f"model{n}": nlp.get_pipe_config(m.name)["model"] for n, (nlp, m) in enumerate(zip(alone, members))}
    combined = copy_pipeline(pipelines[0])
    name = members[0].name
    config: Dict[str, Any] = {
        key: value for key, value in alone[0].get_pipe_config(name).items() if key not in ("factory", "model")
    }
    fed = [own for own, pipe in combined.components if name in getattr(pipe, "listening_components", ())]
    combined.replace_pipe(name, FACTORY, config={**config, "model": {"@architectures": ENSEMBLE, "*": models}})
    component = _component(combined)
    component.cfg = copy.deepcopy(members[0].cfg)
    for label in component.labels:
        combined.vocab.strings.add(label)
    for layer, member in zip(component.model.layers, members):
        layer.from_bytes(member.model.to_bytes())
    for upstream in fed:
        if not combined.get_pipe(upstream).listening_components:  # type: ignore[attr-defined]
            combined.remove_pipe(upstream)
    component.model.set_dim("nO", members[0].model.get_dim("nO"))
    return combined


def _component(nlp: Language) -> RelationExtractor:
    found: List[RelationExtractor] = [pipe for _, pipe in nlp.components if isinstance(pipe, RelationExtractor)]
    if len(found) != 1:
        raise fail(Errors.X316, found=len(found))
    return found[0]
