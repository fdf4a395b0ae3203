"""Turns: a fixed number of steps of one side, then as many of the other, again and again.

A shared machine is now faster, now slower. What is measured in turns is slowed alike, so the ratio stands where the
figures themselves do not.
"""

import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

WARM_UP = 3  # steps: the first ones of a shape allocate memory and choose kernels
TRIAL = 4  # steps by which the number of steps of a turn is chosen


@dataclass(frozen=True, kw_only=True)
class Step:
    """One optimizer step: how many images it learned from and how many seconds it took, its batch included."""

    images: int
    seconds: float


@dataclass(frozen=True, kw_only=True)
class Turn:
    """Some steps in a row of one side."""

    steps: int
    images: int
    seconds: float

    @property
    def rate(self) -> float:
        """Images a second."""
        return self.images / self.seconds


def timed(counts: Iterable[int]) -> Iterator[Step]:
    """Time a loop that yields the number of images after each of its steps."""
    started = time.perf_counter()
    for images in counts:
        yield Step(images=images, seconds=time.perf_counter() - started)
        started = time.perf_counter()


def take_turn(loop: Iterator[Step], steps: int) -> Turn:
    """Let ``loop`` do so many steps, or as many as it has left."""
    done = [step for _number, step in zip(range(steps), loop, strict=False)]
    return Turn(steps=len(done), images=sum(step.images for step in done), seconds=sum(step.seconds for step in done))


def steps_for(loop: Iterator[Step], seconds: float) -> int:
    """Warm ``loop`` up and return how many of its steps take about ``seconds``; at least one."""
    take_turn(loop, WARM_UP)
    trial = take_turn(loop, TRIAL)
    return max(1, round(seconds * trial.steps / trial.seconds))


def interleave(loops: Sequence[Iterator[Step]], *, pairs: int, seconds: float) -> list[list[Turn]]:
    """Return the turns of each loop: A B A B …, ``pairs`` times, of about ``seconds`` each after a warm-up."""
    steps = [steps_for(loop, seconds) for loop in loops]
    turns: list[list[Turn]] = [[] for _loop in loops]
    for _pair in range(pairs):
        for loop, count, done in zip(loops, steps, turns, strict=True):
            done.append(take_turn(loop, count))
    return turns
