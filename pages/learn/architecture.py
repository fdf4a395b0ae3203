"""Architecture: a network as a diagram and a table, and why its first dense layer has the size it has."""

import streamlit as st

from pages._ui.frame import header, section
from pages.learn._architecture.ingredients_section import ingredients_section
from pages.learn._architecture.linear_size_section import dummy_section, why_section
from pages.learn._architecture.sections import choose_architecture, diagram_section, figures_section, table_section

header(
    "Architecture",
    "A network is a row of layers, each with an output of a certain shape. Here are the shapes, the "
    "parameters, the work, "
    "and the arithmetic that makes them fit.",
    icon="account_tree",
)

with st.container(border=True):
    drawn = choose_architecture()
if drawn is not None:
    figures_section(drawn)
    diagram_section(drawn)
    table_section(drawn)
    if drawn.model == "fast_cnn":
        ingredients_section()

section("Why 16·5·5?")
why, dummy = st.tabs(["Follow the sizes", "Let a dummy tensor count"], key="arch_tabs", on_change="rerun")
if why.open:
    with why:
        why_section()
if dummy.open:
    with dummy:
        dummy_section()
