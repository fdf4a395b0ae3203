"""Long work goes one at a time, behind the pages of others, and waits for a while only."""

import contextlib
import threading
import time
from collections.abc import Callable

import pytest

from pages._ui.server.giving_way import GivingWay

LONG = 60.0  # seconds; no test waits for them


@pytest.fixture
def way() -> GivingWay:
    return GivingWay(alone=LONG, one_of_many=LONG)


def begun(way: GivingWay, then: Callable[[], None] = lambda: None, *, of_many: bool = False) -> threading.Event:
    """Ask for a turn in a thread; what is returned is set once it has come."""
    has_come = threading.Event()

    def work() -> None:
        with way.turn(of_many=of_many):
            then()
            has_come.set()

    threading.Thread(target=work, daemon=True).start()
    return has_come


def waits(way: GivingWay, count: int) -> None:
    """Return as soon as so many are waiting or at work."""
    until = time.monotonic() + 10
    while len(way._turns) < count:
        assert time.monotonic() < until
        time.sleep(0.001)


def test_there_is_one_turn_at_a_time_and_a_failure_gives_it_back(way: GivingWay) -> None:
    with contextlib.suppress(KeyError), way.turn():
        after = begun(way)
        assert not after.wait(0.1)
        raise KeyError
    assert after.wait(10)


def test_it_waits_while_the_page_of_somebody_else_is_drawn(way: GivingWay) -> None:
    way.draws("own")
    way.draws("other")
    come = begun(way)
    assert not come.wait(0.1)
    way.has_drawn("other")
    assert come.wait(10)


def test_nobody_waits_for_pages_that_wait_for_a_turn_themselves(way: GivingWay) -> None:
    way.draws("one")
    way.draws("other")
    first = begun(way)
    assert not first.wait(0.05)
    second = begun(way)
    assert first.wait(10)
    way.has_drawn("one")
    assert second.wait(10)


@pytest.mark.parametrize("of_many", [False, True])
def test_it_waits_for_a_while_only(of_many: bool) -> None:
    way = GivingWay(alone=0.05, one_of_many=0.05)
    way.draws("own")
    way.draws("other")
    assert begun(way, of_many=of_many).wait(10)


def test_one_of_many_goes_after_what_somebody_waits_for(way: GivingWay) -> None:
    order: list[str] = []
    with way.turn():
        one_of_many = begun(way, lambda: order.append("one of many"), of_many=True)
        waits(way, 2)
        alone = begun(way, lambda: order.append("alone"))
        waits(way, 3)
    assert one_of_many.wait(10)
    assert alone.wait(10)
    assert order == ["alone", "one of many"]
