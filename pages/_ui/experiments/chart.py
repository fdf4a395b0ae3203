"""An experiment as a chart: every training a dot, every value its mean with an interval."""

from collections.abc import Sequence

from core.intervals import percent
from core.runs.experiments.plan import Experiment
from core.runs.experiments.results import Found, spread_words
from pages._ui.draw import vega


def places(experiment: Experiment) -> list[float]:
    """Return where each arm stands on the axis: at its number, or one beside the other in the order of their labels."""
    labels = list(dict.fromkeys(arm.label for arm in experiment.arms))
    return [float(labels.index(arm.label)) if arm.at is None else arm.at for arm in experiment.arms]


def draw(experiment: Experiment, found: Sequence[Found], *, height: int = 360, text: int = vega.TEXT) -> None:
    """Draw what is there so far, ``height`` and ``text`` in pixels; the axis shows every value from the first."""
    at = places(experiment)
    layers = [
        layer
        for line in experiment.lines
        for layer in _line(
            line, [(place, arm) for place, arm in zip(at, found, strict=True) if arm.arm.line == line and arm.spread]
        )
    ]
    words = "; ".join(f"{arm.arm.line}, {arm.arm.label}: {spread_words(arm)}" for arm in found)
    ticks = {place: arm.label for place, arm in zip(at, experiment.arms, strict=True)}
    vega.chart(
        layers,
        x=vega.ticked(experiment.varied, ticks, log=experiment.arms[0].at is not None, text=text),
        y=vega.percents("test accuracy", ends=None if any(arm.spread for arm in found) else (0, 100)),
        lines=list(experiment.lines),
        named=list(experiment.lines) if len(experiment.lines) > 1 else [],
        height=height,
        text=text,
        key=f"experiment_{experiment.id}",
        alt=f"Test accuracy by {experiment.varied}. {words}",
    )


def _line(line: str, mine: Sequence[tuple[float, Found]]) -> list[vega.Part]:
    means = [_mean(line, place, arm) for place, arm in mine]
    seeds = [
        vega.Dot(
            line=line, x=place, y=metrics.test_accuracy * 100, says=f"seed {seed}: {percent(metrics.test_accuracy, 2)}"
        )
        for place, arm in mine
        for seed, metrics in arm.figures.items()
    ]
    found = [mean for mean in means if mean is not None]
    return [
        vega.whiskers(found, along="y"),
        vega.joined(found),
        vega.dots(found, area=110, shape="diamond"),
        vega.dots(seeds, area=36, faint=True),
    ]


def _mean(line: str, place: float, arm: Found) -> vega.Dot | None:
    if not arm.spread or not arm.ci95:
        return None
    low, high = arm.ci95
    says = f"{arm.arm.label}: {spread_words(arm)}, 95 % interval {percent(low, 1)} to {percent(high, 1)}"
    return vega.Dot(line=line, x=place, y=arm.spread.mean * 100, ends=(low * 100, high * 100), says=says)
