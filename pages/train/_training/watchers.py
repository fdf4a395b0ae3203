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

from pages._ui import state

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


def pace() -> float:
    """Note that this session looks at a run now, and return the seconds until it should look again."""
    session = st.session_state.setdefault(state.WATCHER, uuid.uuid4().hex)
    return seconds_between(_watchers().look(session, time.monotonic()))
