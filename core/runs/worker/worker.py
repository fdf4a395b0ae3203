"""One worker: it holds one run, trains it, and tells the store; whatever happens, it has a last word for it.

Torch is imported when the store already knows who is at work, so that the seconds this takes are no silence.
"""

import contextlib
import logging
import os
import time
import traceback
from collections.abc import Callable, Generator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from core.config import TrainingConfig, training_size
from core.disk import refusal, sentence
from core.errors import CheckpointError, ConfigError, LabError, OtherBackboneError, OtherSplitError
from core.events import EpochDone, Finished, StepDone
from core.intervals import percent
from core.runs import folders
from core.runs.executors.processes import process_handle
from core.runs.records import StaleWorkerError, Status, StoreError
from core.runs.sharing import MOST_WEIGHTS
from core.runs.store.lease import Lease
from core.runs.store.store import Store
from core.runs.worker.coming_up import import_all
from core.runs.worker.film import Film
from core.runs.worker.hold import Hold
from core.runs.worker.recorder import Recorder, Why
from core.runs.worker.told_to_leave import when_told_to_leave
from core.runs.worker.turnstile import Turnstile

if TYPE_CHECKING:
    from core.training.session import Session

log = logging.getLogger(__name__)

SAY_SECONDS = 0.5
LAST_WORD_SECONDS = 10.0


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """A worker's last word about its run, as `Lease.end` takes it."""

    status: Status
    reason: str
    message: str = ""
    log: str = ""
    again: bool = False


Steps = Generator[None, None, Outcome]


class LeaveError(Exception):
    """Unwinds a worker out of long work between two steps when it is asked to leave."""


def work(store: Store, run_id: str, fence: int, *, pulse: Callable[[], None] | None = None) -> bool:
    """Train one run to its end, or to where it is asked to leave; returns whether the store took its last word.

    ``pulse`` is called every few seconds meanwhile. Raises nothing that a training can raise: a failure is written
    to the run.
    """
    lease = Lease(store, run_id, fence)
    try:
        config, threads = lease.begin(process_handle(os.getpid()))
        with (
            Recorder(lease, pulse=pulse) as recorder,
            when_told_to_leave(lambda: recorder.ask_to_leave("terminated")),
        ):
            import_all()
            with Turnstile(store, in_a_hurry=lambda: recorder.leave is not None) as turnstile:
                train_to_the_end(lease, recorder, config, threads, between=turnstile.pass_on)
    except (StaleWorkerError, StoreError) as error:
        log.warning("%s", error)
        return False
    return True


def train_to_the_end(
    lease: Hold, recorder: Recorder, config: TrainingConfig, threads: int | None, *, between: Callable[[], None]
) -> None:
    """Train one run that has a process to itself, and say the last word; ``between`` is called after every event.

    Raises what a lease raises whose run has passed on, or whose store cannot be reached.
    """
    steps = Worker(lease, recorder, config, threads, between=between).outcome()
    while (outcome := next_of(steps)) is None:
        between()
    say_last(lease, recorder, outcome)


def next_of(steps: Steps) -> Outcome | None:
    """Let a training go on by one event; returns its last word once it has come to an end."""
    try:
        next(steps)
    except StopIteration as end:
        outcome: Outcome = end.value
        return outcome
    return None


def say_last(
    lease: Hold, recorder: Recorder, outcome: Outcome, *, process_goes_on: bool = False, patience: float | None = None
) -> None:
    """Write the figures and the last word; a store that cannot be written just now is tried again for a while:
    ``patience`` seconds (default: `LAST_WORD_SECONDS`)."""
    deadline = time.monotonic() + (LAST_WORD_SECONDS if patience is None else patience)
    while True:
        try:
            recorder.flush()
            lease.end(**asdict(outcome), process_goes_on=process_goes_on)
            return
        except StoreError:
            if time.monotonic() > deadline:
                raise
            time.sleep(SAY_SECONDS)


def left(recorder: Recorder) -> Outcome:
    """The last word of a worker that was asked to leave."""
    why: Why = recorder.leave or "superseded"
    if why == "asked":
        return Outcome(status="stopped", reason="asked")
    if why == "turn":
        return Outcome(status="interrupted", reason="turn", message="Others have their turn.", again=True)
    if why == "disk_full":
        message = "The disk was almost full. The run is saved and goes on by itself when there is room again."
    else:
        message = "Its process was told to leave. The run is saved and goes on by itself."
    return Outcome(status="interrupted", reason=why, message=message, again=True)


def _by_the_disk(error: LabError) -> bool:
    if isinstance(error, folders.DiskFullError | StoreError) or refusal(error) is not None:
        return True
    return isinstance(error, CheckpointError) and isinstance(error.__cause__, OSError)


