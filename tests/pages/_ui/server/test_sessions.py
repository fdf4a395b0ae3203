"""Sessions that were left are closed by the clock; those that come back in time are not."""

from types import SimpleNamespace
from typing import Any, cast

import pytest

from pages._ui.server import sessions
from pages._ui.server.sessions import Sessions, close_left

AWAY = 100.0


@pytest.fixture
def known() -> Sessions:
    known = Sessions()
    for session in ("a", "b"):
        known.note(session)
    return known


def test_a_session_is_due_when_its_browser_has_been_gone_for_so_long(known: Sessions) -> None:
    assert known.due({"a", "b"}, now=0, away=AWAY) == []
    assert known.due({"b"}, now=50, away=AWAY) == []
    assert known.due({"b"}, now=149, away=AWAY) == []
    assert known.due({"b"}, now=150, away=AWAY) == ["a"]
    assert known.known() == ["b"], "and is forgotten"


def test_a_browser_that_comes_back_in_time_starts_the_clock_anew(known: Sessions) -> None:
    known.due({"b"}, now=0, away=AWAY)
    known.due({"a", "b"}, now=90, away=AWAY)
    assert known.due({"b"}, now=100, away=AWAY) == []
    assert known.due({"b"}, now=199, away=AWAY) == []
    assert known.due({"b"}, now=200, away=AWAY) == ["a"]


def test_when_all_have_left_all_are_due_and_none_is_known(known: Sessions) -> None:
    known.due(set(), now=0, away=AWAY)
    assert known.due(set(), now=AWAY, away=AWAY) == ["a", "b"]
    assert len(known) == 0


def test_due_sessions_are_closed_with_the_server(known: Sessions, monkeypatch: pytest.MonkeyPatch) -> None:
    closed: list[str] = []
    runtime = SimpleNamespace(is_active_session=lambda session: session == "b", close_session=closed.append)
    monkeypatch.setattr(sessions, "SESSIONS", known)
    assert close_left(cast(Any, runtime), away=0.0) == 1
    assert (closed, known.known()) == (["a"], ["b"])
