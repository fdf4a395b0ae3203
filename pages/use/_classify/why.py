"""Why this answer? The tensor that the network receives, and where in it the score of a class comes from."""

import streamlit as st

from core.checkpoints import Checkpoint
from core.errors import LabError
from core.models.input_format import denormalise
from core.models.received import Received
from core.photos.door import Photo
from pages._ui.draw.pictures import show
from pages._ui.frame import number, problem
from pages._ui.glossary import term
from pages._ui.received import in_words, receive_photo
from pages.use._classify.answers import Classified
from pages.use._classify.doubt.heat import heat_section
from pages.use._classify.doubt.maps import maps_section

_SIDE = 360


@st.fragment
def why(checkpoint: Checkpoint, photo: Photo, answer: Classified, *, made: bool) -> None:
    """Show what the network receives of ``photo``, and the heat map of any class; reruns by itself."""
    try:
        given = receive_photo(photo, checkpoint.format, checkpoint.card.dataset, made=made)
    except LabError as error:
        problem(error)
        return
    left, right = st.columns(2, gap="large")
    with left:
        _received(checkpoint, photo, given)
    with right:
        shown = heat_section(checkpoint, photo, answer, given)
    if shown is not None:
        maps_section(checkpoint, photo, answer, given, shown)


def _received(checkpoint: Checkpoint, photo: Photo, given: Received) -> None:
    st.markdown("### What the network receives")
    low, high = float(given.batch.min()), float(given.batch.max())
    show(
        denormalise(given.batch, checkpoint.format)[0].numpy(),
        at_least=_SIDE,
        width=_SIDE,
        alt=f"{photo.name} as the network receives it",
        look_for="Could you still tell what it is? What is lost here, the network never sees.",
    )
    channels, side = checkpoint.card.channels, checkpoint.card.image_size
    st.caption(
        f"{in_words(given)} {side}×{side} px, {'grey' if channels == 1 else 'colour'}: a tensor of shape "
        f"(1, {channels}, {side}, {side}). "
        f"Shown un-normalised; the numbers themselves run from {number(low)} to {number(high)}. {term('normalisation')}"
    )
