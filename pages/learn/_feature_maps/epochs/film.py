"""The pages of a time-lapse, to scrub and to play."""

import base64
from collections.abc import Sequence

import streamlit as st

from pages._ui.component import beside

_view = st.components.v2.component("cnn_lab_time_lapse", **beside(__file__))


def film(pages: Sequence[tuple[int, bytes]], *, of: str, alt: str, key: str) -> None:
    """Show the PNG of each epoch; ``of`` tells this film from others, ``alt`` says what its pictures show."""
    _view(
        key=key,
        data={
            "pages": [{"epoch": epoch, "png": base64.b64encode(png).decode()} for epoch, png in pages],
            "of": of,
            "alt": alt,
        },
    )
