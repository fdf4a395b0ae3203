"""What passes between a worker and its stand-in: questions to the lease from there, answers from here."""

import itertools
import queue
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any

from core.errors import LabError, RunError
from core.runs.folders import DiskFullError
from core.runs.records import StaleWorkerError, StoreError

_ERRORS: dict[str, type[LabError]] = {
    error.__name__: error for error in (StaleWorkerError, StoreError, DiskFullError, RunError)
}
COME_BY_SECONDS = 0.5  # that somebody who comes by for questions waits for one


@dataclass(frozen=True, kw_only=True)
class Question:
    """A call of a lease's method ``what`` on the other machine."""

    number: int
    what: str
    given: tuple[Any, ...] = ()
    named: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Answer:
    """It was done; or with an ``error``, of a ``kind`` that has a name here, it was not."""

    number: int
    kind: str = ""
    error: str = ""


def refused(number: int, error: LabError) -> Answer:
    """Return the answer that raises the same error where the question was asked."""
    kind = next((name for name, known in _ERRORS.items() if isinstance(error, known)), RunError.__name__)
    return Answer(number=number, kind=kind, error=str(error))


class Desk:
    """Where a worker asks, and waits until somebody has come by and brought the answer. Safe between threads."""

    def __init__(self) -> None:
        self._numbers = itertools.count(1)
        self._asked: queue.SimpleQueue[Question] = queue.SimpleQueue()
        self._open: dict[int, Future[None]] = {}

    def ask(self, what: str, *given: Any, **named: Any) -> None:
        """Ask, and return when it has been done; raises the error that it was answered with."""
        question = Question(number=next(self._numbers), what=what, given=given, named=named)
        future = self._open[question.number] = Future()
        self._asked.put(question)
        future.result()

    def answer(self, answers: list[Answer]) -> None:
        """Let those who wait for these answers go on."""
        for each in answers:
            future = self._open.pop(each.number)
            if each.kind:
                future.set_exception(_ERRORS[each.kind](each.error))
            else:
                future.set_result(None)

    def questions(self, *, seconds: float = COME_BY_SECONDS) -> list[Question]:
        """Return what has been asked meanwhile, in order; waits a while for the first one."""
        found = []
        try:
            found.append(self._asked.get(timeout=seconds))
            while True:
                found.append(self._asked.get_nowait())
        except queue.Empty:
            return found
