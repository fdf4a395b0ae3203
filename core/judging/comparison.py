"""Two models on the same images: the difference, its interval, and whether it may be called one.

On the same images the two are compared image by image, which tells far smaller differences from chance than two
separate figures do: only the images that one gets right and the other wrong count.
"""

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from core.checkpoints import Card
from core.data.catalogue import datasets
from core.errors import DataError
from core.intervals import fisher, mcnemar, paired_interval, percent
from core.judging.evaluation import Evaluation

SIGNIFICANT = 0.05


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """``difference`` is accuracy a − b in [−1, 1] with its 95 % interval ``ci95``.

    ``p_value`` is that of the exact McNemar test on the same images, of Fisher's exact test on different ones.
    ``only_a`` and ``only_b`` count the images that only one of the two gets right (0 on different images).
    """

    a: Evaluation
    b: Evaluation
    same_images: bool
    difference: float
    ci95: tuple[float, float]
    p_value: float
    only_a: int
    only_b: int
    verdict: str


def compare(a: Evaluation, b: Evaluation, *, same_images: bool, names: tuple[str, str] = ("A", "B")) -> Comparison:
    """Return how ``a`` differs from ``b``; ``same_images`` says that both were judged on one and the same test split.

    Raises DataError where they are said to be the same images and their labels say otherwise.
    """
    only_a = only_b = 0
    if same_images:
        if not np.array_equal(a.predictions.labels, b.predictions.labels):
            raise DataError(
                f"These two were not judged on the same images: {a.n:,} and {b.n:,}, whose labels do not agree."
            )
        a_right, b_right = (x.predictions.predicted == x.predictions.labels for x in (a, b))
        only_a, only_b = int((a_right & ~b_right).sum()), int((b_right & ~a_right).sum())
        ci95, p_value = paired_interval(only_a, only_b, a.n), mcnemar(only_a, only_b)
    else:
        hits = [int(x.confusion.trace()) for x in (a, b)]
        ci95, p_value = unpaired_interval(a, b), fisher(hits[0], a.n, hits[1], b.n)
    return Comparison(
        a=a,
        b=b,
        same_images=same_images,
        difference=a.accuracy - b.accuracy,
        ci95=ci95,
        p_value=p_value,
        only_a=only_a,
        only_b=only_b,
        verdict=_verdict(a, b, same_images=same_images, p_value=p_value, names=names),
    )


def right_alone(right: Evaluation, wrong: Evaluation) -> npt.NDArray[np.int64]:
    """Return the places of the images that only ``right`` gets right, those first of which ``wrong`` was surest.

    Both were judged on the same images. As many as `compare` counts, int64.
    """
    a, b = right.predictions, wrong.predictions
    alone = np.flatnonzero((a.predicted == a.labels) & (b.predicted != b.labels))
    return alone[np.argsort(-b.confidence[alone], kind="stable")]


def not_to_be_compared(a: Card, b: Card, names: tuple[str, str]) -> str:
    """Return why the accuracies of two networks do not tell which one is better; "" where they may."""
    titles = [datasets.title_of(card.dataset) for card in (a, b)]
    if a.classes != b.classes:
        return (
            f"They answer different questions: {names[0]} tells {len(a.classes)} classes of {titles[0]} apart, "
            f"{names[1]} {len(b.classes)} of {titles[1]}. Their accuracies say nothing about which one is better."
        )
    if a.dataset != b.dataset:
        return (
            f"They were judged on different pictures: {names[0]} on {titles[0]}, {names[1]} on {titles[1]}. Which one "
            "is better, that does not tell."
        )
    return ""


def same_test_images(a: Card, b: Card) -> bool:
    """Say whether two checkpoints belong to one test split: the same fingerprint, and the same number of test images.

    The number is not asked of a checkpoint that has not been judged; `compare` looks at the labels in any case.
    """
    if not a.split_fingerprint or a.split_fingerprint != b.split_fingerprint:
        return False
    return a.metrics is None or b.metrics is None or a.metrics.test_n == b.metrics.test_n


def unpaired_interval(a: Evaluation, b: Evaluation) -> tuple[float, float]:
    """Return the 95 % interval of the difference on different images (Newcombe, 1998: from two Wilson intervals)."""
    difference = a.accuracy - b.accuracy
    below = math.hypot(a.accuracy - a.ci95[0], b.ci95[1] - b.accuracy)
    above = math.hypot(a.ci95[1] - a.accuracy, b.accuracy - b.ci95[0])
    return difference - below, difference + above


def _verdict(a: Evaluation, b: Evaluation, *, same_images: bool, p_value: float, names: tuple[str, str]) -> str:
    high, low = (a, b) if a.accuracy >= b.accuracy else (b, a)
    figures = f"{percent(high.accuracy, 1)} against {percent(low.accuracy, 1)}"
    where = f"the same {a.n:,} images" if same_images else f"different images ({high.n:,} and {low.n:,})"
    chance = "p < 0.001" if p_value < 0.001 else f"p = {p_value:.3f}"
    if p_value < SIGNIFICANT:
        text = f"{names[0] if high is a else names[1]} is better: {figures} on {where} ({chance})."
    else:
        text = f"No clear winner: {figures} on {where}; chance may have made the difference ({chance})."
    return " ".join([text, *_cautions(a, b, names)])


def _cautions(a: Evaluation, b: Evaluation, names: tuple[str, str]) -> list[str]:
    if a.doubt and a.doubt == b.doubt:
        return [f"Neither figure is a test accuracy: each is on {a.doubt}."]
    pairs = zip(names, (a.doubt, b.doubt), strict=True)
    return [f"The figure of {name} is not a test accuracy: it is on {doubt}." for name, doubt in pairs if doubt]
