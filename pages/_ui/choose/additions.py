"""Pictures that somebody brings for a class of an own set: kept one after the other, each with its answer."""

from collections import defaultdict
from collections.abc import Callable, Container
from dataclasses import dataclass
from functools import partial

import streamlit as st

from core.data.own import NewPicture, OwnPictures, OwnSet, open_own_sets
from core.errors import LabError, PhotoError
from core.rights import Person
from pages._ui.choose.uploads import MAX_MEGABYTES, UPLOAD_TYPES, Sent, letting_go, sent
from pages._ui.frame import plain
from pages._ui.server.cut_off import cut_off, heard_of, opens, stalled
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
    """Offer to choose photos, many at once, and keep each in the class that was chosen when it was sent.

    `answers` tells under `answers_key` what became of them. The field is one for all classes: another in its place
    would not be told of what is on its way.
    """
    going: GoesOn[tuple[int, Answer]] = goes_on(key)
    opens(key, class_id)
    st.file_uploader(
        "Photos",
        type=UPLOAD_TYPES,
        accept_multiple_files=True,
        key=going.field,
        max_upload_size=MAX_MEGABYTES,
        help=f"Up to {FILES} at a time. On a phone this offers the camera as well. Each is turned upright, cleaned and "
        "made smaller here.",
    )
    keep = _Keeper(own=own, contributor=contributor, code=code, by=visitor(), let_go=letting_go())
    new = [file for file in sent(going.field) if file.file_id not in going.names]
    going.begin({file.file_id: partial(keep, file, heard_of(file.file_id) or class_id) for file in new})
    if going.names:
        became = going.finish("Being kept …")
        going.cut += cut_off(key)
        became += [(of or class_id, Answer(name=name, kept=None, sentence=_CUT_OFF)) for name, of in going.cut]
        _tell(became, key=key, classes=[each.id for each in own.classes], shown=class_id)
        going.clear()
        st.rerun()


def _tell(became: list[tuple[int, Answer]], *, key: str, classes: Container[int], shown: int) -> None:
    """Keep the answers by class; those of a class that is gone are told beside the one that is ``shown``."""
    by_class: dict[int, list[Answer]] = defaultdict(list)
    for class_id, answer in became:
        by_class[class_id if class_id in classes else shown].append(answer)
    for class_id, found in by_class.items():
        st.session_state[_told(answers_key(key, class_id))] = found


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
        st.success(f"{kept} {'picture' if kept == 1 else 'pictures'} kept.", icon=":material/check_circle:")
    refused = [answer for answer in told if answer.kept is None]
    if refused:
        lines = "\n".join(f"- {plain(answer.name)}: {plain(answer.sentence)}" for answer in refused)
        st.warning(lines, icon=":material/broken_image:")


@st.fragment(run_every=LOOK)
def say_what_stalls(key: str) -> None:
    """Say which files stand in the uploader of this key and did not arrive; Streamlit itself says no more than a
    program's word."""
    for name in stalled(key)[:_SAID]:
        st.warning(f"{plain(name)} {_CUT_OFF}. Nothing of it was kept.", icon=":material/wifi_off:")


@dataclass(frozen=True, kw_only=True)
class _Keeper:
    """Keeps a file and lets its bytes go."""

    own: OwnSet
    contributor: str
    code: str | None
    by: Person
    let_go: Callable[[Sent], None]

    def __call__(self, file: Sent, class_id: int) -> tuple[int, Answer]:
        name = getattr(file, "name", "") or "a file"
        try:
            if not hasattr(file, "getvalue"):
                raise PhotoError(_LOST)
            new = NewPicture(data=file.getvalue(), file_name=name, contributor=self.contributor or None)
            added = OwnPictures(open_own_sets()).add(self.own.id, class_id, new, by=self.by, code=self.code)
        except LabError as error:
            return class_id, Answer(name=name, kept=None, sentence=str(error))
        finally:
            self.let_go(file)
        return class_id, Answer(name=name, kept=added.picture.id if added.new else None, sentence=added.sentence)


def _told(key: str) -> str:
    return f"{key}_told"
