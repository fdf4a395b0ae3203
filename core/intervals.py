"""Shares: their intervals and tests, of one network, of two on the same images, of two on different ones; in words.

And what becomes of them: numbers that may lie below zero are written with a minus sign, not with a hyphen.
"""

import math
from dataclasses import dataclass

Z95 = 1.959963984540054  # the 97.5 % point of the normal distribution


_EXACT = 1e-7  # what single precision leaves of all or of none


def percent(share: float, digits: int = 0) -> str:
    """Return a share as people read it everywhere in the lab: "97.3 %", with so many ``digits`` after the point.

    Less than all is never "100 %", and more than none never "0 %": it is "over 99 %" and "under 1 %".
    """
    text, step = f"{share:.{digits}%}", 10.0 ** -(digits + 2)
    if text == f"{1:.{digits}%}" and share < 1 - _EXACT:
        text = f"over {1 - step:.{digits}%}"
    elif text == f"{0:.{digits}%}" and share > _EXACT:
        text = f"under {step:.{digits}%}"
    return text.replace("%", " %")


def percent_number(share: float, digits: int = 0) -> float:
    """Return a share in percent for a column that is sorted, and that shows so many ``digits``.

    As with `percent`, less than all is never 100 there, and more than none never 0: it is one step away.
    """
    step = 10.0 ** -(digits + 2)
    between = _EXACT < share < 1 - _EXACT
    return 100 * (min(max(share, step), 1 - step) if between else share)


def percent_span(low: float, high: float, digits: int = 0) -> str:
    """Return an interval of shares: "96.9 to 97.6 %"; once, "97.3 %" or "over 99 %", where both ends read alike."""
    first, last = percent(low, digits), percent(high, digits)
    return last if first == last else f"{first.removesuffix(' %')} to {last}"


def minus(text: str) -> str:
    """Return a number's text with a minus sign for each hyphen: "−5.28"."""
    return text.replace("-", "−")


def signed(value: float, unit: str = "", digits: int = 0) -> str:
    """Return a number with its sign and unit, such as "+4 px", "−12.5°" or "0 px"; what is rounded to 0 has no sign."""
    text = f"{value:+.{digits}f}"
    return f"{'0' if float(text) == 0 else minus(text)}{unit}"


def wilson_interval(right: int, n: int) -> tuple[float, float]:
    """Return the 95 % score interval of ``right`` hits in ``n`` (E. B. Wilson, 1927).

    Written out because importing scipy.stats takes a second, which a page would wait for; a test compares the two.
    """
    share, z2 = right / n, Z95**2
    middle = (share + z2 / (2 * n)) / (1 + z2 / n)
    reach = Z95 / (1 + z2 / n) * math.sqrt(share * (1 - share) / n + z2 / (4 * n**2))
    return max(0.0, middle - reach), min(1.0, middle + reach)


def paired_interval(only_a: int, only_b: int, n: int) -> tuple[float, float]:
    """Return the 95 % interval of the difference of two proportions of the same ``n`` (Agresti and Min, 2005).

    Half an image is added to each of the four cells, so that models which never disagree get an interval too.
    """
    first, second, total = only_a + 0.5, only_b + 0.5, n + 2
    middle = (first - second) / total
    error = math.sqrt(first + second - (first - second) ** 2 / total) / total
    return max(-1.0, middle - Z95 * error), min(1.0, middle + Z95 * error)


def mcnemar(only_a: int, only_b: int) -> float:
    """Return the two-sided p value of McNemar's exact test: a fair coin over the images on which just one is right.

    Counted in whole numbers: importing scipy.stats takes a second, and its tail is an approximation.
    """
    n, cell, tail = only_a + only_b, 1, 0
    for k in range(min(only_a, only_b) + 1):
        tail += cell
        cell = cell * (n - k) // (k + 1)
    return min(1.0, float(2 * tail / 2**n))


def fisher(right_a: int, n_a: int, right_b: int, n_b: int) -> float:
    """Return the two-sided p value of Fisher's exact test for two shares of different images: how likely it is, if all
    were of one kind, that so many right ones fall to the two as unevenly as they did, or more.

    It holds for one photo beside thousands as well, where the normal distribution of a z test does not.
    """
    right = right_a + right_b
    all_ways = _log_ways(n_a + n_b, right)
    chances = [
        math.exp(_log_ways(n_a, a) + _log_ways(n_b, right - a) - all_ways)
        for a in range(max(0, right - n_b), min(n_a, right) + 1)
    ]
    here = chances[right_a - max(0, right - n_b)] * (1 + _EXACT)  # two that are alike may be rounded apart
    return min(1.0, math.fsum(chance for chance in chances if chance <= here))


def _log_ways(n: int, k: int) -> float:
    """The logarithm of how many ways there are to take ``k`` of ``n``."""
    return math.lgamma(n + 1) - math.lgamma(k + 1) - math.lgamma(n - k + 1)


@dataclass(frozen=True, kw_only=True)
class Share:
    """``right`` of ``n`` images, with the 95 % Wilson interval of that share."""

    right: int
    n: int

    @property
    def accuracy(self) -> float:
        """The share that is right, in [0, 1]."""
        return self.right / self.n

    @property
    def ci95(self) -> tuple[float, float]:
        """The 95 % interval of the accuracy (Wilson)."""
        return wilson_interval(self.right, self.n)
