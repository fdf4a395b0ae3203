"""Accuracy against the number of training images, for the data sets that a curve ships for."""

from collections.abc import Mapping, Sequence
from statistics import mean

import streamlit as st

from core.data import datasets
from core.errors import LabError
from core.intervals import percent
from core.judging.learning_curve import LearningCurve, curve_file, read_curve
from core.models import models
from pages._ui.draw import vega
from pages._ui.frame import look_for, plain, section
from pages.judge._compare.judged import Judged


def how_much_data(networks: Sequence[Judged]) -> None:
    """Draw the curve of the data set that all of ``networks`` were trained on, where one ships."""
    names = {network.checkpoint.card.dataset for network in networks}
    if len(names) != 1:
        return
    try:
        curve = read_curve(curve_file(names.pop()))
    except LabError as error:
        st.warning(plain(str(error)), icon=":material/warning:")
        return
    if curve is None:
        return
    section(
        "How many images does it take?",
        f"{datasets[curve.dataset].title}: every dot is a training of its own, judged on {len(curve.labels):,} test "
        "images; the lines join the means.",
    )
    beside = [network.checkpoint.card.model for network in networks]
    _draw(curve, list(dict.fromkeys([*beside, *curve.models])))
    look_for(_lesson(curve))


def _draw(curve: LearningCurve, order: Sequence[str]) -> None:
    """Draw a line a network, in the colours that the page's other charts give to networks in this ``order``."""
    layers, words = [], []
    shown = sorted(curve.models, key=order.index)
    for model in shown:
        found, title = curve.accuracies(model), models[model].title
        means = {images: mean(each) for images, each in found.items()}
        each = [_dot(title, images, one) for images, accuracies in found.items() for one in accuracies]
        shape, area = ("circle", 64) if order.index(model) else ("diamond", 90)
        layers += [
            vega.joined([_dot(title, images, value) for images, value in means.items()]),
            vega.dots(each, area=area, shape=shape),
        ]
        words.append(f"{title} {', '.join(f'{images:,}: {percent(value, 1)}' for images, value in means.items())}")
    vega.chart(
        layers,
        x=vega.ticked("training images", {point.images: f"{point.images:,}" for point in curve.points}, log=True),
        y=vega.percents("test accuracy"),
        lines=[models.title_of(model) for model in order],
        named=[models[model].title for model in shown],
        height=340,
        key="compare_how_much_data",
        alt=f"Mean test accuracy by number of training images. {'; '.join(words)}",
    )


def _dot(title: str, images: int, accuracy: float) -> vega.Dot:
    return vega.Dot(line=title, x=images, y=accuracy * 100, says=f"{title}, {images:,} images: {percent(accuracy, 1)}")


def _lesson(curve: LearningCurve) -> str:
    """What the fewest images give to the better network, and how many the other one needs for as much."""
    means = {model: {n: mean(each) for n, each in curve.accuracies(model).items()} for model in curve.models}
    fewest = min(point.images for point in curve.points)
    best = max(means, key=lambda model: means[model].get(fewest, 0.0))
    said = f"With {fewest:,} images {models[best].title} is right on {percent(means[best][fewest], 1)}."
    for model, found in means.items():
        if model != best:
            said += f" {models[model].title} {_needs(found, means[best][fewest])}."
    counts = sorted({len(each) for model in curve.models for each in curve.accuracies(model).values()})
    often = f"{counts[0]} to {counts[-1]}" if len(counts) > 1 else str(counts[0])
    return f"{said} {often} trainings a point: the dots show how far chance alone moves them."


def _needs(found: Mapping[int, float], target: float) -> str:
    enough = [images for images, value in sorted(found.items()) if value >= target]
    if enough:
        return f"needs {enough[0]:,} for that"
    most = max(found)
    return f"does not get there with {most:,}: {percent(found[most], 1)}"
