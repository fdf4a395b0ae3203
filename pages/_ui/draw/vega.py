"""Charts of dots, intervals, lines and bars in Vega-Lite, which comes with Streamlit and wears its theme.

Why not Plotly: its script is 4.7 MB (1.4 MB when sent), Vega-Lite's 0.8 MB (0.26 MB). Compare on 4,682 images, by its
address in a new Chromium, in turns on two busy cores, medians of five: the first chart after 2.2 s against 3.6 s, three
after 2.6 s against 4.0 s; the server computes 0.28 s against 0.30 s.

What is written anywhere is text, never markup.
"""

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import streamlit as st

Part = dict[str, Any]  # of a chart's specification

_GREY = "#8a97a6"
TEXT = 12  # pixels
_INK = "currentColor"  # of the page's text: Streamlit's own grey for charts has a contrast of 3.5
_LETTER, _ROW = 0.5, 1.8  # how wide a letter is, and how high a row of the legend, for every pixel of the text
_BELOW = {"top": {"anchor": "start", "direction": "vertical", "margin": 2}}  # one legend below the other
_BESIDE = 80  # pixels: the upright axis, its labels and its title
# What is left for the drawing. Its own width would not do: it follows from the legend and the labels that ask for it.
_ROOM = f"(width > 0 ? containerSize()[0] - {_BESIDE} : 0)"


@dataclass(frozen=True, kw_only=True)
class Dot:
    """One place: of which ``line`` (a name), where, between which ``ends``, and what it ``says`` when pointed at."""

    line: str
    x: float | str
    y: float | None
    ends: tuple[float, float] | None = None
    says: str = ""

    def row(self) -> Part:
        """Return it as the chart reads it."""
        low, high = self.ends or (None, None)
        return {"line": self.line, "x": self.x, "y": self.y, "low": low, "high": high, "says": self.says}


def dots(
    rows: Sequence[Dot], *, area: int = 90, shape: str = "circle", hollow: bool = False, faint: bool = False
) -> Part:
    """Return a layer with a mark at every place, of an ``area`` in square pixels."""
    mark = {"type": "point", "size": area, "shape": shape, "filled": not hollow, "opacity": 0.6 if faint else 1}
    return _layer(rows, mark | ({"strokeWidth": 2.5} if hollow else {}))


def whiskers(rows: Sequence[Dot], *, along: str, thick: float = 2) -> Part:
    """Return a layer with a rule between the ends of every row that has some, ``along`` x or y."""
    ends = {along: {"field": "low"}, f"{along}2": {"field": "high"}}
    return _layer([row for row in rows if row.ends], {"type": "rule", "strokeWidth": thick, "strokeCap": "round"}, ends)


def joined(rows: Sequence[Dot], *, thick: float = 2.5) -> Part:
    """Return a layer that joins the places of each line in the order of x."""
    return _layer(rows, {"type": "line", "strokeWidth": thick}, {"tooltip": {"value": None}})


def bars(rows: Sequence[Dot], lines: Sequence[str]) -> Part:
    """Return a layer of upright bars, those of a place side by side in the order of ``lines``."""
    beside = {"xOffset": {"field": "line", "type": "nominal", "scale": {"domain": list(lines)}}}
    return _layer(rows, {"type": "bar"}, beside)


def names_above(rows: Sequence[Dot]) -> Part:
    """Return a layer that writes each row's line above its place: beside it, a long one leaves no room on a phone."""
    mark = {"type": "text", "align": "left", "dy": -17, "fontSize": 13, "limit": {"expr": "width"}}
    return _layer(rows, mark, {"x": {"value": 0}, "text": {"field": "line"}, "color": {"value": _INK}})


def dashed(start: tuple[float, float], end: tuple[float, float], name: str) -> Part:
    """Return a layer with a straight dashed line that has a legend of its own."""
    legend = _legend([name], TEXT) | {
        "symbolType": "stroke",
        "symbolStrokeColor": _GREY,
        "symbolSize": 100,
        "padding": 0,
    }
    dash = {"datum": name, "type": "nominal", "scale": {"domain": [name], "range": [[6, 4]]}, "legend": legend}
    values = [{"x": x, "y": y} for x, y in (start, end)]
    encoding = {"color": {"value": _GREY}, "strokeDash": dash, "tooltip": {"value": None}}
    return {"data": {"values": values}, "mark": {"type": "line", "strokeWidth": 1.5}, "encoding": encoding}


def percents(title: str, *, ends: tuple[float, float] | None = None, zero: bool = False, digits: str = "~g") -> Part:
    """Return an axis of percentages that fits what is drawn, or goes between ``ends``; ``digits`` as d3 formats."""
    scale = {"domain": list(ends), "nice": False} if ends else {"zero": zero}
    axis = {"labelExpr": f"format(datum.value, '{digits}') + ' %'", "tickCount": 6}
    return {"type": "quantitative", "title": title, "scale": scale, "axis": axis}


