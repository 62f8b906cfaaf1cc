"""A paired bootstrap by document: is system A better than system B, or was the test set kind to it?"""

from dataclasses import dataclass
from typing import Callable, Dict, Hashable, Sequence, Tuple

import numpy as np

from ..errors import Errors, fail
from .relations import Items, count


@dataclass(frozen=True)
class Comparison:
    """What a paired bootstrap found.

    a, b (float): Micro F1 of the two systems on the whole test set, all runs of a system pooled.
    p_value (float): How often B did at least as well as A on a resampled test set: small if A is really better.
    interval (Tuple[float, float]): Where 95% of the resampled differences a - b lie.
    n_groups (int): How many documents were resampled.
    """

    a: float
    b: float
    p_value: float
    interval: Tuple[float, float]
    n_groups: int


def paired_bootstrap(
    gold: Items,
    a: Sequence[Items],
    b: Sequence[Items],
    *,
    groups: Sequence[Hashable] = (),
    group: Callable[[Hashable], Hashable] = lambda doc: doc,
    n_samples: int = 10_000,
    seed: int = 0,
) -> Comparison:
    """Resample documents with replacement, the same ones for both systems, and compare micro F1.

    gold (Items): Gold items of the test set.
    a, b (Sequence[Items]): Predicted items, one set for each run of a system, such as its seeds. Runs are pooled.
    groups (Sequence[Hashable]): All documents, so that those without any item are resampled too.
    group (Callable[[Hashable], Hashable]): Maps an item's document to what is resampled as one, such as the bitext that
        holds the same text in five languages.
    n_samples (int): Resampled test sets.
    seed (int): Seed of the resampling.
    RETURNS (Comparison): Scores, p-value and interval.
    RAISES (XlreError): If a system has no runs, or there is no document.
    """
    if not a or not b:
        raise fail(Errors.X310)
    counts_a, counts_b = (_counts(gold, runs, group) for runs in (a, b))
    keys = sorted({*groups, *counts_a, *counts_b}, key=str)
    if not keys:
        raise fail(Errors.X311)
    table = np.array([[*counts_a.get(key, (0, 0, 0)), *counts_b.get(key, (0, 0, 0))] for key in keys], dtype="float64")
    draws = np.random.default_rng(seed).multinomial(len(keys), np.full(len(keys), 1 / len(keys)), size=n_samples)
    sums = draws @ table
    differences = _f1(sums[:, :3]) - _f1(sums[:, 3:])
    total = table.sum(axis=0)
    low, high = np.quantile(differences, (0.025, 0.975))
    return Comparison(
        a=float(_f1(total[None, :3])[0]),
        b=float(_f1(total[None, 3:])[0]),
        p_value=float((1 + (differences <= 0).sum()) / (n_samples + 1)),
        interval=(float(low), float(high)),
        n_groups=len(keys),
    )


def _counts(
    gold: Items, runs: Sequence[Items], group: Callable[[Hashable], Hashable]
) -> Dict[Hashable, Tuple[int, int, int]]:
    """Return tp, fp, fn by group, added over the runs."""
    gold_parts = _split(gold, group)
    totals: Dict[Hashable, Tuple[int, int, int]] = {}
    for run in runs:
        parts = _split(run, group)
        for key in {*gold_parts, *parts}:
            found = count(gold_parts.get(key, set()), parts.get(key, set()))
            tp, fp, fn = totals.get(key, (0, 0, 0))
            totals[key] = (tp + found.tp, fp + found.fp, fn + found.fn)
    return totals


def _split(items: Items, group: Callable[[Hashable], Hashable]) -> Dict[Hashable, set]:
    parts: Dict[Hashable, set] = {}
    for item in items:
        parts.setdefault(group(item.doc), set()).add(item)
    return parts


def _f1(counts: np.ndarray) -> np.ndarray:
    tp, fp, fn = counts[:, 0], counts[:, 1], counts[:, 2]
    return np.where(tp > 0, 2 * tp / np.maximum(2 * tp + fp + fn, 1), 0.0)
