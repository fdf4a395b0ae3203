"""Long work goes one at a time, behind the pages of others, and waits for a while only."""

import contextlib
import itertools
import threading
import time
from collections.abc import Callable

import pytest

from pages._ui.server.giving_way import GivingWay

LONG = 60.0  # seconds; no test waits for them


@pytest.fixture
def way() -> GivingWay:
    return GivingWay(alone=LONG, one_of_many=LONG, behind=LONG)


def begun(way: GivingWay, then: Callable[[], None] = lambda: None, *, of_many: bool = False) -> threading.Event:
    """Ask for a turn in a thread, and be in line; what is returned is set once it has come."""
    has_come, before = threading.Event(), way._given

    def work() -> None:
        with way.turn(of_many=of_many):
            then()
            has_come.set()

    threading.Thread(target=work, daemon=True).start()
    until = time.monotonic() + 10
    while way._given == before:
        assert time.monotonic() < until
        time.sleep(0.001)
    return has_come


def comes(turn: threading.Event) -> bool:
    """Say whether a turn has come that nothing should keep from coming."""
    return turn.wait(10)


def waits(turn: threading.Event) -> bool:
    """Say whether a turn is still waited for, some time after it was asked for."""
    return not turn.wait(0.1)


def test_there_is_one_turn_at_a_time_and_a_failure_gives_it_back(way: GivingWay) -> None:
    with contextlib.suppress(KeyError), way.turn():
        after = begun(way)
        assert waits(after)
        raise KeyError
    assert comes(after)


@pytest.mark.parametrize("of_many", [False, True])
def test_it_waits_while_the_page_of_somebody_else_is_drawn(way: GivingWay, of_many: bool) -> None:
    way.draws("own")
    way.draws("other")
    turn = begun(way, of_many=of_many)
    assert waits(turn)
    way.has_drawn("other")
    assert comes(turn)


def test_nobody_waits_for_pages_that_wait_for_a_turn_themselves(way: GivingWay) -> None:
    way.draws("one")
    way.draws("other")
    first = begun(way)
    assert waits(first)
    second = begun(way)
    assert comes(first)
    assert waits(second)
    way.has_drawn("one")
    assert comes(second)


def test_nobody_waits_for_a_page_that_waits_for_their_answer(way: GivingWay) -> None:
    way.draws("who asks")
    way.draws("who asks the same")
    turn = begun(way)
    assert waits(turn)
    with way.waits():
        assert comes(turn)
    assert not way._patient


@pytest.mark.parametrize(("of_many", "way"), [(False, GivingWay(alone=0.3)), (True, GivingWay(one_of_many=0.3))])
def test_it_waits_for_a_moment_only(of_many: bool, way: GivingWay) -> None:
    way.draws("own")
    way.draws("other")
    turn = begun(way, of_many=of_many)
    assert waits(turn)
    assert comes(turn)


def test_the_moment_may_end_while_it_is_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever found a little time left and then none would wait for somebody else's page for ever."""
    clock = itertools.chain([100.0, 100.14], itertools.repeat(100.16))
    monkeypatch.setattr("pages._ui.server.giving_way.time.monotonic", lambda: next(clock))
    way = GivingWay()
    way.draws("own")
    way.draws("other")
    turn = threading.Event()

    def work() -> None:
        with way.turn():
            turn.set()

    threading.Thread(target=work, daemon=True).start()
    assert comes(turn)


@pytest.mark.parametrize(("behind", "order"), [(LONG, ["second", "first"]), (0.0, ["first", "second"])])
def test_what_somebody_waits_for_passes_one_of_many_for_a_while(behind: float, order: list[str]) -> None:
    way, came = GivingWay(behind=behind), []
    with way.turn():
        first = begun(way, lambda: came.append("first"), of_many=True)
        second = begun(way, lambda: came.append("second"))
    assert comes(first)
    assert comes(second)
    assert came == order
