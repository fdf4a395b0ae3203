"""What an experiment has found so far: mean and spread of each value, and what differs. Imports no torch."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from core.intervals import percent, signed
from core.judging.spread import FEWEST, PairedDifference, Spread, paired_difference, spread
from core.runs.experiments.kept import Point
from core.runs.experiments.plan import Arm, Experiment
from core.runs.records import Run

if TYPE_CHECKING:
    from core.checkpoints.card import Metrics

SIGNIFICANT = 0.05


@dataclass(frozen=True, kw_only=True)
class Found:
    """One arm so far: its test figures by seed, their spread (None before the first), and how many seeds are asked for.

    ``ci95`` is an interval of the accuracy, by Student's t over the seeds, and for one seed that of its test images.
    """

    arm: Arm
    figures: Mapping[int, "Metrics"]
    spread: Spread | None
    ci95: tuple[float, float] | None
    seeds: int


@dataclass(frozen=True, kw_only=True)
class Contrast:
    """How one arm differs from another over the seeds that both have; ``about`` says which two: "with against without
    dropout"."""

    about: str
    difference: PairedDifference

    @property
    def sentence(self) -> str:
        """The difference in words: with its interval from two seeds on, with a p value and its test from three."""
        found = self.difference.spread
        text = f"{self.about}: {_points(found.mean)} points"
        if found.ci95 is None:
            return f"{text} for one seed, which does not tell chance from a difference."
        low, high = found.ci95
        text += f" (95 % interval {_points(low)} to {_points(high)}, {found.n} seeds)"
        if self.difference.p_value is None:
            return f"{text}; a p value takes {FEWEST} seeds." if found.n < FEWEST else f"{text}, for every seed alike."
        chance = "p < 0.001" if self.difference.p_value < 0.001 else f"p = {self.difference.p_value:.3f}"
        verdict = "a difference" if self.difference.p_value < SIGNIFICANT else "no clear difference"
        return f"{text}: {verdict} ({chance}, paired t test over the seeds)."


def found(
    experiment: Experiment, points: Sequence[Point], figure: Callable[[Run], "Metrics | None"]
) -> tuple[list[Found], list[Contrast]]:
    """Return what every arm has reached, in order, and the contrasts that can be told already.

    ``figure`` returns the test accuracy of a finished run, None where it has none.
    """
    by_arm: list[dict[int, Metrics]] = [{} for _arm in experiment.arms]
    for point in points:
        known = figure(point.run) if point.run is not None and point.run.status == "finished" else None
        if known is not None:
            by_arm[point.number][point.arm.config.seed] = known
    arms = [_found(arm, figures, len(experiment.seeds)) for arm, figures in zip(experiment.arms, by_arm, strict=True)]
    return arms, [contrast for a, b in experiment.contrasts() if (contrast := _contrast(experiment, a, b, by_arm))]


def _found(arm: Arm, figures: Mapping[int, "Metrics"], seeds: int) -> Found:
    if not figures:
        return Found(arm=arm, figures=figures, spread=None, ci95=None, seeds=seeds)
    over = spread([each.test_accuracy for each in figures.values()])
    ci95 = over.ci95 or next(iter(figures.values())).test_ci95
    inside = max(0.0, ci95[0]), min(1.0, ci95[1])
    return Found(arm=arm, figures=figures, spread=over, ci95=inside, seeds=seeds)


def _contrast(experiment: Experiment, a: int, b: int, by_arm: Sequence[Mapping[int, "Metrics"]]) -> Contrast | None:
    seeds = sorted(by_arm[a].keys() & by_arm[b].keys())
    if not seeds:
        return None
    first, second = ([by_arm[number][seed].test_accuracy for seed in seeds] for number in (a, b))
    return Contrast(about=_about(experiment, a, b), difference=paired_difference(first, second))


def _about(experiment: Experiment, a: int, b: int) -> str:
    first, second = experiment.arms[a], experiment.arms[b]
    if first.line != second.line:
        return f"{first.label} {experiment.varied}, {first.line} against {second.line}"
    line = f"{first.line}, " if len(experiment.lines) > 1 else ""
    return f"{line}{first.label} against {second.label} {experiment.varied}"


def _points(share: float) -> str:
    return signed(share * 100, digits=2)


def progress_words(points: Sequence[Point], arms: Sequence[Found]) -> str:
    """Return how far an experiment is: "4 of 12 points, 2 waiting or at work, 6 open"."""
    done = sum(len(arm.figures) for arm in arms)
    parts = [f"{done} of {len(points)} points"]
    live, still_open = sum(point.live for point in points), sum(point.open for point in points)
    lost = len(points) - done - live - still_open
    for count, words in ((live, "waiting or at work"), (still_open, "open"), (lost, "ended without a test accuracy")):
        if count:
            parts.append(f"{count} {words}")
    return ", ".join(parts)


def spread_words(arm: Found) -> str:
    """Return an arm's mean with its spread: "91.2 % ± 0.8 (3 seeds)"; "none yet" before the first."""
    if arm.spread is None:
        return "none yet"
    spread_of = "" if arm.spread.deviation is None else f" ± {arm.spread.deviation * 100:.1f}"
    return f"{percent(arm.spread.mean, 1)}{spread_of} ({arm.spread.n} {'seed' if arm.spread.n == 1 else 'seeds'})"
