"""The first thing that a newcomer sees: a photo, nine numbers, and what they find. It does not wait for PyTorch."""

import streamlit as st

from core.errors import LabError
from core.explain.convolution.kernels import PRESETS
from core.explain.convolution.without_torch import grey_picture, pixels, slide
from core.photos.door import Photo
from pages._ui.draw import pictures
from pages._ui.frame import PAGES, look_for, problem

_FIRST = PRESETS["sobel_x"]
_SIDE = 400  # pixels


def first_result(photo: Photo) -> None:
    """Show the photo, a kernel, and the photo's edges: a result before any click."""
    try:
        grey, edges = _files(sha256=photo.sha256, _photo=photo)
    except LabError as error:
        problem(error)
        return
    left, middle, right = st.columns([5, 3, 5], vertical_alignment="center")
    with left:
        pictures.show(grey, alt="The photo in grey", caption="Your photo, in grey")
    with middle:
        rows = r" \\ ".join(" & ".join(f"{value:g}" for value in row) for row in _FIRST.kernel)
        st.latex(rf"\ast\;\begin{{bmatrix}} {rows} \end{{bmatrix}}\;=")
        st.caption("Slide these nine numbers over it: multiply, add up, write down.", text_alignment="center")
    with right:
        pictures.show(
            edges,
            alt="The photo's upright edges, white on black",
            caption="What the nine numbers find",
        )
    look_for(
        "Upright edges light up where the picture turns from dark to light, flat areas go black. A convolutional "
        "network learns hundreds of such kernels by itself."
    )
    with st.container(horizontal=True):
        st.page_link(
            PAGES["convolution"],
            label="Change the numbers yourself",
            icon=":material/arrow_forward:",
            query_params={"kernel": _FIRST.name},
        )


@st.cache_resource(max_entries=32, show_spinner=False)
def _files(sha256: str, _photo: Photo) -> tuple[bytes, bytes]:
    """The files of a photo in grey, and of its upright edges: most of a class begins with one and the same."""
    image = grey_picture(_photo.image, max_side=_SIDE)
    found = slide(image, _FIRST.kernel)
    return pictures.picture_file(pixels(image), photo=True), pictures.picture_file(pixels(found), photo=True)
