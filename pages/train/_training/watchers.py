"""How often a page looks at the run it follows: in a class so often that a look without news leaves no chart older than
three seconds.

A look costs the server 9 ms of processor time (13 with two cores overloaded, before garbage was collected by the clock
and figures were read once for all sessions), which a training on the same cores goes without: thirty sessions take a
fifth of a core. Beyond a class each looks less often.
"""

import threading
import time
import uuid

import streamlit as st

from core.runs.records import Run
from pages._ui import state

AT_FIRST = 0.25  # seconds between two looks while the first step may come at any moment …
MOMENTS = 10.0  # … for so many seconds of a state: the look of a frozen backbone, or the run before, may take minutes
PACES = ((2, 1.0), (40, 1.4))  # up to so many sessions, seconds between two looks of each
SLOWEST = 4.0
_GONE = 2.5 * SLOWEST  # seconds without a look after which a session counts as gone


class Watchers:
    """The sessions that follow a run, by their last look."""

    def __init__(self) -> None:
        self._looks: dict[str, float] = {}
        self._lock = threading.Lock()

    def look(self, session: str, now: float) -> int:
        """Note a look and return how many sessions are following, this one included."""
        with self._lock:
            self._looks[session] = now
            self._looks = {one: at for one, at in self._looks.items() if now - at < _GONE}
            return len(self._looks)


@st.cache_resource(show_spinner=False)
def _watchers() -> Watchers:
    return Watchers()


def seconds_between(sessions: int) -> float:
    """Return how long each of so many sessions waits between two looks."""
    return next((seconds for most, seconds in PACES if sessions <= most), SLOWEST)


def at_first(run: Run) -> bool:
    """Whether a run that is next, or at work, may make its first step at any moment: it has not been followed for long
    in the state that it is in."""
    now, followed = time.monotonic(), (run.id, run.status, run.position)
    before, since = st.session_state.get(state.WATCHED_SINCE, (followed, now))
    if before != followed:
        since = now
    st.session_state[state.WATCHED_SINCE] = (followed, since)
    return run.live and not run.step and (run.position or 1) == 1 and now - since < MOMENTS


def pace() -> float:
    """Note that this session looks at a run now, and return the seconds until it should look again."""
    session = st.session_state.setdefault(state.WATCHER, uuid.uuid4().hex)
    return seconds_between(_watchers().look(session, time.monotonic()))
