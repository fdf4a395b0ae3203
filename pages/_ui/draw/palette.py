"""The theme's colours where Streamlit does not bring them along: in Plotly's chart and in pictures."""

import streamlit as st


def categorical() -> list[str]:
    """Return the colours of lines and bars in the theme that the student sees, in order."""
    theme = "dark" if st.context.theme.type == "dark" else "light"
    colours = st.get_option(f"theme.{theme}.chartCategoricalColors")
    return list(colours) if colours else ["#0072b2", "#d55e00", "#007f5f", "#a8508a", "#a67400", "#2f7fb5"]


def page_colour() -> tuple[int, int, int]:
    """Return the page's colour in the theme that the student sees, for parts of a picture that hold nothing."""
    theme = "dark" if st.context.theme.type == "dark" else "light"
    colour = st.get_option(f"theme.{theme}.backgroundColor") or "#ffffff"
    red, green, blue = (int(colour[at : at + 2], 16) for at in (1, 3, 5))
    return red, green, blue
