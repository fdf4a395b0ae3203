"""What a network that has learned to see elsewhere says of pictures, before its head names a class."""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import torch
from torch import nn

from core.checkpoints import Checkpoint
from core.errors import ModelError
from core.models.input_format import normalise, to_batch

_AT_ONCE = 32


def picture_features(
    model: nn.Module,
    checkpoint: Checkpoint,
    images: npt.NDArray[np.uint8],
    *,
    tell: Callable[[float], None] | None = None,
) -> npt.NDArray[np.float32]:
    """Return the features (N, D) of images, uint8 (N, 3, S, S), by a transfer network in evaluation mode.

    The network enlarges or shrinks them itself. ``tell`` is told how far it is, in [0, 1]. Raises ModelError for a
    network without a backbone of features.
    """
    features = getattr(model, "features", None)
    if not callable(features):
        raise ModelError(f"{checkpoint.card.title} has no features to compare pictures by; take a transfer network.")
    format = checkpoint.format
    found = []
    with torch.inference_mode():
        for start in range(0, len(images), _AT_ONCE):
            part = to_batch(np.ascontiguousarray(images[start : start + _AT_ONCE]), format)
            found.append(features(normalise(part, format)).float().numpy())
            if tell is not None:
                tell(min(1.0, (start + _AT_ONCE) / len(images)))
    return np.concatenate(found) if found else np.zeros((0, 0), np.float32)
