"""The theme's categorical colours, for Plotly: in this version its own colours reach the browser instead of these."""

import streamlit as st


def categorical() -> list[str]:
    """Return the colours of lines and bars in the theme that the student sees, in order."""
    theme = "dark" if st.context.theme.type == "dark" else "light"
    colours = st.get_option(f"theme.{theme}.chartCategoricalColors")
    return list(colours) if colours else ["#0072b2", "#d55e00", "#007f5f", "#a8508a", "#a67400", "#2f7fb5"]
