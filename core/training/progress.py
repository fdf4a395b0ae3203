"""Where a training stands, and the figures of its present epoch."""

import math
from dataclasses import dataclass

from core.events import EpochDone, StepDone


@dataclass(kw_only=True)
class Progress:
    """``epoch`` whole epochs done, ``batch`` batches into the next, ``step`` in all.

    The sums run over the present epoch's images; ``seconds`` over its training so far.
    """

    epoch: int = 0
    batch: int = 0
    step: int = 0
    loss_sum: float = 0.0
    correct: int = 0
    images: int = 0
    seconds: float = 0.0
    best_epoch: int = 0
    best_accuracy: float = -1.0
    best_loss: float = math.inf

    def out_of_patience(self, patience: int) -> bool:
        """Whether ``patience`` epochs (0: any number) have gone by without a new best one."""
        return bool(patience) and self.epoch > 0 and self.epoch - self.best_epoch >= patience

    def step_done(self, *, loss: float, correct: int, images: int, learning_rate: float, seconds: float) -> StepDone:
        """Count a step on ``images`` images, ``correct`` of them right; a loss that is not finite adds to no sum."""
        if math.isfinite(loss):
            self.correct += correct
            self.loss_sum += loss * images
            self.images += images
        self.batch += 1
        self.step += 1
        self.seconds += seconds
        return StepDone(
            epoch=self.epoch + 1,
            step=self.step,
            loss=loss,
            learning_rate=learning_rate,
            images=images,
            seconds=seconds,
        )

    def epoch_done(self, *, val_loss: float, val_accuracy: float, learning_rate: float, seconds: float) -> EpochDone:
        """Close the present epoch with the verdict on the validation images, and begin the next one's sums."""
        better = (val_accuracy, -val_loss) > (self.best_accuracy, -self.best_loss)
        self.epoch += 1
        if better:
            self.best_epoch, self.best_accuracy, self.best_loss = self.epoch, val_accuracy, val_loss
        done = EpochDone(
            epoch=self.epoch,
            train_loss=self.loss_sum / self.images,
            train_accuracy=self.correct / self.images,
            val_loss=val_loss,
            val_accuracy=val_accuracy,
            learning_rate=learning_rate,
            seconds=self.seconds + seconds,
            is_best=better,
        )
        self.batch, self.loss_sum, self.correct, self.images, self.seconds = 0, 0.0, 0, 0, 0.0
        return done
