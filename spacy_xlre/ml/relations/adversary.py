"""Adversarial training: a second pass over each batch, with its inputs moved to where they hurt most."""

from contextlib import contextmanager
from typing import Any, Callable, Iterator, List, Optional, Sequence, Tuple

from thinc.api import Model
from thinc.types import Floats2d, FloatsXd

from ...errors import Errors, fail

Vectors = List[Floats2d]
Below = Tuple[Vectors, Callable[[Vectors], Any]]

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
        self._below: Optional[Below] = None
        self._held: Vectors = []

    def once(self, run: Callable[[], Below]) -> Below:
        """Run what lies below the inputs: for both passes once, as a listener gives its vectors only once.

        run (Callable): Makes the texts' vectors, and the backward of their gradients.
        RETURNS (Tuple[List[Floats2d], Callable]): The same; the first pass holds its gradients back, and the second
            takes them along.
        """
        if not self.learning and not self.epsilon:
            return run()
        if self._below is None:
            self._below = run()
        vectors, backprop = self._below

        def backprop_both(gradients: Vectors) -> Any:
            if self.learning:
                self._held = gradients
                return None
            return backprop([held + own for held, own in zip(self._held, gradients)])

        return vectors, backprop_both

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
        self.stop()
        self.learning = True

    def attack(self, epsilon: float) -> None:
        """Shift the inputs of the pass that follows, each text's by this much (Euclidean norm)."""
        self.learning, self._next, self.epsilon = False, 0, epsilon

    def stop(self) -> None:
        """Forget everything, and shift nothing any more."""
        self._gradients, self._next, self.epsilon, self.learning = [], 0, 0.0, False
        self._below, self._held = None, []


def find_adversaries(name: str, model: Model) -> List[Adversary]:
    """Return the adversaries of a model: one, or one for each member of an ensemble.

    name (str): The component, for the message.
    RAISES (XlreError): If no part has any.
    """
    found = [node.attrs[ATTRIBUTE] for node in model.walk() if isinstance(node.attrs.get(ATTRIBUTE), Adversary)]
    if not found:
        raise fail(Errors.X308, name=name)
    return found


@contextmanager
def watched(adversaries: Sequence[Adversary]) -> Iterator[None]:
    """Let adversaries, if there are any, learn in the passes inside this block, and forget all at its end."""
    for adversary in adversaries:
        adversary.start()
    try:
        yield
    finally:
        for adversary in adversaries:
            adversary.stop()
