"""What a model says of images, and what is kept of it: small enough to ship with the model."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from torch import Tensor, nn


@dataclass(frozen=True, kw_only=True)
class Predictions:
    """What a model said of N images.

    ``labels`` and ``predicted`` are int64 (N,), ``confidence`` float32 (N,) is the probability in [0, 1] of the
    predicted class, ``loss`` the mean cross-entropy in nats. ``off_by`` is how far off a confidence may be that was
    stored in steps.
    """

    labels: npt.NDArray[np.int64]
    predicted: npt.NDArray[np.int64]
    confidence: npt.NDArray[np.float32]
    loss: float
    off_by: float = 0.0


def logits_of(model: nn.Module, images: Tensor, *, mirrored: bool) -> Tensor:
    """Return float32 logits (N, classes) for normalised images (N, C, H, W); the caller sets mode and precision.

    ``mirrored`` averages them with those of the mirror images: a second opinion, for twice the time. The images
    themselves come last, so that a hook on a layer sees them and not their mirror images.
    """
    if not mirrored:
        return model(images).float()  # type: ignore[no-any-return]
    opinion = model(images.flip(-1)).float()
    return (opinion + model(images).float()) / 2  # type: ignore[no-any-return]
