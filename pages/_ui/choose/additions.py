"""Pictures that somebody brings for a class of an own set: kept one after the other, each with its answer."""

from collections.abc import Callable, Container
from dataclasses import dataclass
from functools import partial

import streamlit as st

from core.data.own import NewPicture, OwnPictures, OwnSet, open_own_sets
from core.errors import LabError, PhotoError
from core.rights import Person
from pages._ui.choose.uploads import UPLOAD_TYPES, Sent, letting_go, sent
from pages._ui.frame import plain
from pages._ui.server.cut_off import cut_off, stalled
from pages._ui.server.goes_on import GoesOn, goes_on
from pages._ui.server.upload_quota import FILES
from pages._ui.visitor import visitor

LOOK = 5.0  # seconds between two looks whether what was announced still comes
_SAID = 5  # files
_LOST = "was not taken in: too many came at once, or the connection broke; add it again"
_CUT_OFF = "did not arrive, because the connection broke; add it again"
_CLASS_GONE = (
    "The class that you had chosen is not in this set any more: choose another, and send again what you sent just now."
)


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What became of one file.

    ``kept`` is the picture's id (None: it was not kept); ``sentence`` tells why, or what was done to it. ``series`` is
    alike for those that a camera took in one go.
    """

    name: str
    kept: str | None
    sentence: str = ""
    series: str = ""


def take_files(own: OwnSet, class_id: int, *, key: str, contributor: str, code: str | None = None) -> None:
    """Offer to choose photos for a class, many at once, and keep them; `answers` tells what became of each."""
    going: GoesOn[Answer] = goes_on(key)
    field = f"{key}_{going.turn}"
    st.file_uploader(
        "Photos",
        type=UPLOAD_TYPES,
        accept_multiple_files=True,
        key=field,
        help=f"Up to {FILES} at a time. On a phone this offers the camera as well. Each is turned upright, cleaned and "
        "made smaller here.",
    )
    if files := sent(field):
        keep = _Keeper(
            own=own, class_id=class_id, contributor=contributor, code=code, by=visitor(), let_go=letting_go()
        )
        going.begin({file.file_id: partial(keep, file) for file in files})
    if going.names:
        told = going.finish("Being kept …")
        going.cut += cut_off(going.names)
        told += [Answer(name=name, kept=None, sentence=_CUT_OFF) for name in going.cut]
        st.session_state[_told(key)] = told
        going.clear()
        st.rerun()


def say_class_is_gone(chosen: int | None, classes: Container[int]) -> None:
    """Say it where the ``chosen`` class was taken away elsewhere: its field went with it, and what was sent to it."""
    if chosen is not None and chosen not in classes:
        st.warning(_CLASS_GONE, icon=":material/error:")


def answers(key: str) -> list[Answer]:
    """Return what became of the files of the last time."""
    return list(st.session_state.get(_told(key), ()))


def add_answer(key: str, answer: Answer) -> None:
    """Tell of one more file of a series; of those of another series nothing more is said."""
    before = [each for each in answers(key) if each.series == answer.series and each.kept != answer.kept]
    st.session_state[_told(key)] = [*before, answer]


def forget_answers(key: str) -> None:
    """Say nothing more of the files of the last time."""
    st.session_state.pop(_told(key), None)


def show_answers(key: str) -> None:
    """Say how many pictures were kept the last time, and of each of the others why not."""
    told = answers(key)
    kept = sum(answer.kept is not None for answer in told)
    if kept:
        st.success(f"{kept} {'picture' if kept == 1 else 'pictures'} kept.", icon=":material/check_circle:")
    refused = [answer for answer in told if answer.kept is None]
    if refused:
        lines = "\n".join(f"- {plain(answer.name)}: {plain(answer.sentence)}" for answer in refused)
        st.warning(lines, icon=":material/broken_image:")


@st.fragment(run_every=LOOK)
def say_what_stalls(*, zips: bool) -> None:
    """Say which files stand in an uploader (of ``zips``, or of pictures) and did not arrive; Streamlit itself says no
    more than a program's word."""
    for name in [each for each in stalled() if each.lower().endswith(".zip") == zips][:_SAID]:
        st.warning(f"{plain(name)} {_CUT_OFF}. Nothing of it was kept.", icon=":material/wifi_off:")


@dataclass(frozen=True, kw_only=True)
class _Keeper:
    """Keeps a file and lets its bytes go."""

    own: OwnSet
    class_id: int
    contributor: str
    code: str | None
    by: Person
    let_go: Callable[[Sent], None]

    def __call__(self, file: Sent) -> Answer:
        name = getattr(file, "name", "") or "a file"
        try:
            if not hasattr(file, "getvalue"):
                raise PhotoError(_LOST)
            new = NewPicture(data=file.getvalue(), file_name=name, contributor=self.contributor or None)
            added = OwnPictures(open_own_sets()).add(self.own.id, self.class_id, new, by=self.by, code=self.code)
        except LabError as error:
            return Answer(name=name, kept=None, sentence=str(error))
        finally:
            self.let_go(file)
        if not added.new:
            return Answer(name=name, kept=None, sentence=added.sentence)
        return Answer(name=name, kept=added.picture.id, sentence=added.sentence)


def _told(key: str) -> str:
    return f"{key}_told"
