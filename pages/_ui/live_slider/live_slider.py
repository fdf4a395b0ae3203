"""A slider that tells Python while it is dragged, where Streamlit's tells it when it is let go.

It says no more than one value at a time: the next one leaves when the page has been drawn with the last. So it is to be
drawn after what follows from it, in a place that was kept for it above.
"""

import math

import streamlit as st

from pages._ui.component import beside, sent
from pages._ui.glossary import mention

_view = st.components.v2.component("cnn_lab_live_slider", **beside(__file__))
_DIGITS = 6


def live_slider(label: str, low: float, high: float, step: float, *, key: str, first: float, tip: str) -> None:
    """Show the slider; its value is the session's ``key``, which is set like any widget's, and stays over the pages."""

    def take() -> None:
        value = sent(f"{key}_live", "value")
        if isinstance(value, int | float) and math.isfinite(value):
            st.session_state[key] = round(min(high, max(low, float(value))), _DIGITS)

    mention(tip)
    with st.container(gap=None):
        st.markdown(f":small[{label}]", help=tip)
        _view(
            key=f"{key}_live",
            data={"label": label, "low": low, "high": high, "step": step, "value": st.session_state.get(key, first)},
            on_value_change=take,
            height="content",
        )
