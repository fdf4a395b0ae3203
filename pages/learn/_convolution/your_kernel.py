"""Your kernel: the student's own kernel on the photo, and what follows from it, in tabs."""

from contextlib import suppress

import streamlit as st

from core.errors import ConfigError
from core.photos.door import Photo
from pages.learn._convolution.batch_norm_section import batch_norm_section
from pages.learn._convolution.controls import Convolution, bias_slider, kernel_controls, movement_controls
from pages.learn._convolution.pooling_section import pooling_section
from pages.learn._convolution.sections import before_and_after, code_section, predict_size, size_section, window_section
from pages.learn._convolution.softmax.section import softmax_section

TABS = {
    "window": "Move the window",
    "pooling": "Pooling",
    "softmax": "Softmax",
    "size": "How large is the result?",
    "code": "PyTorch code",
    "batchnorm": "BatchNorm",
}
TABS_KEY = "conv_tabs"


def your_kernel(photo: Photo) -> None:
    """Let a kernel be set up, and show what it makes of the photo and how."""
    controls, result = st.columns([5, 11], gap="medium")
    with controls, st.container(border=True):
        kernel = kernel_controls()
        below = st.container()
    with result:
        place = st.container()
        chosen = None
        with suppress(ConfigError):  # it stands beside the field
            chosen = movement_controls(kernel)
        if chosen is not None:
            with place:
                before_and_after(photo, chosen)
            predict_size(photo, chosen)
    if chosen is not None:
        _tabs(photo, chosen)
    with below:
        bias_slider()


def _tabs(photo: Photo, chosen: Convolution) -> None:
    window, pool, scores, size, code, norm = st.tabs(list(TABS.values()), key=TABS_KEY, on_change="rerun")
    if window.open:
        with window:
            window_section(photo, chosen)
    if pool.open:
        with pool:
            pooling_section(photo, chosen)
    if scores.open:
        with scores:
            softmax_section(photo)
    if size.open:
        with size:
            size_section(photo, chosen)
    if code.open:
        with code:
            code_section(photo, chosen)
    if norm.open:
        with norm:
            batch_norm_section(photo, chosen)
