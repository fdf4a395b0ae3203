"""Augmentation: change training images at random, see every draw, and train with the chain."""

import streamlit as st

from pages._ui.choose.photo import choose_photo
from pages._ui.frame import header
from pages.learn._augmentation.chain_editor import chain_editor
from pages.learn._augmentation.sections import (
    choose_format,
    code_section,
    received_section,
    show_draws,
    train_section,
    untouched_section,
)

header(
    "Augmentation",
    "A network that sees the same pixels every epoch learns them by heart. Change them a little, at random, each time: "
    "the label stays, the pixels do not.",
    icon="auto_awesome_motion",
)
photo = choose_photo().image

editor, result = st.columns([2, 4], gap="medium")
with editor:
    dataset, format = choose_format()
    steps = chain_editor()
    train_section(steps)
with result:
    draws = show_draws(photo, steps, format, dataset)
    if draws is None:
        st.stop()
    received, untouched, code = st.tabs(
        ["What the network receives", "Test images stay as they are", "Code and JSON"],
        key="chain_tabs",
        on_change="rerun",
    )
    if received.open:
        with received:
            received_section(draws, format)
    if untouched.open:
        with untouched:
            untouched_section(photo, steps, format)
    if code.open:
        with code:
            code_section(steps, format)
