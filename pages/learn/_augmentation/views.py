"""The views of the Augmentation page: one is drawn, the one that the address names."""

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from core.errors import LabError
from pages._ui.choose.photo import choose_photo
from pages._ui.classroom.rules import TAKEN_OFF, hides
from pages._ui.frame import empty_state, problem
from pages.learn._augmentation.arms.section import arms_section
from pages.learn._augmentation.chain.draws_section import draws_section
from pages.learn._augmentation.chain.network_input import received_section, untouched_section
from pages.learn._augmentation.code.section import code_section
from pages.learn._augmentation.curve.section import curve_section
from pages.learn._augmentation.keys import TABS
from pages.learn._augmentation.labels.section import labels_section
from pages.learn._augmentation.seen.section import seen_section

VIEWS = {
    "draws": "Draws",
    "received": "Network's input",
    "test": "Test images",
    "labels": "Label safety",
    "curve": "Confidence curve",
    "arms": "With and without",
    "seen": "What a run saw",
    "code": "Code and JSON",
}


def show_view(photo_row: DeltaGenerator) -> None:
    """Offer the views and draw the chosen one; the photo that it works on stands in ``photo_row``."""
    st.session_state.setdefault(TABS, VIEWS["draws"])
    tabs = st.tabs(list(VIEWS.values()), key=TABS, on_change="rerun")
    for (name, title), tab in zip(VIEWS.items(), tabs, strict=True):
        if title == st.session_state[TABS]:
            with tab:
                try:
                    _draw(name, photo_row)
                except LabError as error:
                    problem(error)


def _draw(name: str, photo_row: DeltaGenerator) -> None:
    if name == "labels":
        labels_section()
    elif name == "curve":
        curve_section(photo_row)
    elif name == "arms" and hides("arms"):
        empty_state(TAKEN_OFF)
    elif name == "arms":
        arms_section()
    elif name == "seen":
        seen_section()
    else:
        with photo_row:
            photo = choose_photo().image
        {"draws": draws_section, "received": received_section, "test": untouched_section, "code": code_section}[name](
            photo
        )
