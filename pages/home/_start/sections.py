"""The sections of the start page that need no PyTorch: the ten-minute lesson, the glossary and the guide."""

import streamlit as st

from pages._ui.frame import PAGES
from pages._ui.glossary import TERMS
from pages._ui.guide import GUIDE
from pages._ui.state import GUIDE_PAGE

_STEPS = (
    ("convolution", "Slide a kernel", "Pick Sobel x, then type a number of your own into the grid. What lights up?"),
    ("convolution", "Follow one sum", "Move the window with the arrow keys and find a place where the sum is large."),
    ("feature-maps", "Look into a layer", "Step to the second convolution. Which map follows the outlines?"),
    (
        "architecture",
        "Count the numbers",
        "Why 16·5·5? Change the padding, then put a wrong number into the dense layer.",
    ),
    (
        "augmentation",
        "Shake the images",
        "Add a rotation, press Another draw, and see that test images stay as they are.",
    ),
    ("training", "Train a network", "Start with the built-in digits: watch loss fall and validation accuracy rise."),
    ("compare", "Judge it fairly", "Set two networks side by side on test images that neither has seen."),
    ("classify", "Use it", "Ask a network about your own photo, and see what in the picture spoke for its answer."),
)


def lesson() -> None:
    """List the steps of the lesson, each with its page."""
    with st.grid(4, min_column_width=180):
        for position, (path, title, task) in enumerate(_STEPS, start=1):
            with st.container(border=True, height="stretch"):
                st.page_link(PAGES[path], label=f"**{position}. {title}**")
                st.caption(task)


def glossary() -> None:
    """Show the terms, filtered by what is typed."""
    wanted = st.text_input("Find a term", key="glossary_find", placeholder="stride", type="search").strip().lower()
    found = {name: text for name, text in TERMS.items() if wanted in name.lower() or wanted in text.lower()}
    if not found:
        st.caption("No such term here. Try a shorter word, or clear the field to see all.")
        return
    st.table(
        {"term": list(found), "in one sentence": list(found.values())},
        hide_index=True,
        border="horizontal",
        alt="Terms and what they mean",
    )


def guide_links() -> None:
    """Link to every page of the guide."""
    with st.container(horizontal=True):
        for name, title in GUIDE.items():
            st.page_link(PAGES["guide"], label=title, icon=":material/article:", query_params={GUIDE_PAGE: name})
