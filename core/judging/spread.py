"""Several trainings that differ in their seed alone: their mean and spread, and whether two kinds of them differ."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from scipy.special import stdtr, stdtrit  # type: ignore[import-untyped]

FEWEST = 3  # pairs of trainings that a p value is told of
_ALIKE = 1e-9  # by which figures of so many images in so many differ through rounding alone


@dataclass(frozen=True, kw_only=True)
class Spread:
    """The ``mean`` of ``n`` figures and their standard deviation (None for one), with the 95 % interval ``ci95`` of
    the mean by Student's t (None for one)."""

    n: int
    mean: float
    deviation: float | None
    ci95: tuple[float, float] | None


@dataclass(frozen=True, kw_only=True)
class PairedDifference:
    """How the first of two kinds of training differs from the second, seed by seed.

    ``spread`` is of the differences; ``p_value`` is that of the two-sided paired t test, None for fewer than `FEWEST`
    seeds, or where all differences are one and the same.
    """

    spread: Spread
    p_value: float | None


def spread(figures: Sequence[float]) -> Spread:
    """Return mean and spread of one figure or more; raises ValueError for none."""
    n = len(figures)
    if not n:
        raise ValueError("there are no figures")
    mean = math.fsum(figures) / n
    if n == 1:
        return Spread(n=1, mean=mean, deviation=None, ci95=None)
    alike = max(figures) - min(figures) < _ALIKE
    deviation = 0.0 if alike else math.sqrt(math.fsum((figure - mean) ** 2 for figure in figures) / (n - 1))
    reach = float(stdtrit(n - 1, 0.975)) * deviation / math.sqrt(n)
    return Spread(n=n, mean=mean, deviation=deviation, ci95=(mean - reach, mean + reach))


def paired_difference(first: Sequence[float], second: Sequence[float]) -> PairedDifference:
    """Return how ``first`` differs from ``second``, which has as many figures, of the same seeds in the same order."""
    found = spread([a - b for a, b in zip(first, second, strict=True)])
    if found.n < FEWEST or not found.deviation:
        return PairedDifference(spread=found, p_value=None)
    t = found.mean / (found.deviation / math.sqrt(found.n))
    return PairedDifference(spread=found, p_value=float(2 * stdtr(found.n - 1, -abs(t))))
