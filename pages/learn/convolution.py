"""Convolution: slide a kernel over your own photo, see every multiplication, and let kernels be found."""

import streamlit as st

from pages._ui.choose.photo import choose_photo
from pages._ui.frame import header
from pages.learn._convolution import in_address
from pages.learn._convolution.learn_kernel.section import learn_section
from pages.learn._convolution.puzzle.section import puzzle_section
from pages.learn._convolution.your_kernel import your_kernel

header(
    "Convolution",
    "A small grid of numbers slides over a picture: multiply, add up, write the sum down, move on.",
    icon="grid_on",
)
in_address.take()
photo = choose_photo()

slide, learn, puzzle = st.tabs(list(in_address.PARTS.values()), key=in_address.PARTS_KEY, on_change="rerun")
if slide.open:
    with slide:
        your_kernel(photo)
if learn.open:
    with learn:
        learn_section(photo)
if puzzle.open:
    with puzzle:
        puzzle_section(photo)
in_address.keep()
