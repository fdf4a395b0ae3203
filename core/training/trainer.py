"""The training loop, as a generator of typed facts.

`Trainer.events` is the lesson: for each epoch, for each batch, forward, loss, backward, step; then a look at the
validation images. It yields what happened and does nothing else: whoever consumes it saves, draws, stops or walks
away. Every yield is a consistent state, and a resumed training equals an uninterrupted one bit for bit on the CPU,
because batch order and augmentation are functions of (seed, epoch, step) and `core.training.resume` keeps the rest.
What a training is made of is put together in `core.training.assembly`.
"""

import math
import time
from collections.abc import Iterable, Iterator

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from core.config import training_size
from core.events import EpochDone, Event, Finished, StepDone
from core.models.answers import logits_of
from core.training.assembly import Assembly
from core.training.batches import Batch, order_of_epoch
from core.training.optimization import step_after_epoch
from core.training.precision import Autocast


class Trainer(Assembly):
    """One training that moves: everything that `Assembly` put together, and the loop over it."""

    def events(self) -> Iterator[Event]:
        """Train to the end from wherever the training stands, yielding every fact; the last one is `Finished`."""
        self.keep_features()
        while not self.finished:
            self.model.train()
            self.precision.protect(self.model, self.format, side=training_size(self.config, self.progress.epoch))
            for images, labels in self._rest_of_epoch():
                step = self._step(images, labels)
                if not math.isfinite(step.loss):
                    yield Finished(reason="diverged", step=step.step, best_epoch=self.progress.best_epoch)
                    return
                yield step
            yield self._end_epoch()
        reason = "early_stopped" if self.progress.out_of_patience(self.config.patience) else "completed"
        yield Finished(reason=reason, step=self.progress.step, best_epoch=self.progress.best_epoch)  # type: ignore[arg-type]

    def _rest_of_epoch(self) -> Iterator[Batch]:
        """The batches to come in this epoch, in an order that only seed and epoch decide; a small last one drops."""
        epoch, size = self.progress.epoch, self.config.batch_size
        order = order_of_epoch(self.train_indices, seed=self.config.seed, epoch=epoch)
        for batch in range(self.progress.batch, self.steps_per_epoch):
            started = time.perf_counter()
            images, labels = self.batches.training(order[batch * size : (batch + 1) * size], epoch=epoch, batch=batch)
            self.progress.seconds += time.perf_counter() - started
            yield images, labels

    def _step(self, images: Tensor, labels: Tensor) -> StepDone:
        """Forward, loss, backward, step. A loss that is not finite leaves the weights as they are.

        What is recorded is plain cross-entropy, as on the validation images; label smoothing changes what is learned.
        """
        started = time.perf_counter()
        learning_rate = self.optimizer.param_groups[0]["lr"]
        with self.precision.autocast():
            logits = self.network(images)
        loss = F.cross_entropy(logits.float(), labels, label_smoothing=self.config.label_smoothing)
        if math.isfinite(value := loss.item()):
            if self.config.label_smoothing:
                value = F.cross_entropy(logits.detach().float(), labels).item()
            self.optimizer.zero_grad()
            loss.backward()
            self.optimizer.step()
            if self.config.schedule == "one_cycle":
                self.schedule.step()
        correct = int((logits.argmax(1) == labels).sum())
        seconds = time.perf_counter() - started
        return self.progress.step_done(
            loss=value, correct=correct, images=len(labels), learning_rate=learning_rate, seconds=seconds
        )

    def _end_epoch(self) -> EpochDone:
        """Judge the model on the validation images, step the schedule, and begin the next epoch's sums."""
        started = time.perf_counter()
        learning_rate = self.optimizer.param_groups[0]["lr"]
        val_loss, val_accuracy = self.validate()
        if self.config.schedule == "step":
            step_after_epoch(self.schedule)
        seconds = time.perf_counter() - started
        done = self.progress.epoch_done(
            val_loss=val_loss, val_accuracy=val_accuracy, learning_rate=learning_rate, seconds=seconds
        )
        self.history.append(done)
        return done

    def validate(self) -> tuple[float, float]:
        """Return mean loss (nats) and accuracy on the validation images, never augmented."""
        self.model.train(mode="no_eval_mode" in self.config.slips)  # right is `self.model.eval()`
        batches = self.batches.evaluation(torch.from_numpy(self.split.validation))
        mirrored = self.config.mirror_at_test and self.features is None  # features hold both opinions already
        return test(self.network, batches, autocast=self.precision.autocast, mirrored=mirrored)


def test(model: nn.Module, batches: Iterable[Batch], *, autocast: Autocast, mirrored: bool) -> tuple[float, float]:
    """Return mean cross-entropy (nats) and accuracy over ``batches`` of normalised images and labels.

    The caller sets the model's mode: `model.eval()` is what the notebook forgot.
    """
    loss_sum, correct, count = 0.0, 0, 0
    with torch.inference_mode():
        for images, labels in batches:
            with autocast():
                logits = logits_of(model, images, mirrored=mirrored)
            loss_sum += F.cross_entropy(logits, labels, reduction="sum").item()
            correct += int((logits.argmax(1) == labels).sum())
            count += len(labels)
    return loss_sum / count, correct / count
