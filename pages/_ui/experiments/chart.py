"""An experiment as a chart: every training a dot, every value its mean with an interval."""

import html
import math
from collections.abc import Sequence

import plotly.graph_objects as go
import streamlit as st

from core.intervals import percent
from core.runs.experiments.plan import Experiment
from core.runs.experiments.results import Found, spread_words
from pages._ui.draw.palette import categorical


def places(experiment: Experiment) -> list[float]:
    """Return where each arm stands on the axis: at its number, or one beside the other in the order of their labels."""
    labels = list(dict.fromkeys(arm.label for arm in experiment.arms))
    return [float(labels.index(arm.label)) if arm.at is None else arm.at for arm in experiment.arms]


def draw(experiment: Experiment, found: Sequence[Found], *, height: int = 360, text: int = 12) -> None:
    """Draw what is there so far, ``height`` and ``text`` in pixels; the axis shows every value from the first."""
    figure, colours, at = go.Figure(), categorical(), places(experiment)
    for number, line in enumerate(experiment.lines):
        mine = [(place, arm) for place, arm in zip(at, found, strict=True) if arm.arm.line == line and arm.spread]
        _line(figure, line, mine, colours[number % len(colours)])
    ticks = {place: html.escape(arm.label) for place, arm in zip(at, experiment.arms, strict=True)}
    axis = {"title": html.escape(experiment.varied), "tickvals": list(ticks), "ticktext": list(ticks.values())}
    if experiment.arms[0].at is None:
        axis |= {"range": [min(ticks) - 0.6, max(ticks) + 0.6]}
    else:
        axis |= {"type": "log", "range": [math.log10(min(ticks)) - 0.1, math.log10(max(ticks)) + 0.1]}
    figure.update_layout(
        height=height,
        font={"size": text},
        margin={"l": 8, "r": 8, "t": 8, "b": 40},
        xaxis=axis,
        yaxis={"ticksuffix": " %", "title": "test accuracy"},
        legend={"orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 0},
        showlegend=len(experiment.lines) > 1,
    )
    words = "; ".join(f"{arm.arm.line}, {arm.arm.label}: {spread_words(arm)}" for arm in found)
    alt = f"Test accuracy by {experiment.varied}. {words}"
    st.plotly_chart(figure, key=f"experiment_{experiment.id}", config={"displayModeBar": False}, alt=alt)


def _line(figure: go.Figure, line: str, mine: Sequence[tuple[float, Found]], colour: str) -> None:
    means = [(place, arm, arm.spread.mean, arm.ci95) for place, arm in mine if arm.spread and arm.ci95]
    figure.add_scatter(
        name=html.escape(line),
        x=[place for place, _arm, _mean, _ci95 in means],
        y=[mean * 100 for _place, _arm, mean, _ci95 in means],
        error_y={
            "array": [(ci95[1] - mean) * 100 for _place, _arm, mean, ci95 in means],
            "arrayminus": [(mean - ci95[0]) * 100 for _place, _arm, mean, ci95 in means],
            "thickness": 2,
            "width": 6,
        },
        mode="lines+markers",
        line={"color": colour, "width": 2.5},
        marker={"color": colour, "size": 10, "symbol": "diamond"},
        customdata=[
            f"{html.escape(arm.arm.label)}: {spread_words(arm)}, 95 % interval {percent(ci95[0], 1)} to "
            f"{percent(ci95[1], 1)}"
            for _place, arm, _mean, ci95 in means
        ],
        hovertemplate="%{customdata}<extra></extra>",
    )
    each = [(place, seed, metrics.test_accuracy) for place, arm in mine for seed, metrics in arm.figures.items()]
    figure.add_scatter(
        x=[place for place, _seed, _right in each],
        y=[right * 100 for _place, _seed, right in each],
        mode="markers",
        marker={"color": colour, "size": 6, "opacity": 0.6},
        showlegend=False,
        customdata=[f"seed {seed}: {percent(right, 2)}" for _place, seed, right in each],
        hovertemplate="%{customdata}<extra></extra>",
    )
