"""The lab's charts in Vega-Lite: what is said on them is data, and labels have room."""

import json
from typing import Any

import pytest
import streamlit as st

from pages._ui.draw import vega


def test_an_axiss_words_are_text_and_nothing_else() -> None:
    words = {0.0: '"], open("//x")', 1.0: "' + location + '\u2028"}
    texts, rest = vega.ticked("arm", words, log=False)["axis"]["labelExpr"].split("[indexof(")
    assert json.loads(texts) == list(words.values())
    assert rest == "[0.0, 1.0], datum.value)]"
    assert texts.isascii()


def test_an_axis_of_powers_has_room_around_its_ends() -> None:
    low, high = vega.ticked("images", {100: "100", 1000: "1,000"}, log=True)["scale"]["domain"]
    assert (low, high) == pytest.approx((100 / 10**0.1, 1000 * 10**0.1))


def test_labels_slant_below_the_width_that_all_of_them_need() -> None:
    assert "< 0 ?" in vega.classes(["alone"])["axis"]["labelAngle"]["expr"]
    # Two names of ten letters, 6 pixels each, and 10 between them, in halves of the width.
    assert "< 140 ?" in vega.classes(["a" * 10, "b" * 10])["axis"]["labelAngle"]["expr"]


def test_a_chart_draws_what_there_is_and_names_what_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    made: dict[str, Any] = {}
    monkeypatch.setattr(st, "vega_lite_chart", lambda spec, **about: made.update(**spec, **about))
    rows = [vega.Dot(line="<b>", x=1, y=50, ends=(40, 60), says="half")]
    layers = [vega.whiskers(rows, along="y"), vega.dots(rows), vega.dots([], hollow=True)]
    axis = vega.percents("right")
    vega.chart(layers, x=axis, y=axis, lines=["<b>", "other"], named=["<b>"], key="k", alt="all of it", height=100)
    assert [layer["mark"]["type"] for layer in made["layer"]] == ["rule", "point"]
    assert made["layer"][1]["data"]["values"] == [
        {"line": "<b>", "x": 1, "y": 50, "low": 40, "high": 60, "says": "half"}
    ]
    assert made["encoding"]["color"]["scale"]["domain"] == ["<b>", "other"]
    assert made["encoding"]["color"]["legend"]["values"] == ["<b>"]
    assert (made["alt"], made["height"]) == ("all of it", 100)
