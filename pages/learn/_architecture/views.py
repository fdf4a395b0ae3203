"""The views of the Architecture page: one is drawn, the one that the address names."""

import streamlit as st

from pages._ui.frame import think, try_this
from pages.learn._architecture.build.section import build_section
from pages.learn._architecture.chosen import choose_architecture
from pages.learn._architecture.in_address import VIEW, VIEWS, keep
from pages.learn._architecture.ingredients_section import ingredients_section
from pages.learn._architecture.linear_size_section import dummy_section, why_section
from pages.learn._architecture.sections import diagram_section, figures_section, table_section
from pages.learn._architecture.sees.section import sees_section


def show_views() -> None:
    """Offer the views and draw the chosen one."""
    draw = {"network": _network, "build": build_section, "sees": _sees, "sizes": why_section, "dummy": dummy_section}
    tabs = st.tabs(list(VIEWS.values()), key=VIEW, on_change="rerun")
    for name, tab in zip(VIEWS, tabs, strict=True):
        if tab.open:
            with tab:
                draw[name]()


def _network() -> None:
    with st.container(border=True):
        drawn = choose_architecture(on_turn=keep)
    if drawn is None:
        return
    figures_section(drawn)
    diagram_section(drawn)
    table_section(drawn)
    try_this("Find the layer with most of the parameters and the one with most of the work. Are they the same?")
    think(
        "Why do convolutions do most of the work with few of the parameters?",
        "A kernel's weights are used again at every place of the map. A dense layer uses each of its weights once.",
    )
    if drawn.model == "fast_cnn":
        ingredients_section()


def _sees() -> None:
    with st.container(border=True):
        drawn = choose_architecture(on_turn=keep)
    if drawn is not None:
        sees_section(drawn)
