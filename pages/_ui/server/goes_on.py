"""Work on what was sent, which goes on when its sender presses something else.

Streamlit cuts off the run of a page for the next one: of fourteen photos for a class two were kept where another class
was pressed meanwhile, and nothing said so.
"""

import threading
import time
from collections import deque
from collections.abc import Callable, Mapping
from concurrent.futures import FIRST_COMPLETED, Future, wait
from functools import partial
from typing import Any, Generic, TypeVar

import streamlit as st

from pages._ui.server.arrivals import coming

_LOOK = 0.5  # seconds

T = TypeVar("T")


class GoesOn(Generic[T]):
    """Jobs of one session, done one after the other by a thread that holds up no server; each begins once, by its name.

    ``said`` is a share of 1 and a few words on the job at work, where it tells; else jobs are counted. What they work
    on comes from the widget ``field``: `clear` puts another one, empty, in its place.
    """

    def __init__(self, key: str) -> None:
        self._key, self._turn = key, 0
        self.said: tuple[float, str] | None = None
        self._stopped = threading.Event()
        self._jobs: dict[str, Future[T]] = {}
        self._given: tuple[str, ...] = ()  # by `finish`
        self._back: list[Future[None]] = []  # what takes back what withdrawn ones have given
        self._to_do: deque[tuple[Callable[[], Any], Future[Any]]] = deque()
        self._at_work = False
        self._lock = threading.Lock()

    @property
    def field(self) -> str:
        """The key of the uploader."""
        return f"{self._key}_{self._turn}"

    @property
    def names(self) -> list[str]:
        """The jobs that `clear` has not forgotten."""
        return list(self._jobs)

    @property
    def at_work(self) -> bool:
        """Whether jobs are to be done, or what more of them work on is on its way."""
        return bool(self._left(self._jobs)) or coming(self._key)

    def progress(self, begins: str) -> tuple[float, str]:
        """Return a share of 1 and the words for it; ``begins`` is said until the first job is done."""
        jobs = self._jobs
        done = sum(each.done() for each in jobs.values())
        if self._left(jobs):
            return self.said or (done / max(1, len(jobs)), f"{done} of {len(jobs)}" if done else begins)
        return (1.0, "More are on their way …") if jobs else (0.0, "On its way …")

    def stop(self) -> None:
        """Have the job at work look."""
        self._stopped.set()

    def begin(self, jobs: Mapping[str, Callable[[], T]]) -> None:
        """Begin those jobs whose names are new; looks at nothing at which Streamlit could cut it off."""
        with self._lock:
            for name, job in jobs.items():
                if name not in self._jobs:
                    future: Future[T] = Future()
                    self._jobs = {**self._jobs, name: future}  # anew: somebody may be looking at the old one
                    self._to_do.append((job, future))
            self._work()

    def withdraw(self, name: str, undo: Callable[[T], None] | None = None) -> None:
        """Have a job give nothing: it does not begin, or ``undo`` is done with what it has given, after the others.

        It gives what it has given where it has begun and there is no ``undo``, or that fails.
        """
        with self._lock:
            withdrawn = self._jobs.get(name)
            if withdrawn is None:
                return
            if withdrawn.cancel():
                self._to_do = deque(each for each in self._to_do if each[1] is not withdrawn)
            elif undo is None:
                return
            else:
                back: Future[None] = Future()
                self._back.append(back)
                self._to_do.append((partial(self._undo, name, withdrawn, undo), back))
                self._work()
            self._jobs = {each: self._jobs[each] for each in self._jobs if each != name}

    def finish(self, begins: str, *, stop: str | None = None) -> list[T]:
        """Show how far they are until all are done, and a button of the key ``stop``; return what each has given.

        What the browser is still sending is waited for.

        Raises what the first of them that failed has raised, once. Until `clear` it can be asked again: a run that was
        cut off may be the one that sees the end first.
        """
        bar = st.progress(0.0, text=begins)
        if stop is not None:
            st.button("Stop", key=stop, icon=":material/stop:", on_click=self.stop)
        while True:
            jobs = self._jobs
            left = self._left(jobs)
            if not left and not coming(self._key):
                break
            share, text = self.progress(begins)
            bar.progress(share, text=text)
            if left:
                wait(left, _LOOK, FIRST_COMPLETED)
            else:
                time.sleep(_LOOK / 2)
        self._given = tuple(jobs)
        try:
            return [each.result() for each in jobs.values() if not each.cancelled()]
        except Exception:
            self.clear()
            raise

    def stopped(self) -> threading.Event:
        """Return what is set when whoever sent what begins now wants it to end; it is for the jobs to look."""
        if self._stopped.is_set():
            self._stopped = threading.Event()
        return self._stopped

    def clear(self) -> None:
        """Forget those that `finish` has told of, once what they have given is kept elsewhere."""
        with self._lock:
            self._jobs = {name: self._jobs[name] for name in self._jobs if name not in self._given}
            self._back = [each for each in self._back if not each.done()]
            self.said, self._turn = None, self._turn + 1

    def _left(self, jobs: Mapping[str, Future[T]]) -> list[Future[Any]]:
        return [each for each in (*jobs.values(), *self._back) if not each.done()]

    def _undo(self, name: str, given: Future[T], undo: Callable[[T], None]) -> None:
        try:
            undo(given.result())
        except Exception:
            with self._lock:
                self._jobs = {**self._jobs, name: given}
            raise

    def _work(self) -> None:
        if self._to_do and not self._at_work:
            threading.Thread(target=self._do, daemon=True).start()
            self._at_work = True  # the thread looks at it once the lock is free

    def _do(self) -> None:
        while True:
            with self._lock:
                if not self._to_do:
                    self._at_work = False
                    return
                job, future = self._to_do.popleft()
            if not future.set_running_or_notify_cancel():
                continue
            try:
                future.set_result(job())
            except Exception as error:
                future.set_exception(error)
            except BaseException as error:  # pages let these pass, as Streamlit ends runs by them
                future.set_exception(RuntimeError(repr(error)))


def goes_on(key: str) -> GoesOn[T]:
    """Return the work of this name in this session."""
    work: GoesOn[T] = st.session_state.setdefault(f"{key}_goes_on", GoesOn(key))
    return work


@st.fragment(run_every=_LOOK)
def follow(key: str, begins: str, *, stop: str | None = None) -> None:
    """Show how far the work of this name is, as `GoesOn.finish` does, while the page goes on; draw that at its end."""
    work: GoesOn[Any] = goes_on(key)
    if not work.at_work:
        st.rerun()
    share, text = work.progress(begins)
    st.progress(share, text=text)
    if stop is not None and work.names:
        st.button("Stop", key=stop, icon=":material/stop:", on_click=work.stop)
