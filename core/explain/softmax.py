"""Softmax with every step in view: scores, exponentials, their sum, quotients."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

SCORE_DIGITS, EXPONENTIAL_DIGITS = 2, 4  # after the point: what is shown is what is reckoned with


@dataclass(frozen=True, kw_only=True)
class SoftmaxSteps:
    """The numbers between scores and probabilities, each as a screen shows it, one for each class.

    ``scores`` have two digits after the point. ``below`` is how far each lies below the largest, ``exponentials`` are
    e to that power with four digits, ``total`` is their sum and ``probabilities`` are their quotients with it.
    """

    scores: tuple[float, ...]
    below: tuple[float, ...]
    exponentials: tuple[float, ...]
    total: float
    probabilities: tuple[float, ...]


def softmax_steps(logits: Sequence[float]) -> SoftmaxSteps:
    """Return the steps from one image's logits, at least one and all finite, to its probabilities.

    The largest score is taken off first, as PyTorch does: the quotients stay, and no exponential is too large for a
    float.
    """
    scores = [round(score, SCORE_DIGITS) for score in logits]
    below = [round(score - max(scores), SCORE_DIGITS) for score in scores]
    exponentials = [round(math.exp(power), EXPONENTIAL_DIGITS) for power in below]
    total = round(sum(exponentials), EXPONENTIAL_DIGITS)
    return SoftmaxSteps(
        scores=tuple(scores),
        below=tuple(below),
        exponentials=tuple(exponentials),
        total=total,
        probabilities=tuple(part / total for part in exponentials),
    )
