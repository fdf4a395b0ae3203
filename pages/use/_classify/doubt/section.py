"""Put it to the test: one of two experiments on the picture that the network received."""

import streamlit as st

from core.checkpoints import Checkpoint
from core.errors import LabError
from core.photos.door import Photo
from pages._ui.frame import choice, problem
from pages._ui.received import receive_photo
from pages.use._classify.answers import Classified
from pages.use._classify.doubt.fool import fool_section
from pages.use._classify.doubt.hide import hide_section

_HIDE, _FOOL = "hide", "fool"
_NAMES = {_HIDE: "Hide a part", _FOOL: "Fool it"}


@st.fragment
def experiments(checkpoint: Checkpoint, photo: Photo, answer: Classified, *, made: bool) -> None:
    """Offer the experiments and draw the chosen one; reruns by itself."""
    chosen = st.segmented_control(
        "Experiment",
        list(_NAMES),
        format_func=lambda name: choice(_NAMES[name]),
        default=_HIDE,
        required=True,
        key="classify_experiment",
        label_visibility="collapsed",
        persist_state="session",
    )
    try:
        given = receive_photo(photo, checkpoint.format, checkpoint.card.dataset, made=made)
        if chosen == _FOOL:
            fool_section(checkpoint, photo, answer, given)
        else:
            hide_section(checkpoint, photo, given)
    except LabError as error:
        problem(error)
