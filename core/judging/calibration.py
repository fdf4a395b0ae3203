"""Whether a network is as right as it is sure: accuracy against confidence."""

from dataclasses import dataclass

import numpy as np

from core.models.answers import Predictions


@dataclass(frozen=True, kw_only=True)
class CalibrationBin:
    """The ``n`` images whose confidence lies in (``low``, ``high``]: their mean confidence and their accuracy."""

    low: float
    high: float
    n: int
    confidence: float
    accuracy: float


def calibration(predictions: Predictions, *, bins: int = 10) -> tuple[CalibrationBin, ...]:
    """Return accuracy against confidence in ``bins`` equal steps of confidence, those without images left out."""
    confidence = predictions.confidence.astype(np.float64)
    right = predictions.predicted == predictions.labels
    places = np.clip(np.ceil(confidence * bins).astype(int) - 1, 0, bins - 1)
    return tuple(
        CalibrationBin(
            low=place / bins,
            high=(place + 1) / bins,
            n=int((places == place).sum()),
            confidence=float(confidence[places == place].mean()),
            accuracy=float(right[places == place].mean()),
        )
        for place in np.unique(places).tolist()
    )


def calibration_error(predictions: Predictions, *, bins: int = 10) -> float:
    """Return the expected calibration error (Guo et al., 2017): the mean gap in [0, 1] of confidence and accuracy."""
    found = calibration(predictions, bins=bins)
    return sum(part.n * abs(part.confidence - part.accuracy) for part in found) / len(predictions.labels)
