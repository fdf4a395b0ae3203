import pytest

from pages.train._training.watchers import SLOWEST, Watchers, seconds_between


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
