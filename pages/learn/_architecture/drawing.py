"""Line drawings in the theme's own colours."""

import streamlit as st

from pages._ui.component import beside

_view = st.components.v2.component("cnn_lab_drawing", **beside(__file__))


def drawing(svg: str, *, alt: str, key: str) -> None:
    """Show an SVG element, or a ``<div class="row">`` of several; the classes accent, line, panel and faint follow the
    theme, text is in the text colour.

    Whatever text people have typed must be escaped in ``svg`` (`html.escape`).
    """
    _view(key=key, data={"svg": svg, "alt": alt})
