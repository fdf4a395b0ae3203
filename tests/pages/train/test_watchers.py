from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest

from pages.train._training import watchers as module
from pages.train._training.watchers import MOMENTS, SLOWEST, Watchers, at_first, seconds_between
from tests.pages import runs


def test_sessions_count_once_and_leave_when_they_stop_looking() -> None:
    watchers = Watchers()
    assert [watchers.look("a", 0.0), watchers.look("b", 1.0), watchers.look("a", 2.0)] == [1, 2, 2]
    assert watchers.look("b", 2.0 + 2.5 * SLOWEST) == 1


def test_a_session_at_the_slowest_pace_is_not_taken_for_gone() -> None:
    watchers = Watchers()
    watchers.look("a", 0.0)
    assert watchers.look("b", SLOWEST) == 2


@pytest.mark.parametrize(("sessions", "seconds"), [(1, 1.0), (2, 1.0), (3, 1.4), (30, 1.4), (40, 1.4), (41, SLOWEST)])
def test_the_more_sessions_look_the_longer_each_waits(sessions: int, seconds: float) -> None:
    assert seconds_between(sessions) == seconds


def test_a_first_step_is_looked_for_more_often_for_some_moments_of_each_state(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = [100.0]
    monkeypatch.setattr(module, "time", SimpleNamespace(monotonic=lambda: now[0]))
    monkeypatch.setattr(module, "st", SimpleNamespace(session_state={}))
    waits = replace(runs.queued(home), position=1)
    assert at_first(waits)
    now[0] += MOMENTS
    assert not at_first(waits), "the one at work may take an hour"
    begins = replace(waits, status="running", position=None)
    assert at_first(begins)
    assert not at_first(replace(begins, step=1))
    now[0] += MOMENTS
    assert not at_first(begins), "a frozen backbone may look at its images for minutes"
    assert not at_first(replace(waits, position=2))
    assert at_first(waits), "it has become the next one"
