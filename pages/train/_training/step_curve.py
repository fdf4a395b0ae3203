"""What the steps of a run said: smoothed over every one of them, gathered into stretches only for drawing.

What is drawn is a function of the steps alone. Who followed the run and who opens it afterwards see the same curve.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass

from core.events import StepDone

SMOOTHING = 0.1  # weight of the newest step: about the last twenty count
STRETCHES = 256  # at most; a line has a point for each, raw losses have two

Points = tuple[list[int], list[float]]  # steps from 1, and a value for each


@dataclass(frozen=True, kw_only=True)
class DrawnCurve:
    """Points to draw: ``raw`` losses, the lowest and highest of each stretch, so that spikes stay; ``smooth`` losses
    and learning ``rates`` at the first step and the end of each stretch; ``last`` is the newest step."""

    raw: Points
    smooth: Points
    rates: Points
    last: StepDone | None


@dataclass(slots=True)
class _Stretch:
    """So many steps in a row: the losses that stand out, and how it ended."""

    low: tuple[float, int]  # loss and step; inf before a finite one
    high: tuple[float, int]
    end: int
    smooth: float
    rate: float

    def take(self, later: "_Stretch") -> None:
        """Go on into the stretch that follows."""
        self.low, self.high = min(self.low, later.low), max(self.high, later.high)
        self.end, self.smooth, self.rate = later.end, later.smooth, later.rate


class StepCurve:
    """Takes in every step of a run, in order, and holds no more than `STRETCHES` stretches of them."""

    def __init__(self) -> None:
        self._span = 1  # steps in a stretch: a power of two
        self._stretches: list[_Stretch] = []
        self._first: _Stretch | None = None
        self._average = 0.0
        self._weight = 0.0
        self.last: StepDone | None = None

    @property
    def last_step(self) -> int:
        """The number of the newest step; 0 before the first."""
        return self.last.step if self.last is not None else 0

    def add(self, steps: Iterable[StepDone]) -> None:
        """Take in the steps that follow those already known; others are left out."""
        for step in steps:
            if step.step > self.last_step:
                self._add(step)

    def drawn(self) -> DrawnCurve:
        """Return what is to be drawn of the steps so far."""
        raw = sorted({(at, loss) for one in self._stretches for loss, at in (one.low, one.high) if math.isfinite(loss)})
        ends = [] if self._first is None or self._span == 1 else [self._first]
        ends += self._stretches
        return DrawnCurve(
            raw=([at for at, _loss in raw], [loss for _at, loss in raw]),
            smooth=([one.end for one in ends], [one.smooth for one in ends]),
            rates=([one.end for one in ends], [one.rate for one in ends]),
            last=self.last,
        )

    def _add(self, step: StepDone) -> None:
        self.last = step
        if math.isfinite(step.loss):
            # Divided by the weight given so far, the average starts at the first loss, not at zero.
            self._average += SMOOTHING * (step.loss - self._average)
            self._weight += SMOOTHING * (1 - self._weight)
        smooth = self._average / self._weight if self._weight else math.nan
        low, high = ((step.loss, step.step),) * 2 if math.isfinite(step.loss) else ((math.inf, 0), (-math.inf, 0))
        new = _Stretch(low, high, step.step, smooth, step.learning_rate)
        self._first = self._first or _Stretch(low, high, step.step, smooth, step.learning_rate)
        if self._stretches and (step.step - 1) // self._span == (self._stretches[-1].end - 1) // self._span:
            self._stretches[-1].take(new)
        else:
            self._stretches.append(new)
        if len(self._stretches) > STRETCHES:
            self._double()

    def _double(self) -> None:
        self._span *= 2
        wider: list[_Stretch] = []
        for one in self._stretches:
            if wider and (one.end - 1) // self._span == (wider[-1].end - 1) // self._span:
                wider[-1].take(one)
            else:
                wider.append(one)
        self._stretches = wider
