"""P(s,t): how probable it is that two texts are each other's translation.

A logistic function of their cosine and of how unlike their lengths are, which never falls with the cosine and never
rises with the difference in length. Its coefficients belong to an encoder: `benchmarks/calibration.py` fits them.
"""

from dataclasses import dataclass
from typing import Optional, Union

import numpy
from thinc.types import Floats1d

Numbers = Union[float, Floats1d]
MAX_LOG_ODDS = 60.0


@dataclass(frozen=True)
class ProbabilitySettings:
    """Coefficients of the log odds of P(s,t). The defaults hold for multilingual-e5-small with the prefix "query: ".

    midpoint (float): The cosine at which texts of like length are as probably a translation as not.
    steepness (float): What the log odds gain with the cosine: a tenth of it with each 0.1.
    length (float): What they lose with the absolute natural logarithm of the texts' length ratio.
    """

    midpoint: float = 0.849
    steepness: float = 69.4
    length: float = 3.53


def bead_probability(
    cosine: Numbers, length_ratio: Optional[Numbers] = None, *, settings: Optional[ProbabilitySettings] = None
) -> Floats1d:
    """Return P(s,t) of pairs of texts, such as the two sides of beads.

    cosine (Numbers): Cosines of the texts' sentence vectors, as the encoder gives them: one, or shape (n_pairs,).
    length_ratio (Optional[Numbers]): Word pieces of one text over those of the other, either way; None where lengths
        are unknown: then they have no say.
    settings (Optional[ProbabilitySettings]): Coefficients; by default those of the embedded encoder.
    RETURNS (Floats1d): Probabilities, of the shape of `cosine`.
    """
    settings = settings or ProbabilitySettings()
    log_odds = settings.steepness * (numpy.asarray(cosine, dtype="float64") - settings.midpoint)
    if length_ratio is not None:
        ratio = numpy.maximum(numpy.asarray(length_ratio, dtype="float64"), 1e-6)
        log_odds = log_odds - settings.length * numpy.abs(numpy.log(ratio))
    return 1.0 / (1.0 + numpy.exp(-log_odds.clip(-MAX_LOG_ODDS, MAX_LOG_ODDS)))
