"""Accuracy against the number of training images, for the data sets that a curve ships for."""

import html
from collections.abc import Mapping, Sequence
from statistics import mean

import plotly.graph_objects as go
import streamlit as st

from core.data import datasets
from core.errors import LabError
from core.intervals import percent
from core.judging.learning_curve import LearningCurve, curve_file, read_curve
from core.models import models
from pages._ui.draw.palette import categorical
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
    figure, colours, words = go.Figure(), categorical(), []
    for model in sorted(curve.models, key=order.index):
        found = curve.accuracies(model)
        place = order.index(model)
        title, colour = html.escape(models[model].title), colours[place % len(colours)]
        means = {images: mean(each) for images, each in found.items()}
        figure.add_scatter(
            name=title,
            x=list(means),
            y=[value * 100 for value in means.values()],
            mode="lines",
            line={"color": colour, "width": 2.5},
            hoverinfo="skip",
        )
        figure.add_scatter(
            x=[images for images, each in found.items() for _one in each],
            y=[one * 100 for each in found.values() for one in each],
            mode="markers",
            marker={"color": colour, "size": 8, "symbol": "circle" if place else "diamond"},
            showlegend=False,
            customdata=[percent(one, 1) for each in found.values() for one in each],
            hovertemplate=f"{title}<br>%{{x:,}} images: %{{customdata}}<extra></extra>",
        )
        words.append(
            f"{models[model].title} {', '.join(f'{images:,}: {percent(value, 1)}' for images, value in means.items())}"
        )
    ticks = sorted({point.images for point in curve.points})
    figure.update_layout(
        height=340,
        margin={"l": 8, "r": 8, "t": 8, "b": 40},
        xaxis={
            "type": "log",
            "title": "training images",
            "tickvals": ticks,
            "ticktext": [f"{images:,}" for images in ticks],
        },
        yaxis={"ticksuffix": " %", "title": "test accuracy"},
        legend={"orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 0},
    )
    alt = f"Mean test accuracy by number of training images. {'; '.join(words)}"
    st.plotly_chart(figure, key="compare_how_much_data", config={"displayModeBar": False}, alt=alt)


def _lesson(curve: LearningCurve) -> str:
    """What the fewest images give to the better network, and how many the other one needs for as much."""
    means = {model: {n: mean(each) for n, each in curve.accuracies(model).items()} for model in curve.models}
    fewest = min(point.images for point in curve.points)
    best = max(means, key=lambda model: means[model].get(fewest, 0.0))
    said = f"With {fewest:,} images {models[best].title} is right on {means[best][fewest] * 100:.1f} %."
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
    return f"does not get there with {most:,}: {found[most] * 100:.1f} %"
