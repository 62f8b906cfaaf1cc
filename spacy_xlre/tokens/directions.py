"""Which way round relations are written: symmetric labels and inverse ones say the same in two ways, and count once."""

from dataclasses import dataclass, field
from typing import FrozenSet, Mapping, Tuple

from ..errors import Errors, fail


@dataclass(frozen=True)
class Directions:
    """The labels that can be written in two ways.

    symmetric (FrozenSet[str]): Labels that hold both ways; their head is the argument that comes first in the text.
    inverse (Mapping[str, str]): Labels that another one replaces with head and tail exchanged, such as
        {"has part": "part of"}.
    RAISES (XlreError): If a label that replaces another one is itself replaced.
    """

    symmetric: FrozenSet[str] = frozenset()
    inverse: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for label, other in self.inverse.items():
            if other in self.inverse:
                raise fail(Errors.X312, label=label, other=other, third=self.inverse[other])

    def canonical(self, label: str, head_first: bool) -> Tuple[str, bool]:
        """Say how a relation is written.

        label (str): Its label.
        head_first (bool): Whether its head comes first in the text.
        RETURNS (Tuple[str, bool]): The label, and whether head and tail change places.
        """
        turned = label in self.inverse
        label = self.inverse.get(label, label)
        if label in self.symmetric and head_first == turned:
            turned = not turned
        return label, turned
