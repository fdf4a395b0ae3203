"""Whether a network is as right as it is sure: accuracy against confidence."""

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from core.intervals import wilson_interval
from core.models.answers import Predictions

BINS = 10


@dataclass(frozen=True, kw_only=True)
class CalibrationBin:
    """The ``n`` images whose confidence lies in (``low``, ``high``]: their mean confidence and their accuracy, with
    its 95 % Wilson interval ``ci95``; all in [0, 1]."""

    low: float
    high: float
    n: int
    confidence: float
    accuracy: float
    ci95: tuple[float, float]


def calibration(predictions: Predictions, *, bins: int = BINS) -> tuple[CalibrationBin, ...]:
    """Return accuracy against confidence in ``bins`` equal steps of confidence, those without images left out."""
    confidence = predictions.confidence.astype(np.float64)
    right = predictions.predicted == predictions.labels
    found = []
    for place, inside in _inside(predictions, bins):
        n, hits = int(inside.sum()), int(right[inside].sum())
        found.append(
            CalibrationBin(
                low=place / bins,
                high=(place + 1) / bins,
                n=n,
                confidence=float(confidence[inside].mean()),
                accuracy=hits / n,
                ci95=wilson_interval(hits, n),
            )
        )
    return tuple(found)


def calibration_error(predictions: Predictions, *, bins: int = BINS) -> float:
    """Return the expected calibration error (Guo et al., 2017): the mean gap in [0, 1] of confidence and accuracy."""
    found = calibration(predictions, bins=bins)
    return sum(part.n * abs(part.confidence - part.accuracy) for part in found) / len(predictions.labels)


def error_by_chance(predictions: Predictions, *, bins: int = BINS) -> float:
    """Return the calibration error, in [0, 1], that a network this sure of these images would have on average if each
    confidence were exactly its chance to be right: so much of the error says nothing against it.

    A bin's gap is then near normal around 0, with the variance of its hits; the mean of its size is √(2/π) spreads.
    """
    confidence = predictions.confidence.astype(np.float64)
    variance = confidence * (1 - confidence)
    spreads = sum(math.sqrt(variance[inside].sum()) for _place, inside in _inside(predictions, bins))
    return math.sqrt(2 / math.pi) * spreads / len(confidence)


def _inside(predictions: Predictions, bins: int) -> list[tuple[int, npt.NDArray[np.bool_]]]:
    """The bins that hold images, by number from 0, each with which images those are."""
    places = np.clip(np.ceil(predictions.confidence.astype(np.float64) * bins).astype(int) - 1, 0, bins - 1)
    return [(place, places == place) for place in np.unique(places).tolist()]
