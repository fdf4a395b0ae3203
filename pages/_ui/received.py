"""What a network is given of a photo, and the switch that leaves handwriting as it is: the same on every page."""

import streamlit as st

from core.data.catalogue import datasets, ink_frame
from core.models.input_format import InputFormat
from core.models.received import FITS, Fit, Received, receive
from core.photos.door import Photo
from core.photos.ink_frame import InkFrame
from pages._ui.frame import choice, plain

_FIT = "photo_fit"
_FIT_NAMES: dict[Fit, str] = {"crop": "Cut its centre", "squeeze": "Squeeze all of it"}


def offer_making(dataset: str) -> bool:
    """Offer to leave photos as they are, for a network of handwriting, and return whether they are made like it."""
    if ink_frame(dataset) is None:
        return False
    title = datasets[dataset].title
    return st.toggle(
        f"Make photos like the images of {plain(title)}",
        True,
        key=f"photo_made_{dataset}",
        help="Bright on black, cut to the ink, of the usual size, stroke and place. The network knows nothing else: "
        "switch this off to see how it reads the photo as it is.",
        persist_state="session",
    )


def offer_fit() -> None:
    """Offer the two ways in which a photo becomes a square; `receive_photo` goes by it on every page."""
    st.segmented_control(
        "How the photo becomes a square",
        FITS,
        format_func=lambda fit: choice(_FIT_NAMES[fit]),
        default=FITS[0],
        required=True,
        key=_FIT,
        help="The network learned from squares that were cut. Squeezed, nothing is lost, but all is out of shape.",
        persist_state="session",
    )


def photo_fit() -> Fit:
    """Return how photos become squares in this session."""
    fit: Fit = st.session_state.get(_FIT) or FITS[0]
    return fit


def receive_photo(photo: Photo, format: InputFormat, dataset: str, *, made: bool) -> Received:
    """Return what a network is given of ``photo``; raises PhotoError where the photo is no longer kept."""
    return _received(photo.sha256, format, ink_frame(dataset) if made else None, photo_fit(), photo)


@st.cache_resource(max_entries=12, show_spinner=False)
def _received(sha256: str, format: InputFormat, frame: InkFrame | None, fit: Fit, _photo: Photo) -> Received:
    return receive(_photo.image, format, frame, fit=fit)


def in_words(given: Received) -> str:
    """Return what was done to the photo as one sentence; it has no text that people have typed."""
    done = "; ".join(given.notes) or "as the photo is"
    return f"{done[:1].upper()}{done[1:]}."
