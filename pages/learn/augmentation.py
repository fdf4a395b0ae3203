"""Augmentation: change training images at random, see every draw, and see what it does to a network."""

import streamlit as st

from pages._ui.frame import header
from pages.learn._augmentation import in_address
from pages.learn._augmentation.views import show_view

header(
    "Augmentation",
    "A network that sees the same pixels every epoch learns them by heart. Change them a little, at random, each time.",
    icon="auto_awesome_motion",
)
photo_row = st.container()
in_address.take()
show_view(photo_row)
in_address.keep()
