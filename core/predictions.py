"""What a model said of the test images: small enough to ship with it."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt


@dataclass(frozen=True, kw_only=True)
class Predictions:
    """What a model said of N images.

    ``labels`` and ``predicted`` are int64 (N,), ``confidence`` float32 (N,) is the probability in [0, 1] of the
    predicted class, ``loss`` the mean cross-entropy in nats.
    """

    labels: npt.NDArray[np.int64]
    predicted: npt.NDArray[np.int64]
    confidence: npt.NDArray[np.float32]
    loss: float
