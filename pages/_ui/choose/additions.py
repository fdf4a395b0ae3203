"""Pictures that somebody brings for a class of an own set: kept one after the other, each with its answer."""

from collections import defaultdict
from collections.abc import Container, Sequence
from dataclasses import dataclass
from functools import partial

import streamlit as st

from core.data.own import NewPicture, OwnPictures, OwnSet, open_own_sets
from core.errors import LabError, PhotoError
from core.names import counted
from core.rights import Person
from pages._ui.choose.uploads import MAX_MEGABYTES, UPLOAD_TYPES, told_of
from pages._ui.frame import plain
from pages._ui.server.arrivals import Announced, Arrived, Field, forget, offers, stalled
from pages._ui.server.goes_on import GoesOn, follow, goes_on
from pages._ui.server.upload_quota import FILES
from pages._ui.visitor import visitor

LOOK = 5.0  # seconds between two looks whether what was announced still comes
_SAID = 5  # files
_BEGINS = "Being kept …"
_NOT_LET_IN = f"was not taken in, as more than {FILES} came at once, or too much for this server; add it again"
_CUT_OFF = "did not arrive: it was called off, or the connection broke; add it again"
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


_Became = tuple[int, Answer]  # the class that a file was meant for, and what became of it


def take_files(own: OwnSet, class_id: int, *, key: str, contributor: str, code: str | None = None) -> None:
    """Offer to choose photos, many at once; each is kept as it arrives, in the class that was chosen when it was sent.

    `tell_files` tells what became of them. The field is one for all classes: with another in its place, Streamlit says
    nothing of what breaks off.
    """
    going: GoesOn[_Became] = goes_on(key)
    keep = _Keeper(own=own, contributor=contributor, code=code, by=visitor())

    def take(file: Arrived, class_id: int = class_id) -> None:
        going.begin({file.file_id: partial(keep, file, class_id)})

    give_back = partial(going.withdraw, undo=keep.undo)
    offers(Field(key=key, kinds=UPLOAD_TYPES, meant=class_id, take=take, give_back=give_back))
    st.file_uploader(
        "Photos",
        type=UPLOAD_TYPES,
        accept_multiple_files=True,
        key=going.field,
        max_upload_size=MAX_MEGABYTES,
        help=f"Up to {FILES} at a time. On a phone this offers the camera as well. Each is turned upright, cleaned and "
        "made smaller here.",
    )
    for file, announced in told_of(going.field):
        take(file, (announced.field.meant if announced is not None else None) or class_id)


def tell_files(own: OwnSet, class_id: int, *, key: str, away: bool = False) -> None:
    """Wait for what `take_files` takes, and keep what became of it for `answers` under `answers_key`.

    Of another class than the one that is shown, ``class_id``, it is told in a line. ``away``: the field is not shown
    now, and the page does not wait.
    """
    going: GoesOn[_Became] = goes_on(key)
    if going.at_work and (away or not going.names):  # a field that came back does not know what is on its way
        follow(key, _BEGINS)
        return
    if not going.names:
        told: dict[int, str] = st.session_state.get(f"{key}_elsewhere", {})
        if elsewhere := "; ".join(told[of] for of in told if of != class_id):
            st.caption(f"Of other classes: {plain(elsewhere)}.")
        if away and stalled(key):
            say_what_stalls(key)
        return
    became, lost = going.finish(_BEGINS), stalled(key)
    became += [(each.field.meant or class_id, _not_kept(each)) for each in lost.values()]
    names = {each.id: each.name for each in own.classes}
    by_class: dict[int, list[Answer]] = defaultdict(list)
    for of, answer in became:  # those of a class that is gone are told beside the one that is shown
        by_class[of if of in names else class_id].append(answer)
    for of, found in by_class.items():
        st.session_state[_told(answers_key(key, of))] = found
    st.session_state[f"{key}_elsewhere"] = {of: f"{names[of]}: {_counted(found)}" for of, found in by_class.items()}
    going.clear()
    forget(lost)
    st.rerun()


def _not_kept(file: Announced) -> Answer:
    return Answer(name=file.name, kept=None, sentence=_NOT_LET_IN if file.refused else _CUT_OFF)


def _counted(found: Sequence[Answer]) -> str:
    kept = sum(each.kept is not None for each in found)
    return f"{kept} kept" + (f", {len(found) - kept} not" if kept < len(found) else "")


def answers_key(key: str, class_id: int) -> str:
    """Return under which key the answers to the last photos of a class are kept."""
    return f"{key}_{class_id}"


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
        st.success(f"{counted(kept, 'picture')} kept.", icon=":material/check_circle:")
    refused = [answer for answer in told if answer.kept is None]
    if refused:
        lines = "\n".join(f"- {plain(answer.name)}: {plain(answer.sentence)}" for answer in refused)
        st.warning(lines, icon=":material/broken_image:")


@st.fragment(run_every=LOOK)
def say_what_stalls(key: str) -> None:
    """Say which files stand in the uploader of this key and did not arrive; Streamlit itself says no more than a
    program's word."""
    for each in list(stalled(key).values())[:_SAID]:
        said = _not_kept(each)
        st.warning(f"{plain(said.name)} {said.sentence}. Nothing of it was kept.", icon=":material/wifi_off:")


@dataclass(frozen=True, kw_only=True)
class _Keeper:
    """Keeps a file and lets its bytes go."""

    own: OwnSet
    contributor: str
    code: str | None
    by: Person

    def __call__(self, file: Arrived, class_id: int) -> _Became:
        try:
            if file.data is None:
                raise PhotoError(_NOT_LET_IN)
            new = NewPicture(data=file.data, file_name=file.name, contributor=self.contributor or None)
            added = OwnPictures(open_own_sets()).add(self.own.id, class_id, new, by=self.by, code=self.code)
        except LabError as error:
            return class_id, Answer(name=file.name, kept=None, sentence=str(error))
        finally:
            file.let_go()
        return class_id, Answer(name=file.name, kept=added.picture.id if added.new else None, sentence=added.sentence)

    def undo(self, became: _Became) -> None:
        """Take back what was kept."""
        _of, answer = became
        if answer.kept is not None:
            OwnPictures(open_own_sets()).delete(self.own.id, (answer.kept,), by=self.by)


def _told(key: str) -> str:
    return f"{key}_told"
