"""When a newcomer is done: worked out by hand for a line, for turns, and for both."""

from collections.abc import Sequence

import pytest

from core.training.forecast.sharing import done_after


@pytest.mark.parametrize(
    ("before", "at_once", "lanes", "seconds"),
    [
        ((), 1, 1, 10),
        ((30, 5), 1, 1, 45),  # a line: everybody before it, then itself
        ((30, 5), 8, 1, 25),  # turns: 5, its own 10, and as much of the long one
        ((2, 3), 8, 1, 15),  # both are shorter: all of theirs
        ((30, 30, 30), 8, 2, 20),  # four share two lanes
        ((30,), 2, 2, 10),  # a lane each
        ((4, 20, 20), 2, 2, 30),  # the third has the first lane from 4 on, the newcomer the second from 20 on
        ((6, 50), 2, 1, 32),  # 6 ends at 12; the newcomer shares with 50 from then on
    ],
)
def test_it_is_done_when_those_before_it_let_it(
    before: Sequence[float], at_once: int, lanes: int, seconds: float
) -> None:
    assert done_after(10, before, at_once=at_once, lanes=lanes) == pytest.approx(seconds)
