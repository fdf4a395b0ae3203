"""Work on what was sent, which goes on when its sender presses something else.

Streamlit cuts off the run of a page for the next one: of fourteen photos for a class two were kept where another class
was pressed meanwhile, and nothing said so.
"""

from collections.abc import Callable, Mapping
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from typing import Generic, TypeVar

import streamlit as st

_LOOK = 0.5  # seconds

T = TypeVar("T")


class GoesOn(Generic[T]):
    """Jobs of one session, done one after the other in a thread; each is known by a name, and begun once.

    ``said`` is a share of 1 and a few words on the job at work, where it tells; else jobs are counted.
    """

    def __init__(self) -> None:
        self.said: tuple[float, str] | None = None
        self._jobs: dict[str, Future[T]] = {}

    @property
    def names(self) -> list[str]:
        """The jobs that `clear` has not forgotten."""
        return list(self._jobs)

    def begin(self, jobs: Mapping[str, Callable[[], T]]) -> None:
        """Begin those jobs whose names are new; looks at nothing at which Streamlit could cut it off."""
        if new := {name: job for name, job in jobs.items() if name not in self._jobs}:
            one_by_one = ThreadPoolExecutor(max_workers=1)
            self._jobs |= {name: one_by_one.submit(job) for name, job in new.items()}
            one_by_one.shutdown(wait=False)

    def finish(self, begins: str) -> list[T]:
        """Show how far they are until all are done; return what each has given.

        Raises what the first of them that failed has raised, and forgets all.
        """
        bar = st.progress(0.0, text=begins)
        while left := [each for each in self._jobs.values() if not each.done()]:
            done, count = len(self._jobs) - len(left), len(self._jobs)
            share, text = self.said or (done / count, f"{done} of {count}" if done else begins)
            bar.progress(share, text=text)
            wait(left, _LOOK, FIRST_COMPLETED)
        try:
            return [each.result() for each in self._jobs.values()]
        except Exception:
            self.clear()
            raise

    def clear(self) -> None:
        """Forget them, once what they have given is kept elsewhere."""
        self.said, self._jobs = None, {}


def goes_on(key: str) -> GoesOn[T]:
    """Return the work of this name in this session."""
    work: GoesOn[T] = st.session_state.setdefault(f"{key}_goes_on", GoesOn())
    return work
