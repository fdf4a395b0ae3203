"""Pooling in the moving window: which value of each square is kept."""

import numpy as np
import streamlit as st

from core.errors import ConfigError
from core.explain.convolution.convolve import convolve
from core.explain.convolution.pooling import POOLINGS, Pooling, pooling_data
from core.photos.door import Photo
from pages._ui import cached
from pages._ui.frame import choice, look_for, problem, think, try_this
from pages._ui.glossary import term
from pages.learn._convolution.controls import Convolution
from pages.learn._convolution.moving_window import moving_window
from pages.learn._convolution.sections import SMALL_SIDE, output_colours

_TITLES: dict[Pooling, str] = {"max": "Max", "average": "Average", "global": "Global average"}
SIZES = (2, 3, 4)


def pooling_section(photo: Photo, chosen: Convolution) -> None:
    """Let a pooling window jump over the map that the kernel makes of a small version of the photo."""
    st.markdown(
        "After a convolution a network often makes its maps smaller: of each square one number stays. Nothing is "
        "learned here.",
        help=term("pooling"),
    )
    with st.container(horizontal=True, vertical_alignment="bottom"):
        kind: Pooling = st.segmented_control(
            "Keep",
            list(POOLINGS),
            format_func=lambda kind: choice(_TITLES[kind]),
            default="max",
            required=True,
            key="pool_kind",
            help="Max: the largest value. Average: the mean. Global average: one mean of the whole map, as before the "
            "last layer of ResNet-18.",
            persist_state="session",
        )
        size = st.segmented_control(
            "Window and stride",
            list(SIZES),
            format_func=lambda size: choice(f"{size}×{size}"),
            default=2,
            required=True,
            key="pool_size",
            help=term("stride"),
            disabled=kind == "global",
            persist_state="session",
        )
    try:
        values = convolve(cached.picture(photo, chosen.view, SMALL_SIDE), chosen.filter)
        data = pooling_data(values, kind, size=size, stride=size)
    except ConfigError as error:
        problem(error)
        return
    moving_window(data, key="pool_window")
    look_for(
        "The input is the map that your kernel makes of the photo, rounded to two digits. "
        f"{output_colours(np.array(data['output']))}"
    )
    try_this("Put the window on an edge and compare Max with Average: which one lets a thin line through?")
    think(
        "The photo moves one pixel to the left. How much does a 2×2 max-pooled map change?",
        "Little: where the largest value stays in its square, the output is the same number. That is why a network "
        "with pooling cares less about where exactly a pattern lies. At the edges of the squares it does change.",
    )
