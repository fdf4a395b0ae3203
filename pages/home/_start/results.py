"""The sections of the start page that compute or look at networks: a first result, and what is ready."""

import streamlit as st

from core.data import availability, datasets
from core.explain.convolution.convolve import Filter, convolve, show, show_picture
from core.explain.convolution.kernels import PRESETS
from core.photos.door import Photo
from pages._ui import cached
from pages._ui.choose.checkpoints import checkpoint_references
from pages._ui.draw import pictures
from pages._ui.frame import PAGES, facts, look_for, plain

_FIRST = PRESETS["sobel_x"]
_SIDE = 400  # pixels


def first_result(photo: Photo) -> None:
    """Show the photo, a kernel, and the photo's edges: a result before any click."""
    image = cached.picture(photo, "grey", _SIDE)
    left, middle, right = st.columns([5, 3, 5], vertical_alignment="center")
    with left:
        pictures.show(show_picture(image), photo=True, alt="The photo in grey", caption="Your photo, in grey")
    with middle:
        rows = r" \\ ".join(" & ".join(f"{value:g}" for value in row) for row in _FIRST.kernel)
        st.latex(rf"\ast\;\begin{{bmatrix}} {rows} \end{{bmatrix}}\;=")
        st.caption("Slide these nine numbers over it: multiply, add up, write down.", text_alignment="center")
    with right:
        result = convolve(image, Filter(kernel=_FIRST.kernel, relu=True))
        pictures.show(
            show(result),
            photo=True,
            alt="The photo's upright edges, white on black",
            caption="What the nine numbers find",
        )
    look_for(
        "Upright edges light up where the picture turns from dark to light, flat areas go black. A "
        "convolutional network learns "
        "hundreds of such kernels by itself."
    )
    with st.container(horizontal=True):
        st.page_link(PAGES["convolution"], label="Change the numbers yourself", icon=":material/arrow_forward:")


def what_is_ready() -> None:
    """Say which data sets and networks are on this machine, and where photos stay."""
    here = [datasets[name].title for name in datasets if availability(name) != "hub"]
    networks = checkpoint_references()
    facts(
        [
            (
                "Data sets ready",
                f"{len(here)} of {len(datasets)}",
                f"Ready: {plain(', '.join(here))}. The others can be downloaded.",
            ),
            ("Trained networks", f"{len(networks)}", "Those that ship with the lab and those that were trained here."),
            ("Photos leave this machine", "never", "Uploads are cleaned and kept in memory for your session only."),
        ]
    )
    st.caption(
        "The lab works without the internet: digits and shapes are built in. Teachers fetch the other data "
        "sets once with "
        "`python -m core fetch`."
    )
