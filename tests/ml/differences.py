"""Numerical gradients, for tests of backwards that are written by hand."""

from typing import Callable

import numpy as np


def differences(loss: Callable[[], float], array: np.ndarray, eps: float = 1e-2) -> np.ndarray:
    """Return the central differences of a loss by each number of an array, which is changed and restored."""
    result = np.zeros(array.shape)
    for index in np.ndindex(*array.shape):
        before = array[index]
        array[index] = before + eps
        above = loss()
        array[index] = before - eps
        below = loss()
        array[index] = before
        result[index] = (above - below) / (2 * eps)
    return result
