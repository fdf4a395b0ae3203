"""A sheet to draw a digit on: every stroke makes the drawing the photo that the network is asked about."""

import streamlit as st

from core.data.catalogue import ink_frame
from core.errors import PhotoError
from core.photos.door import open_photo
from pages._ui import state
from pages._ui.camera.camera import sent_picture
from pages._ui.component import beside, sent
from pages._ui.frame import plain

_view = st.components.v2.component("cnn_lab_drawing_pad", **beside(__file__))

_KEY = "drawing_pad"
_PROBLEM = "drawing_problem"


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
    strokes = sent(_KEY, "drawing")
    if strokes is None:
        return
    try:
        drawing = sent_picture(strokes, what="The drawing", again="draw another stroke")
        state.set_photo(open_photo(drawing, "Drawing"), "your drawing")
    except PhotoError as error:
        st.session_state[_PROBLEM] = str(error)
