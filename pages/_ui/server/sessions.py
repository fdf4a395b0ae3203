"""Sessions that students have left: closed by the clock, where Streamlit waits for the next visitor.

Streamlit keeps a session whose browser is gone for ``server.disconnectedSessionTTL`` seconds, in case it comes back,
and looks for those that are due only when another browser leaves: after the last one, all stay for good.
"""

import threading
import time

from streamlit.runtime import Runtime
from streamlit.runtime.scriptrunner import get_script_run_ctx


class Sessions:
    """Every session that this server knows of, and since when its browser has been gone."""

    def __init__(self) -> None:
        self._left: dict[str, float | None] = {}
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return len(self._left)

    def note(self, session: str) -> None:
        """Take in a session that has a browser."""
        with self._lock:
            self._left[session] = None

    def due(self, here: set[str], *, now: float, away: float) -> list[str]:
        """Return, and forget, the sessions without a browser for ``away`` seconds; ``here`` are those that have one."""
        with self._lock:
            for session, since in self._left.items():
                self._left[session] = None if session in here else now if since is None else since
            due = [session for session, since in self._left.items() if since is not None and now - since >= away]
            for session in due:
                del self._left[session]
        return due

    def known(self) -> list[str]:
        """Return the ids of all sessions."""
        return list(self._left)


SESSIONS = Sessions()


def note_session() -> None:
    """Take in the session whose page is being drawn."""
    context = get_script_run_ctx()
    if context is not None:
        SESSIONS.note(context.session_id)


def close_left(runtime: Runtime, *, away: float) -> int:
    """Close the sessions whose browsers have been gone for ``away`` seconds and return how many; on the event loop."""
    here = {session for session in SESSIONS.known() if runtime.is_active_session(session)}
    due = SESSIONS.due(here, now=time.monotonic(), away=away)
    for session in due:
        runtime.close_session(session)
    return len(due)
