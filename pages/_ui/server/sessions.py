"""Sessions that students have left: closed by the clock, where Streamlit waits for the next visitor.

Streamlit keeps a session whose browser is gone for ``server.disconnectedSessionTTL`` seconds, in case it comes back,
and looks for those that are due only when another browser leaves: after the last one, all stay for good.
"""

import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace

from streamlit.runtime import Runtime
from streamlit.runtime.scriptrunner import get_script_run_ctx


@dataclass(frozen=True, kw_only=True)
class Visit:
    """Where an owner was last: a page's address, when (seconds since 1970), and whether their browser is there."""

    owner: str
    page: str
    at: float
    here: bool = True


class Sessions:
    """Every session that this server knows of, since when its browser has been gone, and who it is where."""

    def __init__(self) -> None:
        self._left: dict[str, float | None] = {}
        self._visits: dict[str, Visit] = {}
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
                self._visits.pop(session, None)
        return due

    def visit(self, session: str, owner: str, page: str) -> None:
        """Note that somebody did something on a page now."""
        with self._lock:
            self._visits[session] = Visit(owner=owner, page=page, at=time.time())

    def visits(self) -> Sequence[Visit]:
        """Return where everybody was last, the latest first: one entry for an owner, here where one browser is."""
        with self._lock:
            each = [replace(visit, here=self._left.get(session, 0) is None) for session, visit in self._visits.items()]
        latest: dict[str, Visit] = {}
        for visit in sorted(each, key=lambda one: -one.at):
            known = latest.setdefault(visit.owner, visit)
            latest[visit.owner] = replace(known, here=known.here or visit.here)
        return list(latest.values())

    def known(self) -> list[str]:
        """Return the ids of all sessions."""
        return list(self._left)


SESSIONS = Sessions()


def note_session() -> None:
    """Take in the session whose page is being drawn."""
    context = get_script_run_ctx()
    if context is not None:
        SESSIONS.note(context.session_id)


def note_visit(owner: str, page: str) -> None:
    """Note who is drawn which page; call it where a page begins."""
    context = get_script_run_ctx()
    if context is not None:
        SESSIONS.visit(context.session_id, owner, page)


def close_left(runtime: Runtime, *, away: float) -> int:
    """Close the sessions whose browsers have been gone for ``away`` seconds and return how many; on the event loop."""
    here = {session for session in SESSIONS.known() if runtime.is_active_session(session)}
    due = SESSIONS.due(here, now=time.monotonic(), away=away)
    for session in due:
        runtime.close_session(session)
    return len(due)
