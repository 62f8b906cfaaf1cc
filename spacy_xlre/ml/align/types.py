"""What the parts of alignment hand to each other."""

from dataclasses import dataclass
from typing import Sequence, Tuple

from thinc.types import Floats1d, Floats2d, Ints1d

TokenOffsets = Sequence[Tuple[int, int]]


@dataclass
class EncodedText:
    """What the encoder says about one text.

    pieces (Floats2d): Unit vectors of the word pieces that belong to a token, shape (n_pieces, width).
    first, last (Ints1d): The first token that each piece belongs to, and one past its last.
    vector (Floats1d): Mean of the last layer over the text, not normalised.
    weight (float): How many word pieces the vector is the mean of.
    """

    pieces: Floats2d
    first: Ints1d
    last: Ints1d
    vector: Floats1d
    weight: float
