"""The sections of the start page: a first result, the ten-minute lesson, what is ready, the glossary."""

import streamlit as st

from core.data import availability, datasets
from core.explain.convolution import convolve, show, show_picture
from core.explain.kernels import PRESETS
from core.images import Photo
from pages._ui import cached, pictures
from pages._ui.checkpoints import checkpoint_references
from pages._ui.frame import PAGES, facts, look_for
from pages._ui.glossary import TERMS

_FIRST = PRESETS["sobel_x"]
_SIDE = 400  # pixels
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


def first_result(photo: Photo) -> None:
    """Show the photo, a kernel, and the photo's edges: a result before any click."""
    image = cached.picture(photo, "grey", _SIDE)
    left, middle, right = st.columns([5, 3, 5], vertical_alignment="center")
    with left:
        pictures.show(show_picture(image), alt="The photo in grey", caption="Your photo, in grey")
    with middle:
        rows = r" \\ ".join(" & ".join(f"{value:g}" for value in row) for row in _FIRST.kernel)
        st.latex(rf"\ast\;\begin{{bmatrix}} {rows} \end{{bmatrix}}\;=")
        st.caption("Slide these nine numbers over it: multiply, add up, write down.", text_alignment="center")
    with right:
        result = convolve(image, _FIRST.kernel, relu=True)
        pictures.show(
            show(result), alt="The photo's upright edges, white on black", caption="What the nine numbers find"
        )
    look_for(
        "Upright edges light up where the picture turns from dark to light, flat areas go black. A "
        "convolutional network learns "
        "hundreds of such kernels by itself."
    )
    with st.container(horizontal=True):
        st.page_link(PAGES["convolution"], label="Change the numbers yourself", icon=":material/arrow_forward:")


def lesson() -> None:
    """List the steps of the lesson, each with its page."""
    with st.grid(4, min_column_width=180):
        for position, (path, title, task) in enumerate(_STEPS, start=1):
            with st.container(border=True, height="stretch"):
                st.page_link(PAGES[path], label=f"**{position}. {title}**")
                st.caption(task)


def what_is_ready() -> None:
    """Say which data sets and networks are on this machine, and where photos stay."""
    here = [datasets[name].title for name in datasets if availability(name) != "hub"]
    networks = checkpoint_references()
    facts(
        [
            (
                "Data sets ready",
                f"{len(here)} of {len(datasets)}",
                f"Ready: {', '.join(here)}. The others can be downloaded.",
            ),
            ("Trained networks", f"{len(networks)}", "Those that ship with the lab and those that were trained here."),
            ("Photos leave this machine", "never", "Uploads are cleaned and kept in memory for your session only."),
        ]
    )
    st.caption(
        "The lab works without any network: digits and shapes are built in. Teachers fetch the other data "
        "sets once with "
        "`python -m core fetch`."
    )


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