def ticked(title: str, ticks: Mapping[float, str], *, log: bool, text: int = TEXT) -> Part:
    """Return an axis that names its ``ticks`` alone, in their own words and ``text`` in pixels; ``log``: by powers."""
    low, high = min(ticks), max(ticks)
    ends = (low / 10**0.1, high * 10**0.1) if log else (low - 0.6, high + 0.6)
    scale = {"type": "log"} if log else {"zero": False}
    places, texts = json.dumps(list(ticks)), json.dumps(list(ticks.values()))  # all that is not ASCII is escaped
    axis = {"values": list(ticks), "labelExpr": f"{texts}[indexof({places}, datum.value)]"}
    across = [(math.log(tick) if log else tick, words) for tick, words in sorted(ticks.items())]
    span = math.log(ends[1] / ends[0]) if log else ends[1] - ends[0]
    slant = _slanted([(place / span, words) for place, words in across], text)
    scale |= {"domain": list(ends), "nice": False}
    return {"type": "quantitative", "title": title, "scale": scale, "axis": axis | slant}


def classes(names: Sequence[str]) -> Part:
    """Return an axis with a band for every name, in this order."""
    slant = _slanted([(place / len(names), name) for place, name in enumerate(names)], TEXT)
    return {"type": "nominal", "title": None, "sort": None, "scale": {"domain": list(names)}, "axis": slant}


def unseen(first: float, last: float) -> Part:
    """Return an axis from ``first`` to ``last`` that is not drawn."""
    return {"type": "quantitative", "scale": {"domain": [first, last], "nice": False}, "axis": None}


def chart(
    layers: Sequence[Part],
    *,
    x: Part,
    y: Part,
    lines: Sequence[str],
    key: str,
    alt: str,
    height: int,
    named: Sequence[str] | None = None,
    text: int = TEXT,
) -> None:
    """Draw ``layers`` over one another, ``height`` and ``text`` in pixels.

    ``lines`` take the theme's colours in their order; the legend on top holds those that are ``named``, of ``lines``
    all where nothing is said. ``alt`` is the chart in one sentence, for those who cannot see it.
    """
    named = lines if named is None else named
    colour = {"field": "line", "type": "nominal", "scale": {"domain": list(lines)}, "legend": None}
    if named:
        colour["legend"] = _legend(named, text) | {"values": list(named)}
    words = {"labelFontSize": text, "labelColor": _INK}
    spec = {
        "encoding": {"x": {"field": "x"} | x, "y": {"field": "y"} | y, "color": colour, "tooltip": {"field": "says"}},
        "layer": [layer for layer in layers if layer["data"]["values"]] or layers[:1],
        "padding": {"left": 4, "right": 12, "top": 4, "bottom": 8},
        "config": {
            "axis": words | {"titleFontSize": text + 1, "titleColor": _INK},
            "legend": words | {"layout": _BELOW},
        },
        "usermeta": {"embedOptions": {"renderer": "svg"}},
    }
    # Its height is told to the page, not to the chart alone: so its room is kept while Vega-Lite's script is fetched,
    # and no button below moves away under a finger.
    st.vega_lite_chart(spec, height=height + round(_ROW * text) * max(0, len(named) - 2), key=key, alt=alt)


def _layer(rows: Sequence[Dot], mark: Part, encoding: Part | None = None) -> Part:
    return {"data": {"values": [row.row() for row in rows]}, "mark": mark, "encoding": encoding or {}}


def _legend(names: Sequence[str], text: int) -> Part:
    """On top, in as many columns as the chart is wide enough for."""
    widest = 40 + _LETTER * text * max(len(name) for name in names)
    columns = {"expr": f"max(1, floor({_ROOM} / {widest}))"}
    return {"orient": "top", "title": None, "columns": columns, "labelLimit": {"expr": f"{_ROOM} - 30"}}


def _slanted(labels: Sequence[tuple[float, str]], text: int) -> Part:
    """Labels that slant where the chart is too narrow for all beside each other; places are shares of its width."""
    needed = [
        (_LETTER * text * (len(one) + len(next_)) / 2 + 10) / (there - here)
        for (here, one), (there, next_) in pairwise(labels)
        if there > here
    ]
    narrow = f"{_ROOM} < {math.ceil(max(needed, default=0))}"
    return {
        "labelAngle": {"expr": f"{narrow} ? -45 : 0"},
        "labelAlign": {"expr": f"{narrow} ? 'right' : 'center'"},
        "labelOverlap": False,
        "labelLimit": 12 * text,
    }
