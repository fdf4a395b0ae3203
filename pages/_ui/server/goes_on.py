"""Work on what was sent, which goes on when its sender presses something else.

Streamlit cuts off the run of a page for the next one: of fourteen photos for a class two were kept where another class
was pressed meanwhile, and nothing said so.
"""

import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import FIRST_COMPLETED, Future, wait
from typing import Generic, TypeVar

import streamlit as st

from pages._ui.server.cut_off import CutOff, coming

_LOOK = 0.5  # seconds

T = TypeVar("T")


class GoesOn(Generic[T]):
    """Jobs of one session, done one after the other by threads that hold up no server; each begins once, by its name.

    ``said`` is a share of 1 and a few words on the job at work, where it tells; else jobs are counted. ``cut`` are
    files of which the page was never told. They come from the widget ``field``: `clear` puts another one, empty, in its
    place.
    """

    def __init__(self, key: str) -> None:
        self._key, self._turn = key, 0
        self.said: tuple[float, str] | None = None
        self._stopped = threading.Event()
        self.cut: list[CutOff] = []
        self._jobs: dict[str, Future[T]] = {}
        self._one_by_one = threading.Lock()

    @property
    def field(self) -> str:
        """The key of the uploader."""
        return f"{self._key}_{self._turn}"

    @property
    def names(self) -> list[str]:
        """The jobs that `clear` has not forgotten."""
        return list(self._jobs)

    def begin(self, jobs: Mapping[str, Callable[[], T]]) -> None:
        """Begin those jobs whose names are new; looks at nothing at which Streamlit could cut it off."""
        if new := {name: job for name, job in jobs.items() if name not in self._jobs}:
            given: dict[str, Future[T]] = {name: Future() for name in new}
            self._jobs = {**self._jobs, **given}  # anew: who looks at the old one may not be through with it
            threading.Thread(target=self._do, args=(list(new.values()), list(given.values())), daemon=True).start()

    def finish(self, begins: str, *, stop: str | None = None) -> list[T]:
        """Show how far they are until all are done, and a button of the key ``stop``; return what each has given.

        What the browser is still sending is waited for: it cuts this run off when it has come, and begins in the next.

        Raises what the first of them that failed has raised, once. Until `clear` it can be asked again: a run that was
        cut off may be the one that sees the end first.
        """
        jobs = list(self._jobs.values())
        bar = st.progress(0.0, text=begins)
        if stop is not None:
            st.button("Stop", key=stop, icon=":material/stop:", on_click=self._stopped.set)
        while (left := [each for each in jobs if not each.done()]) or coming(self._key):
            done = len(jobs) - len(left)
            share, text = self.said or (done / len(jobs), f"{done} of {len(jobs)}" if done else begins)
            bar.progress(share, text=text if left else "More are on their way …")
            if left:
                wait(left, _LOOK, FIRST_COMPLETED)
            else:
                time.sleep(_LOOK / 2)
        try:
            return [each.result() for each in jobs]
        except Exception:
            self.clear()
            raise

    def _do(self, jobs: list[Callable[[], T]], given: list[Future[T]]) -> None:
        with self._one_by_one:
            for job, future in zip(jobs, given, strict=True):
                try:
                    future.set_result(job())
                except Exception as error:
                    future.set_exception(error)
                except BaseException as error:  # pages let these pass, as Streamlit ends runs by them
                    future.set_exception(RuntimeError(repr(error)))

    def stopped(self) -> threading.Event:
        """Return what is set when whoever sent what begins now wants it to end; it is for the jobs to look."""
        if self._stopped.is_set():
            self._stopped = threading.Event()
        return self._stopped

    def clear(self) -> None:
        """Forget them, once what they have given is kept elsewhere."""
        self.said, self.cut, self._jobs, self._turn = None, [], {}, self._turn + 1


def goes_on(key: str) -> GoesOn[T]:
    """Return the work of this name in this session."""
    work: GoesOn[T] = st.session_state.setdefault(f"{key}_goes_on", GoesOn(key))
    return work
