"""The facts that a training yields, in the order in which they happen.

Every yield is a consistent state of the trainer: whoever consumes an event may save, stop or walk away.
"""

from dataclasses import dataclass
from typing import Literal

Reason = Literal["completed", "early_stopped", "diverged"]


@dataclass(frozen=True, kw_only=True)
class StepDone:
    """One optimizer step: ``epoch`` counts from 1, ``step`` from 1 over the whole run.

    ``loss`` is the mean cross-entropy over the batch in nats, without label smoothing (runs recorded before November
    2026 hold it with smoothing), ``images`` the batch's size, ``seconds`` the step's own time.
    """

    epoch: int
    step: int
    loss: float
    learning_rate: float
    images: int
    seconds: float


@dataclass(frozen=True, kw_only=True)
class EpochDone:
    """One pass over the training images and one over the validation images.

    ``train_loss`` and ``train_accuracy`` are means over the epoch's batches as they were trained (augmented, in
    training mode); losses in nats, accuracies in [0, 1], ``seconds`` for both passes. ``is_best``: the highest
    validation accuracy so far, ties broken by the lower loss.
    """

    epoch: int
    train_loss: float
    train_accuracy: float
    val_loss: float
    val_accuracy: float
    learning_rate: float
    seconds: float
    is_best: bool


@dataclass(frozen=True, kw_only=True)
class Finished:
    """The end: ``reason``, and for a divergence the step (from 1) at which the loss was no longer finite."""

    reason: Reason
    step: int
    best_epoch: int


@dataclass(frozen=True, kw_only=True)
class FeaturesKept:
    """What it cost to show a frozen backbone every image once, instead of in every epoch.

    ``views`` is the number of versions of a training image that it saw, ``epoch_seconds`` the measured time of one look
    at the training and validation images, ``spent_seconds`` what this training spent in all (0: they were on disk),
    ``look_seconds`` what all views took together with the validation images, in this training or in an earlier one.
    """

    views: int
    epoch_seconds: float
    spent_seconds: float
    look_seconds: float = 0.0

    def saved_seconds(self, epochs: int) -> float:
        """Return how much longer ``epochs`` epochs would have taken with a look at every image in each."""
        return epochs * self.epoch_seconds - self.spent_seconds


Event = StepDone | EpochDone | Finished
