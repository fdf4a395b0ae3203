"""Convolution: slide a kernel over your own photo and see every multiplication."""

import streamlit as st

from core.errors import ConfigError
from pages._ui.choose.photo import choose_photo
from pages._ui.frame import header
from pages.learn._convolution.batch_norm_section import batch_norm_section
from pages.learn._convolution.controls import kernel_controls, movement_controls
from pages.learn._convolution.pooling_section import pooling_section
from pages.learn._convolution.sections import before_and_after, code_section, size_section, window_section
from pages.learn._convolution.softmax.section import softmax_section

header(
    "Convolution",
    "A small grid of numbers slides over a picture: multiply, add up, write the sum down, move on. "
    "Change the numbers and see what they find.",
    icon="grid_on",
)
photo = choose_photo()

controls, result = st.columns([5, 11], gap="medium")
with controls, st.container(border=True):
    kernel = kernel_controls()
with result:
    place = st.container()
    try:
        chosen = movement_controls(kernel)
    except ConfigError:  # it stands beside the field
        st.stop()
    with place:
        before_and_after(photo, chosen)

window, pool, scores, size, code, norm = st.tabs(
    ["Move the window", "Pooling", "Softmax", "How large is the result?", "PyTorch code", "BatchNorm"],
    key="conv_tabs",
    on_change="rerun",
)
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
        code_section(chosen)
if norm.open:
    with norm:
        batch_norm_section(photo, chosen)
