"""The live camera: a network answers what it sees, picture by picture, and keeps none of them."""

from collections.abc import Mapping, Sequence
from typing import TypedDict

import streamlit as st

from core.checkpoints import Checkpoint
from core.data.catalogue import ink_frame
from core.errors import LabError
from core.judging.certainty import probability_words
from core.judging.classification import Guess, rank
from core.models.received import receive
from core.photos.door import MAX_SIDE_KEPT, open_photo
from pages._ui import state
from pages._ui.camera.camera import CAMERA, ONLY_HTTPS, camera_opens, sent_picture
from pages._ui.component import beside, sent
from pages._ui.received import photo_fit
from pages.use._classify.judges import judge_of
from pages.use._classify.world.familiarity import familiarity_of

_view = st.components.v2.component("cnn_lab_live_camera", **beside(__file__, after=CAMERA))

_KEY = "live_camera"
_SMALLEST = 320  # pixels of the longer side of a picture that is sent
_ALL, _FEW = 10, 5  # classes: up to so many have a bar each, of more the likeliest few have


class Bar(TypedDict):
    """A class and its probability, ``part`` in [0, 1], ``share`` in words; ``first`` is the likeliest."""

    name: str
    part: float
    share: str
    first: bool


class Answer(TypedDict):
    """What a picture is answered with: its own ``number``, and bars, or a sentence why there are none.

    ``foreign`` says that it is not of the network's world ("": it is, or nobody knows).
    """

    number: int
    bars: list[Bar]
    foreign: str
    problem: str


@st.fragment
def live_camera(checkpoint: Checkpoint, *, made: bool) -> None:
    """Offer the camera; each picture is asked about alone, and one that is frozen becomes the photo of all pages."""
    if not camera_opens():
        st.caption(f"{ONLY_HTTPS} Upload photos instead; on a phone, the upload offers the camera.")
        return
    if st.session_state.pop(state.LIVE_FROZEN, False):
        st.rerun()  # what follows on the page is about the new photo; the picture is answered then
    picture = st.session_state.pop(state.LIVE_PICTURE, None)
    answer = answered(picture, checkpoint, made=made) if picture is not None else _nothing(0)
    _view(
        key=_KEY,
        data={
            **answer,
            "longest": max(_SMALLEST, 2 * checkpoint.card.image_size),
            "photo": MAX_SIDE_KEPT,
            "insecure": ONLY_HTTPS,
        },
        on_frame_change=lambda: _came("frame"),
        on_frozen_change=_froze,
    )


def answered(picture: object, checkpoint: Checkpoint, *, made: bool) -> Answer:
    """Return what a network says of the picture that a browser has sent; nothing of it is kept."""
    fields = picture if isinstance(picture, Mapping) else {}
    number = fields.get("number")
    answer = _nothing(number if isinstance(number, int) else 0)
    try:
        photo = open_photo(sent_picture(fields.get("jpeg")))
        frame = ink_frame(checkpoint.card.dataset) if made else None
        given = receive(photo.image, checkpoint.format, frame, fit=photo_fit())
        with judge_of(checkpoint, familiarity_of(checkpoint)) as judge:
            (guesses,) = rank(checkpoint, [given], model=judge.network, top=len(checkpoint.card.classes))
            judged = judge.last()
        answer["bars"] = bars(guesses, checkpoint.card.classes)
        if judged is not None and judged.foreign:
            answer["foreign"] = f"{judged.sentence[:1].upper()}{judged.sentence[1:]}."
    except LabError as error:
        answer["problem"] = str(error)
    return answer


def _nothing(number: int) -> Answer:
    return Answer(number=number, bars=[], foreign="", problem="")


def bars(guesses: Sequence[Guess], classes: Sequence[str]) -> list[Bar]:
    """Return a bar a class, in the order of the classes, so that bars move and rows do not; of many the likeliest."""
    shown = sorted(guesses, key=lambda guess: classes.index(guess.label)) if len(classes) <= _ALL else guesses[:_FEW]
    return [
        Bar(
            name=guess.label,
            part=guess.probability,
            share=probability_words(guess.probability),
            first=guess is guesses[0],
        )
        for guess in shown
    ]


def _came(event: str) -> None:
    st.session_state[state.LIVE_PICTURE] = sent(_KEY, event)


def _froze() -> None:
    _came("frozen")
    picture = st.session_state[state.LIVE_PICTURE]
    if picture is None:
        return
    try:
        photo = open_photo(sent_picture(picture.get("jpeg") if isinstance(picture, Mapping) else None), "Camera")
        state.set_photo(photo, "your camera")
    except LabError:  # is said beside the camera
        return
    st.session_state[state.LIVE_FROZEN] = True
