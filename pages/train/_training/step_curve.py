"""What every step said, kept between two looks: loss smoothed over all steps, thinned only for drawing."""

import itertools
import math
from collections.abc import Iterable

import numpy as np

from core.events import StepDone

SMOOTHING = 0.1  # weight of the newest step: about the last twenty count
DRAWN = 300  # points a line


class StepCurve:
    """Grows by the steps that are new; a look at it costs the same however long the run is."""

    def __init__(self) -> None:
        self._steps: list[int] = []
        self._losses: list[float] = []
        self._smooth: list[float] = []
        self._rates: list[float] = []
        self._average = 0.0
        self._weight = 0.0
        self.last: StepDone | None = None

    @property
    def last_step(self) -> int:
        """The number of the newest step; 0 before the first."""
        return self._steps[-1] if self._steps else 0

    def add(self, steps: Iterable[StepDone]) -> None:
        """Take in steps that come after those already known; others are left out."""
        for step in steps:
            if step.step <= self.last_step:
                continue
            # The store thins long runs: a step that stands for eight weighs as much as eight.
            weight = 1 - (1 - SMOOTHING) ** (step.step - self.last_step)
            self.last = step
            self._steps.append(step.step)
            self._losses.append(step.loss)
            self._rates.append(step.learning_rate)
            if math.isfinite(step.loss):
                # Divided by the weight given so far, the average starts at the first loss, not at zero.
                self._average += weight * (step.loss - self._average)
                self._weight += weight * (1 - self._weight)
            self._smooth.append(self._average / self._weight if self._weight else math.nan)

    def raw(self, at_most: int = DRAWN) -> tuple[list[int], list[float]]:
        """Return steps and losses, at most ``at_most``: of each stretch its lowest and highest, so spikes stay."""
        count = len(self._steps)
        if count <= at_most:
            return list(self._steps), list(self._losses)
        kept: list[int] = []
        losses = np.array(self._losses)
        stretches = max(1, at_most // 2)
        bounds = [stretch * count // stretches for stretch in range(stretches + 1)]
        for start, end in itertools.pairwise(bounds):
            inside = losses[start:end]
            kept += sorted({start + int(inside.argmin()), start + int(inside.argmax())})
        return [self._steps[index] for index in kept], [self._losses[index] for index in kept]

    def smoothed(self, at_most: int = DRAWN) -> tuple[list[int], list[float]]:
        """Return steps and smoothed losses, at most ``at_most``, the newest among them."""
        return self._spread(self._smooth, at_most)

    def learning_rates(self, at_most: int = DRAWN) -> tuple[list[int], list[float]]:
        """Return steps and learning rates, at most ``at_most``, the newest among them."""
        return self._spread(self._rates, at_most)

    def _spread(self, values: list[float], at_most: int) -> tuple[list[int], list[float]]:
        count = len(self._steps)
        if count <= at_most:
            return list(self._steps), list(values)
        kept = sorted({round(index * (count - 1) / (at_most - 1)) for index in range(at_most)})
        return [self._steps[index] for index in kept], [values[index] for index in kept]
