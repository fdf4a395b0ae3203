"""Photos for a class with the camera of this device, one at a time or a burst, each kept before the next is taken."""

from collections.abc import Mapping
from typing import TypedDict

import streamlit as st

from core.data.own import NewPicture, OwnPictures, OwnSet, open_own_sets
from core.data.own.stored_picture import LONGEST_SIDE
from core.errors import LabError, PhotoError
from pages._ui import state
from pages._ui.camera.camera import CAMERA, ONLY_HTTPS, camera_opens, sent_picture
from pages._ui.choose.additions import Answer, add_answer, answers_key
from pages._ui.component import beside, sent
from pages._ui.visitor import visitor

MOST = 20  # photos of a burst
_WHOLE = "The photo did not arrive whole; take another one."
_view = st.components.v2.component("cnn_lab_burst", **beside(__file__, after=CAMERA))


class Told(TypedDict):
    """What a photo is answered with: its own ``number``, and why it was not kept ("": it is on the disk)."""

    number: int
    problem: str


def take_shots(
    own: OwnSet, class_id: int, *, key: str, contributor: str, code: str | None = None, instead: str
) -> None:
    """Offer the camera; where a browser would not open it, say so. ``instead`` is what to do where it does not open.

    `core.data.own` keeps the photos of a burst on one side of a split. What became of them is told by
    `pages._ui.choose.additions.answers` under `answers_key`.
    """
    if not camera_opens():
        st.caption(f"{ONLY_HTTPS} A phone offers its camera where photos are chosen.")
        return
    _camera(own, class_id, key=key, contributor=contributor, code=code, instead=instead)


@st.fragment
def _camera(own: OwnSet, class_id: int, *, key: str, contributor: str, code: str | None, instead: str) -> None:
    shot = st.session_state.pop(f"{state.SHOT}_{key}", None)
    answered = f"{state.SHOT_ANSWER}_{key}"  # stays: a browser that misses it in one drawing has it in the next
    if shot is not None:
        st.session_state[answered] = keep_shot(own, shot, key=key, contributor=contributor, code=code)
    if st.session_state.pop(f"{state.SHOTS_OVER}_{key}", False):
        st.rerun()  # the pictures are shown on the page around
    _view(
        key=key,
        data={
            **st.session_state.get(answered, Told(number=0, problem="")),
            "class_id": class_id,
            "most": MOST,
            "longest": LONGEST_SIDE,
            "instead": instead,
            "insecure": ONLY_HTTPS,
        },
        on_shot_change=lambda: _came(key),
        on_over_change=lambda: _over(key),
    )


def keep_shot(own: OwnSet, shot: object, *, key: str, contributor: str, code: str | None) -> Told:
    """Keep the photo that a browser has sent; one that is sent twice is kept once, and answered twice.

    It goes into the class that it was taken for. Photos of one ``series`` have their answers together.
    """
    fields = shot if isinstance(shot, Mapping) else {}
    number, series, class_id = (fields.get(name) for name in ("number", "series", "class_id"))
    told = Told(number=number if type(number) is int else 0, problem="")
    try:
        if not isinstance(series, str) or type(class_id) is not int:
            raise PhotoError(_WHOLE)
        new = NewPicture(
            data=sent_picture(fields.get("jpeg"), what="The photo"),
            file_name="camera.jpg",
            contributor=contributor or None,
            burst=series if fields.get("burst") is True else None,
        )
        added = OwnPictures(open_own_sets()).add(own.id, class_id, new, by=visitor(), code=code)
        answer = Answer(name="camera.jpg", kept=added.picture.id, series=series)
        add_answer(answers_key(key, class_id), answer)
    except LabError as error:
        told["problem"] = str(error)
    return told


def _came(key: str) -> None:
    st.session_state[f"{state.SHOT}_{key}"] = sent(key, "shot")


def _over(key: str) -> None:
    st.session_state[f"{state.SHOTS_OVER}_{key}"] = True
