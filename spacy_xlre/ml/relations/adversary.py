"""Adversarial training: a second pass over each batch, with its inputs moved to where they hurt most."""

from contextlib import contextmanager
from typing import Any, Iterator, List, Optional

from thinc.api import Model
from thinc.types import FloatsXd

from ...errors import Errors, fail

ATTRIBUTE = "adversary"
_LEAST_NORM = 1e-12


class Adversary:
    """Moves the inputs of a model along the gradient of its last pass (the fast gradient method of Miyato et al. 2017,
    "Adversarial Training Methods for Semi-Supervised Text Classification").

    A model that has inputs to move holds one in its attribute "adversary", tells it the gradient of each text's vectors
    with `remember`, and adds what `shift` gives for the same text in the next pass.
    """

    def __init__(self) -> None:
        self.epsilon = 0.0
        self.learning = False
        self._gradients: List[Any] = []
        self._next = 0

    def remember(self, gradient: FloatsXd) -> None:
        """Keep the gradient of one text's vectors; texts come in the order of the forward pass."""
        if self.learning:
            self._gradients.append(gradient)

    def shift(self) -> Optional[FloatsXd]:
        """Return what is to be added to the next text's vectors; None if nothing is."""
        if not self.epsilon or self._next >= len(self._gradients):
            return None
        gradient = self._gradients[self._next]
        self._next += 1
        norm = (gradient**2).sum() ** 0.5
        return gradient * (self.epsilon / max(float(norm), _LEAST_NORM))

    def start(self) -> None:
        """Forget everything, and learn from the pass that follows."""
        self._gradients, self._next, self.epsilon, self.learning = [], 0, 0.0, True

    def attack(self, epsilon: float) -> None:
        """Shift the inputs of the pass that follows, each text's by this much (Euclidean norm)."""
        self.learning, self._next, self.epsilon = False, 0, epsilon

    def stop(self) -> None:
        """Forget everything, and shift nothing any more."""
        self._gradients, self._next, self.epsilon, self.learning = [], 0, 0.0, False


def find_adversary(name: str, model: Model) -> Adversary:
    """Return the adversary of the lowest part of a model that has one.

    name (str): The component, for the message.
    RAISES (XlreError): If no part has.
    """
    for node in model.walk():
        if isinstance(node.attrs.get(ATTRIBUTE), Adversary):
            return node.attrs[ATTRIBUTE]
    raise fail(Errors.X308, name=name)


@contextmanager
def watched(adversary: Optional[Adversary]) -> Iterator[None]:
    """Let an adversary, if there is one, learn in the passes inside this block, and forget all at its end."""
    if adversary is not None:
        adversary.start()
    try:
        yield
    finally:
        if adversary is not None:
            adversary.stop()