class Worker:
    """The one consumer of a session's events in a run. ``between`` is called during long work outside the loop.

    Of those that share (``shares``) one with too large a network asks to have a process of its own.
    """

    def __init__(
        self,
        lease: Hold,
        recorder: Recorder,
        config: TrainingConfig,
        threads: int | None,
        *,
        between: Callable[[], None] | None = None,
        shares: bool = False,
    ) -> None:
        self.lease = lease
        self.shares = shares
        self.recorder = recorder
        self.config = config
        self.threads = threads
        self._between = between or (lambda: None)
        self._session: Session | None = None
        self._said = 0.0

    def outcome(self) -> Steps:
        """Train, yielding after every event, and turn every way in which that can end into one last word."""
        try:
            return (yield from self._train())
        except (LeaveError, StaleWorkerError):
            return left(self.recorder)
        except LabError as error:
            if _by_the_disk(error):  # what was saved before is whole
                return Outcome(status="interrupted", reason="disk_full", message=str(error), again=True)
            if isinstance(error, OtherBackboneError | OtherSplitError | ConfigError):
                return Outcome(status="failed", reason="unfit", message=str(error))
            return Outcome(status="failed", reason="error", message=str(error))
        except Exception as error:
            if refusal(error) is not None and isinstance(error, OSError):
                message = sentence("Something could not be written", error)
                return Outcome(status="interrupted", reason="disk_full", message=message, again=True)
            lines = traceback.format_exc()
            log.exception("the training raised")
            return Outcome(
                status="failed",
                reason="exception",
                message=_sentence(error),
                log="\n".join(lines.splitlines()[-folders.LOG_LINES :]),
            )

    def _train(self) -> Steps:
        """Train from the last saved state, or from the beginning, to the end or until asked to leave."""
        if self._has_to_leave():
            return left(self.recorder)
        session = self._begin()
        if self.shares and session.weight_bytes > MOST_WEIGHTS:
            self.lease.share_no_more()
            self.recorder.ask_to_leave("turn")
            return left(self.recorder)
        film = Film(session)
        if not session.trainer.progress.step:
            film.take(0)
        for event in session.events():
            if isinstance(event, StepDone):
                self.recorder.step(event, side=training_size(self.config, event.epoch - 1))
            elif isinstance(event, EpochDone):
                self.recorder.epoch(event, step=session.trainer.progress.step)
                film.take(event.epoch)
            elif isinstance(event, Finished):
                return _finished(event, session)
            if self._has_to_leave():
                with contextlib.suppress(StaleWorkerError):  # written all the same: another worker may go on from it
                    session.save()
                return left(self.recorder)
            yield
        raise RuntimeError("the training ended without saying why")

    def _has_to_leave(self) -> bool:
        return self.recorder.leave is not None

    def _begin(self) -> "Session":
        from core.compute.devices import describe_device
        from core.training.session import Session

        if self.threads is not None:
            import torch

            torch.set_num_threads(self.threads)
        session = Session(
            self.config,
            self.lease.folder,
            title=self.lease.title(),
            progress=self._progress,
            before_saving=self._before_saving,
            saved=self._saved,
        )
        self._session = session
        trainer = session.trainer
        self.recorder.take_back_words()
        self.lease.describe(
            device=describe_device(trainer.device),
            steps_total=trainer.steps_per_epoch * self.config.epochs,
            split=session.split.fingerprint,
            precision=trainer.precision_words,
            features=trainer.features,
            notice=session.fell_back,
        )
        self.lease.rewind(step=trainer.progress.step, epoch=trainer.progress.epoch)
        return session

    def _progress(self, what: str, fraction: float) -> None:
        """Say what takes so long before the first step or after the last, and leave where that is asked."""
        if self.recorder.leave:
            raise LeaveError
        self._between()
        if time.monotonic() - self._said >= SAY_SECONDS:
            self._said = time.monotonic()
            self.recorder.say(f"{what} ({percent(fraction)})" if fraction else what, fraction)

    def _before_saving(self, kind: str) -> None:
        """Figures first, so that a restored state never lacks any; and only the run's holder replaces a model."""
        folders.check_space(self.lease.folder)
        if not self.lease.orders().superseded:
            self.recorder.flush(durable=True)
        elif kind != "state":
            raise StaleWorkerError(f"Run {self.lease.run_id} has passed to another worker.")

    def _saved(self, kind: str, folder: Path) -> None:
        progress = self._session.trainer.progress if self._session else None
        if progress is not None:
            self.lease.saved(folder, kind=kind, step=progress.step, epoch=progress.epoch)


def _finished(event: Finished, session: "Session") -> Outcome:
    if event.reason == "diverged":
        return Outcome(
            status="diverged",
            reason="diverged",
            message=(
                f"The loss was no longer a finite number at step {event.step:,}. A smaller learning rate usually helps."
            ),
        )
    best = session.checkpoint()
    if best is None:
        return Outcome(status="finished", reason=event.reason)
    from core.judging.claims import last_word

    return Outcome(status="finished", reason=event.reason, message=last_word(best.card))


def _sentence(error: Exception) -> str:
    refused = isinstance(error, RuntimeError) and "can't allocate memory" in str(error)  # torch's word on the CPU
    if type(error).__name__ == "OutOfMemoryError" or isinstance(error, MemoryError) or refused:
        return (
            "There was not enough memory for this training; choose a smaller batch, a smaller image or a smaller net."
        )
    first = str(error).strip().splitlines()
    return f"The training raised {type(error).__name__}{': ' + first[0][:300] if first else ''}."
