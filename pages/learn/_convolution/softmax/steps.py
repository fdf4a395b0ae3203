"""The steps of softmax, class by class, which scores that are dragged go through without asking the server."""

from collections.abc import Sequence

import streamlit as st

from core.explain.softmax import EXPONENTIAL_DIGITS, SCORE_DIGITS, softmax_steps
from pages._ui.component import beside

_view = st.components.v2.component("cnn_lab_softmax_steps", **beside(__file__))


def softmax_view(classes: Sequence[str], scores: Sequence[float]) -> None:
    """Show each class's score, exponential and quotient; everything that is dragged happens in the browser."""
    _view(
        key="conv_softmax",
        data={
            "classes": list(classes),
            "scores": list(softmax_steps(scores).scores),
            "score_digits": SCORE_DIGITS,
            "digits": EXPONENTIAL_DIGITS,
        },
        height="content",
    )
