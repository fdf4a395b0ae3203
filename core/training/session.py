"""One training with its effects: states to resume from, the best checkpoint, and the verdict on the test split.

The trainer yields facts; a session saves. The worker and ``python -m core train`` both drive this and nothing else.
"""

import re
import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import torch

from core.checkpoints import Card, Checkpoint, Metrics, load_state, newest_in, now, save, save_state
from core.checkpoints.backbones import load_network
from core.compute.devices import describe_device
from core.config import TrainingConfig
from core.data import LabelledImages, load, make_split
from core.errors import CheckpointError, OtherBackboneError, OtherSplitError
from core.events import EpochDone, Event, Finished, StepDone
from core.training.resume import restore, state_of
from core.training.trainer import Trainer

SAVE_EVERY_SECONDS = 20.0  # between states in mid-epoch, at most; the first ones come sooner
FIRST_SAVE_SECONDS = 2.0
STATES_KEPT = 2


class Session:
    """A training that lives in ``folder`` and goes on from the newest state there that can be read.

    ``folder`` holds ``state-<step>`` (the last two), ``best-<epoch>`` (one) and, in the end, ``final``.

    ``progress`` is told what takes long outside the loop and how far it is, in [0, 1]. ``before_saving`` is called
    with the kind of folder (state, best or final) that is about to be written, ``saved`` with the kind and the folder
    once it is whole; what they raise reaches whoever consumes the events.
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
        self.config, self.folder, self.title = config, folder, title
        self.tell = progress or (lambda _text, _fraction: None)
        self._before_saving = before_saving or (lambda _kind: None)
        self._saved = saved or (lambda _kind, _folder: None)
        folder.mkdir(parents=True, exist_ok=True)
        self.data: LabelledImages = load(config.dataset, size=config.image_size, progress=progress)
        self.split = make_split(self.data, slips=config.slips)
        self.trainer = Trainer(config, self.data, self.split)
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
        path = self.folder / f"state-{self.trainer.progress.step:08d}-{self.trainer.progress.epoch:04d}"
        save_state(path, state_of(self.trainer), self.config)
        self._saved("state", path)
        self._saved_at = time.monotonic()
        for old in self._states()[:-STATES_KEPT]:
            shutil.rmtree(old, ignore_errors=True)
        return path

    def checkpoint(self) -> Checkpoint | None:
        """Return the final checkpoint, or else the best so far, or None before the first epoch."""
        return newest_in(self.folder)

    def _states(self) -> list[Path]:
        return sorted(path for path in self.folder.glob("state-*") if re.fullmatch(r"state-\d{8}-\d{4}", path.name))

    def _resume(self) -> str | None:
        for path in reversed(self._states()):
            try:
                state, config = load_state(path)
                if config != self.config:
                    raise CheckpointError(f"The state in '{path.name}' belongs to another configuration.")
                restore(self.trainer, state)
                return path.name
            except (OtherBackboneError, OtherSplitError):  # starting over unasked would lose what was learned
                raise
            except CheckpointError:
                continue
        return None

    def _save_best(self, event: EpochDone) -> None:
        self._before_saving("best")
        path = self.folder / f"best-{event.epoch:04d}"
        save(path, self.trainer.model, self.card(epoch=event.epoch))
        self._saved("best", path)
        for old in self.folder.glob("best-*"):
            if old != path:
                shutil.rmtree(old, ignore_errors=True)

    def _finish(self) -> None:
        """Judge the best epoch's model on the test split, once, and store the verdict with its predictions."""
        from core.judging.evaluation import evaluate_checkpoint

        if (self.folder / "final").is_dir():
            return
        best = newest_in(self.folder)
        if best is None:
            return
        self.tell("Judging the best epoch on the test images", 0.0)
        device = self.trainer.device
        evaluation = evaluate_checkpoint(best, device=device.type, progress=self.tell)
        card = self.card(epoch=best.card.epoch, metrics=evaluation.metrics)
        self._before_saving("final")
        save(self.folder / "final", load_network(best), card, evaluation.predictions)
        self._saved("final", self.folder / "final")

    def card(self, *, epoch: int, metrics: Metrics | None = None) -> Card:
        """Return the card of the model as it stands."""
        trainer, config = self.trainer, self.config
        parameters = list(trainer.model.parameters())
        return Card(
            name=self.folder.name,
            title=self.title or f"{config.model} on {self.data.spec.title}",
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
