"""Put it to the test: one of two perturbations of the picture that the network received."""

import streamlit as st

from core.checkpoints import Checkpoint
from core.errors import LabError
from core.photos.door import Photo
from pages._ui import address
from pages._ui.frame import choice, plain, problem
from pages._ui.received import receive_photo
from pages.use._classify.answers import Classified
from pages.use._classify.doubt.fool import fool_section
from pages.use._classify.doubt.hide import hide_section

PERTURBATION = "try"  # in the address
_HIDE, _FOOL = "hide", "fool"
_KEY = "classify_perturbation"
_NAMES = {_HIDE: "Hide a part", _FOOL: "Fool it"}


@st.fragment
def perturbations(checkpoint: Checkpoint, photo: Photo, answer: Classified, *, made: bool) -> None:
    """Offer the perturbations and draw the chosen one; reruns by itself."""
    wanted = address.read(PERTURBATION)
    if wanted is not None and wanted not in _NAMES and address.brings(PERTURBATION):
        said = f"There is no perturbation '{plain(wanted[:40])}' here; there is {' and '.join(_NAMES)}."
        st.warning(said, icon=":material/link_off:")
    st.session_state[_KEY] = wanted if wanted in _NAMES else _HIDE
    chosen = st.segmented_control(
        "Perturbation",
        list(_NAMES),
        format_func=lambda name: choice(_NAMES[name]),
        required=True,
        key=_KEY,
        on_change=lambda: address.write(PERTURBATION, st.session_state[_KEY]),
        label_visibility="collapsed",
    )
    try:
        given = receive_photo(photo, checkpoint.format, checkpoint.card.dataset, made=made)
        if chosen == _FOOL:
            fool_section(checkpoint, photo, answer, given)
        else:
            hide_section(checkpoint, photo, given)
    except LabError as error:
        problem(error)
