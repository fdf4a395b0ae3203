"""A network that answers, and remembers what its last layer was given: the features it decided by."""

from collections.abc import Iterable

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from core.models.answers import logits_of
from core.models.architecture.watched_twin import private_copy

Rows = npt.NDArray[np.float32]


class Watching(nn.Module):
    """Answers as ``model`` does, through a twin; ``take`` tells the features behind the answers since the last time.

    The model itself, which others use at the same moment, stays as it is. ``mirrored`` says that each batch is answered
    twice, the mirror images first (`logits_of`): features are then the mean of both, as the logits are. Maps that a
    last convolution is given count by their means.
    """

    def __init__(self, model: nn.Module, *, mirrored: bool) -> None:
        super().__init__()
        self.twin = private_copy(model)
        self._looks = 2 if mirrored else 1
        self._before_last: Tensor | None = None
        self._features: list[Tensor] = []
        self._logits: list[Tensor] = []
        for module in self.twin.modules():
            if isinstance(module, nn.Linear | nn.Conv2d):
                module.register_forward_pre_hook(self._remember)

    def _remember(self, _module: nn.Module, inputs: tuple[Tensor, ...]) -> None:
        self._before_last = inputs[0]  # the last layer to run has the last word

    def forward(self, x: Tensor) -> Tensor:
        """Map (N, C, S, S) to logits (N, classes)."""
        self._before_last = None
        logits: Tensor = self.twin(x).float()
        features = logits if self._before_last is None else self._before_last
        if features.dim() == 4:  # a network that ends in a convolution: each map by its mean
            features = features.mean((2, 3))
        self._features.append(features.detach().float().cpu())
        self._logits.append(logits.detach().cpu())
        return logits

    def take(self) -> tuple[Rows, Rows]:
        """Return features (N, D) and logits (N, classes) of all images since the last time, and forget them."""
        found = tuple(_joined(parts, self._looks) for parts in (self._features, self._logits))
        self._features, self._logits = [], []
        return found[0], found[1]


def look_at(model: nn.Module, batches: Iterable[Tensor], *, mirrored: bool) -> tuple[Rows, Rows]:
    """Return features (N, D) and logits (N, classes) of normalised images, (N, C, S, S) a batch."""
    watching = Watching(model, mirrored=mirrored)
    with torch.inference_mode():
        for batch in batches:
            logits_of(watching, batch, mirrored=mirrored)
    return watching.take()


def _joined(parts: list[Tensor], looks: int) -> Rows:
    batches = [torch.stack(parts[at : at + looks]).mean(0) for at in range(0, len(parts), looks)]
    found: Rows = torch.cat(batches).numpy() if batches else np.zeros((0, 0), np.float32)
    return found
