"""The window that slides over a small picture: hover, arrow keys, scrub and play, without asking the server."""

from collections.abc import Mapping
from typing import Any

import streamlit as st

from pages._ui.component import beside

_view = st.components.v2.component("cnn_lab_moving_window", **beside(__file__))


def moving_window(data: Mapping[str, Any], *, key: str) -> None:
    """Show the view for `core.explain.convolution.convolve.component_data`; everything else happens in the browser."""
    _view(key=key, data=dict(data))
