"""The lab's line chart: an inline component that keeps its zoom while points arrive.

Measured on Streamlit 1.67 with two lines of 500 points in a fragment that runs every second: `st.plotly_chart` was
mounted anew at each tick (zoom lost; 4.1 ms of CPU), a raw Vega-Lite chart stayed (1.9 ms), this one stayed (1.3 ms)
and adds a crosshair, keys, lines that can be hidden and a logarithmic axis.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import streamlit as st

from pages._ui.component import beside
from pages._ui.worksheet.shown import note_curves

Kind = Literal["number", "percent", "whole"]

_mount = st.components.v2.component("cnn_lab_line_chart", **beside(__file__, html='<div class="chart"></div>\n'))


@dataclass(frozen=True, kw_only=True)
class Line:
    """One line: ``x`` ascending, ``y`` of the same length (None leaves a gap).

    ``colour`` counts in the theme's categorical palette. ``thin`` is for raw measurements behind a smoothed line,
    ``dots`` marks each point, ``dash`` draws it dashed.
    """

    name: str
    x: Sequence[float]
    y: Sequence[float | None]
    colour: int = 0
    thin: bool = False
    dots: bool = False
    dash: bool = False


def line_chart(
    lines: Sequence[Line],
    *,
    key: str,
    title: str,
    alt: str,
    x_label: str,
    x_name: str,
    y_kind: Kind = "number",
    x_kind: Kind = "whole",
    x_from: float | None = None,
    x_total: float | None = None,
    y_range: tuple[float, float] | None = None,
    marks: Sequence[tuple[float, str]] = (),
    may_log: bool = False,
    height: int = 280,
) -> None:
    """Draw ``lines``; what the reader zoomed into or hid stays as long as ``key`` does.

    ``title`` names the vertical axis with its unit, ``x_label`` the horizontal one, ``x_name`` a single place on it
    ("epoch" in "epoch 4"). ``x_total`` is the planned end: the axis doubles towards it. ``marks`` are upright lines
    with a word. ``alt`` is the chart in one sentence, for those who cannot see it.
    """
    data: dict[str, Any] = {
        "series": [_series(line) for line in lines],
        "title": title,
        "alt": alt,
        "x_label": x_label,
        "x_name": x_name,
        "x_kind": x_kind,
        "y_kind": y_kind,
        "x_from": x_from,
        "x_total": x_total,
        "y_range": y_range,
        "marks": [{"x": x, "label": label} for x, label in marks],
        "may_log": may_log,
        "height": height,
    }
    _mount(key=key, data=data, height="content")
    note_curves(
        [(line.name, line.x, line.y) for line in lines if not line.thin],
        key=key,
        title=title,
        alt=alt,
        x_name=x_name,
        shares=y_kind == "percent",
    )


def _series(line: Line) -> dict[str, Any]:
    return {
        "name": line.name,
        "x": list(line.x),
        "y": [None if value is None or value != value else float(f"{value:.5g}") for value in line.y],
        "colour": line.colour,
        "thin": line.thin,
        "dots": line.dots,
        "dash": line.dash,
    }
