"""Why this answer? Where in what the network receives the score of a class comes from."""

from collections.abc import Sequence

import streamlit as st

from core.checkpoints import Checkpoint
from core.errors import LabError
from core.photos.door import Photo
from pages._ui.frame import problem
from pages._ui.received import receive_photo
from pages.use._classify.answers import Classified
from pages.use._classify.doubt.heat import heat_section
from pages.use._classify.doubt.maps import maps_section
from pages.use._classify.eyes import eyes


def choose_answer(answers: Sequence[Classified]) -> Classified:
    """Offer the answers, all with a photo, and return the one to explain: the newest until another is chosen."""
    newest = answers[-1]
    if len(answers) == 1 or newest.photo is None:
        return newest
    place = st.selectbox(
        "Photo",
        range(len(answers)),
        len(answers) - 1,
        format_func=lambda index: f"{index + 1}. {answers[index].name}",
        key=f"why_photo_{len(answers)}_{newest.photo.sha256[:12]}",
    )
    return answers[place]


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
        eyes(checkpoint, photo, given)
    with right:
        shown = heat_section(checkpoint, photo, answer, given)
    if shown is not None:
        maps_section(checkpoint, photo, answer, given, shown)
