"""Two pictures at a time, together within a bound of memory, and whoever came first goes first."""

import threading

import pytest

from core.photos.turns import Turns


def waits(turns: Turns, size: int) -> tuple[threading.Thread, threading.Event]:
    """Somebody who asks for a turn in a thread of their own, and what is set once they have had it."""
    done = threading.Event()

    def ask() -> None:
        with turns.take(size):
            done.set()

    thread = threading.Thread(target=ask)
    thread.start()
    return thread, done


@pytest.mark.parametrize(("held", "asked"), [([400, 400], 1), ([800], 1), ([500], 301), ([5000], 1), ([1], 5000)])
def test_what_does_not_fit_waits_until_it_does(held: list[int], asked: int) -> None:
    turns = Turns(places=2, room=800)
    takers = [turns.take(size) for size in held]
    for taker in takers:
        taker.__enter__()
    thread, done = waits(turns, asked)
    assert not done.wait(0.05)
    for taker in takers:
        taker.__exit__(None, None, None)
    assert done.wait(10)
    thread.join()


def test_two_that_fit_go_together() -> None:
    turns = Turns(places=2, room=800)
    with turns.take(400):
        thread, done = waits(turns, 400)
        assert done.wait(10)
    thread.join()


def test_a_large_one_is_not_passed_by_small_ones_that_came_later() -> None:
    turns = Turns(places=2, room=800)
    with turns.take(400):
        first, large = waits(turns, 800)
        assert not large.wait(0.05)
        second, small = waits(turns, 1)
        assert not small.wait(0.05)
    assert large.wait(10)
    assert small.wait(10)
    first.join()
    second.join()


def test_a_failure_gives_the_room_back() -> None:
    turns = Turns(places=1, room=10)
    with pytest.raises(ValueError, match="damaged"), turns.take(10):
        raise ValueError("damaged")
    with turns.take(10):
        pass
