"""When a newcomer's training is done on a machine that it shares with those of others."""

import heapq
from collections.abc import Sequence


def done_after(own: float, before: Sequence[float], *, at_once: int, lanes: int) -> float:
    """Return the seconds until ``own`` seconds of work are done, behind the work of others, in the order of service.

    ``at_once`` trainings are at work together, in turns where they are more than ``lanes``, so many of which the
    machine advances at full pace; whoever ends makes room for the next in line. ``before`` is seconds of work each.
    """
    ends: list[
        tuple[float, int]
    ] = []  # of those at work: how far all will have come when each has ended, and its place
    now = come = 0.0
    for place, work in enumerate((*before, own)):
        while len(ends) >= at_once:
            now, come = _next_end(ends, now, come, lanes)
        heapq.heappush(ends, (come + work, place))
    while ends:
        last = ends[0][1] == len(before)
        now, come = _next_end(ends, now, come, lanes)
        if last:
            break
    return now


def _next_end(ends: list[tuple[float, int]], now: float, come: float, lanes: int) -> tuple[float, float]:
    """Take the next to end away, and return when that is and how far everybody has come by then."""
    share = min(1.0, lanes / len(ends))
    end, _place = heapq.heappop(ends)
    return now + (end - come) / share, end
