"""What an experiment is: which trainings it asks for. Imports no torch."""

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import combinations, pairwise

from core.config import TrainingConfig
from core.errors import RunError
from core.runs.records import NAME_LENGTH, check_id, check_name
from core.runs.store.store import WAITING_PER_OWNER

MOST_ARMS, MOST_SEEDS = 30, 10
LABEL_LENGTH = 60


@dataclass(frozen=True, kw_only=True)
class Arm:
    """One value of what is varied: ``config`` is its training, whose seed is of no account.

    ``line`` names what is drawn as one line (a network), ``label`` the value, ``at`` its place on the axis, above 0
    (None: it has no number).
    """

    line: str
    label: str
    at: float | None
    config: TrainingConfig

    def __post_init__(self) -> None:
        for text, what in ((self.line, "line"), (self.label, "value")):
            if check_name(text, what=f"name of a {what}") != text or len(text) > LABEL_LENGTH:
                raise RunError(f"The name of a {what} in this experiment is longer than {LABEL_LENGTH} characters.")
        if self.at is not None and not 0 < self.at < math.inf:
            raise RunError(f"A value of this experiment is {self.at}; it must be above 0.")


@dataclass(frozen=True, kw_only=True)
class Experiment:
    """Trainings that differ in one thing, each with every seed.

    ``varied`` says in words what differs ("training images"), ``owner`` is an id (`core.rights`), ``created`` in
    seconds since 1970. A run of the store whose configuration is that of an arm with one of the seeds is a point of it,
    whoever trained it, and whenever.
    """

    id: str
    name: str
    owner: str
    created: float
    varied: str
    arms: tuple[Arm, ...]
    seeds: tuple[int, ...]

    def __post_init__(self) -> None:
        check_id(self.id)
        for text, what in ((self.name, "name of the experiment"), (self.varied, "name of what is varied")):
            check_name(text, what=what)
        if not 1 <= len(self.arms) <= MOST_ARMS or not 1 <= len(self.seeds) <= MOST_SEEDS:
            raise RunError(
                f"An experiment has 1 to {MOST_ARMS} values and 1 to {MOST_SEEDS} seeds; this one has "
                f"{len(self.arms)} and {len(self.seeds)}."
            )
        if len(self.arms) * len(self.seeds) > WAITING_PER_OWNER:
            raise RunError(
                f"{len(self.arms)} values with {len(self.seeds)} seeds each are {len(self.arms) * len(self.seeds)} "
                f"runs; {WAITING_PER_OWNER} may wait at a time. Take fewer values or seeds."
            )
        texts = [arm.config.to_json() for arm in self.trainings().values()]
        if len(set(texts)) < len(texts):
            raise RunError("Two values of this experiment are one and the same training; leave one of them out.")

    def trainings(self) -> dict[tuple[int, int], Arm]:
        """Return every training by the number of its arm and its seed, with that seed in it; seed by seed, so that
        each arm gets its first point before any gets its second."""
        return {
            (number, seed): replace(arm, config=replace(arm.config, seed=seed))
            for seed in self.seeds
            for number, arm in enumerate(self.arms)
        }

    @property
    def lines(self) -> tuple[str, ...]:
        """The lines, in the order of their first arms."""
        return tuple(dict.fromkeys(arm.line for arm in self.arms))

    def contrasts(self) -> Iterator[tuple[int, int]]:
        """Yield the pairs of arms that tell most, by number: the two ends of each line, the larger value first, or
        every two of one whose values have no number, and one line against the next at either end."""
        ends = {
            line: (found[0], found[-1])
            for line in self.lines
            if (found := [number for number, arm in enumerate(self.arms) if arm.line == line])
        }
        for line, (first, last) in ends.items():
            if self.arms[first].at is None:
                yield from combinations([number for number, arm in enumerate(self.arms) if arm.line == line], 2)
            elif first != last:
                yield last, first
        rows = list(ends.values())
        for upper, lower in pairwise(rows):
            for a, b in dict.fromkeys(zip(upper, lower, strict=True)):
                if self.arms[a].label == self.arms[b].label:
                    yield a, b


def run_name(experiment: Experiment, arm: Arm) -> str:
    """Return what a run of the experiment is called; ``arm`` with its seed."""
    which = ", ".join(part for part in (arm.line if len(experiment.lines) > 1 else "", arm.label) if part)
    end = f": {which}, seed {arm.config.seed}"
    return f"{experiment.name[: NAME_LENGTH - len(end)]}{end}"[-NAME_LENGTH:]
