"""A place on another machine where one training is at work, as its stand-in sees it; a cluster fills this port."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from core.errors import RunError
from core.runs.far.questions import Answer, Question
from core.runs.worker.recorder import Why


class PlaceLostError(RunError):
    """The machine, or the worker's process on it, is gone; ``str(error)`` is a sentence."""


@dataclass(frozen=True, kw_only=True)
class Training:
    """What a workplace is told to train: a run's configuration as JSON, and what the store knows of it.

    ``fingerprint`` is that of the images ('': any will do), ``pixels`` and ``weights`` are keys of what was lent.
    """

    run_id: str
    fence: int
    title: str
    config: str
    threads: int | None
    fingerprint: str = ""
    pixels: str = ""
    weights: str = ""


class Place(Protocol):
    """All of it raises `PlaceLostError`. Files come in parts, each with the ``offset`` at which it belongs; with a
    ``key`` they are lent, and lie below its folder, otherwise they lie in the training's home."""

    def ready(self, seconds: float) -> str:
        """Wait so long for the place to come up; return what it is called, '' where it has not yet."""

    def lacking(self, keys: Sequence[str]) -> Sequence[str]:
        """Return those of the keys under which nothing lies there yet."""

    def take(self, where: str, part: bytes, *, offset: int, key: str = "") -> None:
        """Take a part of a file."""

    def seal(self, key: str) -> None:
        """All files of what is lent under this key are there."""

    def begin(self, training: Training) -> None:
        """Start the worker."""

    def exchange(self, answers: Sequence[Answer], leave: Why | None) -> tuple[Sequence[Question], bool]:
        """Bring answers, and the reason to leave where there is one; return new questions, after waiting a while for
        the first, and whether the worker has ended."""
