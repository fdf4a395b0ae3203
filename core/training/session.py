"""One training with its effects: states to resume from, the best checkpoint, and the verdict on the test split.

The trainer yields facts; a session saves. The worker and ``python -m core train`` both drive this and nothing else.
"""

import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import torch

from core.checkpoints import Card, Checkpoint, Metrics, load_state, now, read, save, save_state
from core.checkpoints.backbones import load_network
from core.compute.devices import describe_device
from core.config import TrainingConfig
from core.data import LabelledImages, kept_name, load, split_begun_with
from core.errors import CheckpointError, OtherBackboneError, OtherSplitError
from core.events import EpochDone, Event, Finished, StepDone
from core.models import models
from core.training.folder import TrainingFolder
from core.training.resume import check_split, restore, state_of
from core.training.trainer import Trainer

SAVE_EVERY_SECONDS = 20.0  # between states in mid-epoch, at most; the first ones come sooner
FIRST_SAVE_SECONDS = 2.0


class Session:
    """A training that lives in ``folder`` and goes on from the newest state there that can be read.

    What is kept there, and that a folder belongs to one configuration, is `core.training.folder`'s to say.
    ``resumed_from`` names the state, ``fell_back`` is a sentence where newer ones could not be read ('': all were).

    ``progress`` is told what takes long outside the loop and how far it is, in [0, 1]. ``before_saving`` is called
    with the kind of folder (state, best or final) that is about to be written, ``saved`` with the kind and the folder
    once it is whole; what they raise reaches whoever consumes the events. Raises ConfigError where the folder belongs
    to another configuration and OtherSplitError where it belongs to other images.
    """

    def __init__(
        self,
        config: TrainingConfig,
        folder: Path,
        *,
        title: str = "",
        progress: Callable[[str, float], None] | None = None,
        before_saving: Callable[[str], None] | None = None,
        saved: Callable[[str, Path], None] | None = None,
    ) -> None:
        config = replace(config, dataset=kept_name(config.dataset))  # an own set may change while this goes on
        self.config, self.folder, self.title = config, folder, title
        self.tell = progress or (lambda _text, _fraction: None)
        self._before_saving = before_saving or (lambda _kind: None)
        self._saved = saved or (lambda _kind, _folder: None)
        self.files = TrainingFolder(folder, config)
        self.data: LabelledImages = load(config.dataset, size=config.image_size, progress=progress)
        self.split = split_begun_with(self.data, self.files.split(), slips=config.slips)
        self._check_images()
        begun = bool(self.files.states())  # whose weights replace those that it went on from, which may be gone
        self.trainer = Trainer(replace(config, begins_from="") if begun else config, self.data, self.split)
        self.fell_back = ""
        self.resumed_from = self._resume()
        self.trainer.keep_features(self.tell)
        self._saved_at = time.monotonic()
        self._save_after = FIRST_SAVE_SECONDS

    def events(self) -> Iterator[Event]:
        """Yield the trainer's events, saving as it goes; before `Finished` is yielded the final checkpoint is judged.

        A state is saved after its event has been yielded: what the consumer recorded is never behind the state.
        Raises CheckpointError where the disk refuses; the last whole state stays.
        """
        for event in self.trainer.events():
            if isinstance(event, EpochDone) and event.is_best:
                self._save_best(event)
            elif isinstance(event, Finished) and event.reason != "diverged" and event.best_epoch:
                self._finish()
            yield event
            if isinstance(event, EpochDone):
                self.save()
            elif isinstance(event, StepDone) and time.monotonic() - self._saved_at > self._save_after:
                self.save()
                self._save_after = min(2 * self._save_after, SAVE_EVERY_SECONDS)

    def save(self) -> Path:
        """Write the present state, keep the last two, and return its folder."""
        self._before_saving("state")
        progress, state = self.trainer.progress, state_of(self.trainer)
        path = self.files.state(step=progress.step, epoch=progress.epoch)
        save_state(path, state, self.config)
        self._saved("state", path)
        self._saved_at = time.monotonic()
        self.files.prune_states()
        return path

    @property
    def weight_bytes(self) -> int:
        """The bytes of the network's weights; while it learns, gradients and momenta are as many again, each."""
        return sum(weight.numel() * weight.element_size() for weight in self.trainer.model.parameters())

    def checkpoint(self) -> Checkpoint | None:
        """Return the final checkpoint, or else the best so far, or None before the first epoch."""
        return self.files.newest()

    def _check_images(self) -> None:
        """Refuse to go on beside a model that learned from other images, under the same configuration."""
        for folder in (self.files.final, *self.folder.glob("best-*")):
            try:
                began_with = read(folder).card.split_fingerprint
            except CheckpointError:
                continue
            check_split(self.data.spec, began_with, here=self.split.fingerprint)

    def _resume(self) -> str | None:
        """Go on from the newest state that can be read; those that cannot are set aside, and that is said."""
        unread = 0
        for path in reversed(self.files.states()):
            try:
                state, _config = load_state(path)
                restore(self.trainer, state)
            except (OtherBackboneError, OtherSplitError):  # starting over unasked would lose what was learned
                raise
            except CheckpointError:
                unread += 1
                self.files.set_aside(path)
                self.trainer = Trainer(self.config, self.data, self.split)  # part of the state may be in it
                continue
            self.fell_back = _fell_back(unread, self.trainer.progress.step)
            return path.name
        self.fell_back = _fell_back(unread, 0)
        return None

    def _save_best(self, event: EpochDone) -> None:
        self._before_saving("best")
        path = self.files.best(event.epoch)
        save(path, self.trainer.model, self.card(epoch=event.epoch))
        self._saved("best", path)
        self.files.prune_best(path)

    def _finish(self) -> None:
        """Judge the best epoch's model on the test split, once, and store the verdict with its predictions."""
        from core.judging.evaluation import evaluate_checkpoint

        if self._judged():
            self._saved("final", self.files.final)  # whoever wrote it may have been killed before saying so
            return
        best = self.files.newest_best()
        if best is None:
            return
        self.tell("Judging the best epoch on the test images", 0.0)
        evaluation = evaluate_checkpoint(
            best,
            split=self.split,
            features=self.trainer.test_features(self.tell),
            device=self.trainer.device.type,
            progress=self.tell,
        )
        card = self.card(epoch=best.card.epoch, metrics=evaluation.metrics)
        self._before_saving("final")
        save(self.files.final, load_network(best), card, evaluation.predictions)
        self._saved("final", self.files.final)

    def _judged(self) -> bool:
        """Whether the final checkpoint is there, whole."""
        try:
            load_network(read(self.files.final))
        except CheckpointError:
            return False
        return True

    def card(self, *, epoch: int, metrics: Metrics | None = None) -> Card:
        """Return the card of the model as it stands."""
        trainer, config = self.trainer, self.config
        parameters = list(trainer.model.parameters())
        return Card(
            name=self.folder.name,
            title=self.title or f"{models[config.model].title} on {self.data.spec.title}",
            model=config.model,
            arguments=dict(config.model_arguments),
            channels=trainer.format.channels,
            image_size=trainer.format.size,
            classes=self.data.spec.classes,
            mean=trainer.format.mean,
            std=trainer.format.std,
            dataset=config.dataset,
            data_fingerprint=self.data.fingerprint,
            split_fingerprint=self.split.fingerprint,
            config=config,
            epoch=epoch,
            seconds=round(sum(done.seconds for done in trainer.history) + trainer.looking_seconds, 1),
            created=now(),
            device=f"{describe_device(trainer.device)}, torch {torch.__version__}",
            precision=trainer.precision_words,
            parameters=sum(parameter.numel() for parameter in parameters),
            trainable_parameters=sum(parameter.numel() for parameter in parameters if parameter.requires_grad),
            metrics=metrics,
            history=tuple(trainer.history),
        )


def _fell_back(unread: int, step: int) -> str:
    """Say that the newest states were passed over; '' where none was."""
    if not unread:
        return ""
    which = "The newest saved state" if unread == 1 else f"The newest {unread} saved states"
    place = f"from step {step:,}, the newest one that can" if step else "from the beginning"
    return f"{which} could not be read; the training went on {place}."
