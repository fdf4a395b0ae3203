"""A sheet to draw a digit on: every stroke makes the drawing the photo that the network is asked about."""

import base64
import binascii

import streamlit as st

from core.data.catalogue import ink_frame
from core.errors import PhotoError
from core.photos.door import open_photo
from pages._ui import state
from pages._ui.component import beside
from pages._ui.frame import plain

_view = st.components.v2.component("cnn_lab_drawing_pad", **beside(__file__))

_KEY = "drawing_pad"
_PROBLEM = "drawing_problem"
_MOST_LETTERS = 400_000  # of a drawing in base64; 280×280 pixels of noise have 320,000


def drawing_pad(dataset: str) -> None:
    """Show the sheet for a network of handwriting; what is drawn becomes the photo that follows the student."""
    frame = ink_frame(dataset)
    if frame is None or frame.stroke is None:
        return
    with st.expander("Draw a digit", icon=":material/draw:", expanded=True):
        _view(key=_KEY, on_drawing_change=_take)
    problem = st.session_state.pop(_PROBLEM, None)
    if problem:
        st.error(plain(problem), icon=":material/broken_image:")


def _take() -> None:
    try:
        state.set_photo(open_photo(drawn(st.session_state[_KEY].get("drawing")), "Drawing"), "your drawing")
    except PhotoError as error:
        st.session_state[_PROBLEM] = str(error)


def drawn(sent: object) -> bytes:
    """Return the picture file that the browser sent as base64; raises PhotoError for anything else."""
    try:
        if isinstance(sent, str) and len(sent) <= _MOST_LETTERS:
            return base64.b64decode(sent, validate=True)
    except (binascii.Error, ValueError):
        pass
    raise PhotoError("The drawing did not arrive whole; draw another stroke.")
