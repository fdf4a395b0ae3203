"""What a run is: its states in words, its facts, and the checks on what people may call it.

Standard library and core.config only.
"""

from dataclasses import dataclass
from typing import Literal

from core.config import TrainingConfig
from core.errors import RunError
from core.events import FeaturesKept
from core.names import checked_name, is_id, printable

Status = Literal["queued", "running", "stopping", "stopped", "finished", "diverged", "failed", "interrupted"]
WAITING: tuple[Status, ...] = ("queued",)
AT_WORK: tuple[Status, ...] = ("running", "stopping")
ENDED: tuple[Status, ...] = ("stopped", "finished", "diverged", "failed", "interrupted")
RESUMABLE: tuple[Status, ...] = ("stopped", "interrupted", "failed")
UNFIT = "unfit"  # the reason of a failure that the same settings would meet again
STATUSES: tuple[Status, ...] = (*WAITING, *AT_WORK, *ENDED)

NAME_LENGTH = 80
NOTE_LENGTH = 2_000


class StoreError(RunError):
    """The store cannot be opened, read or written; ``str(error)`` says why."""


class StaleWorkerError(RunError):
    """A worker wrote for a run that has passed to somebody else; it should save and leave."""


@dataclass(frozen=True, kw_only=True)
class Run:
    """One training as the store knows it. Times are seconds since 1970; ``step`` and epochs count from 1.

    ``owner`` and ``stopped_by``, who asked it to stop ("" where that is not known), are ids (`core.rights`), and
    never shown; ``owner_name`` and ``stopped_by_name`` are what people read.
    ``reason`` is one word about how the run came to its status (completed, early_stopped, asked, forced, lost,
    terminated, disk_full …), ``message`` a sentence for people, ``log`` the last lines of a worker that failed.
    While a run is at work ``message`` says what it does outside the loop, ``message_share`` how much of that is done,
    in [0, 1]; it is empty inside the loop.
    ``position`` is the place in the queue from 1 (None: not queued). ``checkpoint`` is the folder of the best
    model so far, ``saved_step`` the step that a resume goes on from. ``seconds_left`` is an estimate. ``features`` says
    what it cost to show a frozen backbone every image once (None: this run's images were seen in every epoch).
    ``precision`` is a sentence: what it computes in, and why (empty before it started). ``notice`` is a sentence about
    what went otherwise than planned, such as a saved state that could not be read (empty where nothing did).
    ``best_validation`` is the best accuracy of an epoch on the validation images, in [0, 1] (None: no epoch yet),
    ``training_seconds`` what was computed in its epochs, and by a frozen backbone in its look at the images: the figure
    to compare trainings by, as on its network's card. ``seconds_at_work`` is the time from start to end, with loading,
    saving, the last judging and the turns of others, without what it lay stopped or waited (each None: none yet).
    While it is at work ``others`` is the number of runs that it takes turns with, ``turn_every`` the seconds from one
    of its turns to the next (None: it has none, or no second one yet).
    """

    id: str
    owner: str
    owner_name: str
    stopped_by: str
    stopped_by_name: str
    name: str
    note: str
    config: TrainingConfig
    status: Status
    reason: str
    message: str
    message_share: float
    log: str
    created: float
    started: float | None
    ended: float | None
    fence: int
    position: int | None
    epochs_done: int
    step: int
    steps_total: int
    saved_step: int
    checkpoint: str | None
    device: str
    images_per_second: float | None
    seconds_left: float | None
    features: FeaturesKept | None
    precision: str
    notice: str
    best_validation: float | None
    training_seconds: float | None
    seconds_at_work: float | None
    others: int
    turn_every: float | None

    @property
    def live(self) -> bool:
        """Whether this run can still change without being asked to: it is queued or at work."""
        return self.status in WAITING or self.status in AT_WORK

    @property
    def resumable(self) -> bool:
        """Whether `Store.resume` would accept it."""
        return self.status in RESUMABLE and self.reason != UNFIT


@dataclass(frozen=True, kw_only=True)
class Change:
    """One change of a run's status, as it was recorded: ``at`` in seconds since 1970."""

    at: float
    status: Status
    reason: str
    fence: int


def check_id(run_id: str) -> str:
    """Return ``run_id``; raises RunError where it has not the shape of an id (it becomes a path)."""
    if not is_id(run_id):
        raise RunError("This is not the id of a run: an id has ten characters, such as 'k7mq2xw9ab'.")
    return run_id


def check_name(text: str, *, what: str = "name") -> str:
    """Return ``text`` with single spaces; raises RunError where it is empty, too long or holds control characters."""
    return checked_name(text, what=what, at_most=NAME_LENGTH, error=RunError)


def check_note(text: str) -> str:
    """Return ``text`` as a note: lines are kept; raises RunError where it is too long or holds control characters."""
    lines = [printable(line, what="note", error=RunError).rstrip() for line in text.replace("\r\n", "\n").split("\n")]
    note = "\n".join(lines).strip()
    if len(note) > NOTE_LENGTH:
        raise RunError(f"The note has {len(note):,} characters; it may have {NOTE_LENGTH:,}.")
    return note
