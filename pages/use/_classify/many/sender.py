"""Many photos at once: the browser sends them one after the other, so that however many they are, one is in memory."""

import base64
import binascii
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TypedDict

import streamlit as st

from core.errors import PhotoError
from core.photos.door import MAX_BYTES, open_photo, shown_name, too_heavy
from core.photos.kept import KeptPhoto
from pages._ui import cached, state
from pages._ui.choose.uploads import UPLOAD_TYPES
from pages._ui.component import beside, sent

MOST = 1_000  # photos of a session: their names and answers
_KEY = "many_photos"
_MOST_LETTERS = 7 * 2**20  # of a part in base64: 5.25 MB
_NOT_WHOLE = "This photo did not arrive whole; add it again."
FULL = f"{MOST:,} photos are here, and no more are taken; take them away first."
_view = st.components.v2.component("cnn_lab_many_photos", **beside(__file__))


@dataclass(frozen=True, kw_only=True)
class Added:
    """A file that has come: its ``photo``, or the sentence that says why there is none.

    ``shows`` is the class that is on it, as its sender says (None: nobody said).
    """

    name: str
    photo: KeptPhoto | None = None
    error: str = ""
    shows: str | None = None


class Told(TypedDict):
    """What a part is answered with: its own file's ``number``, and ``part``; why there is no photo ("": all is well).

    ``full``: no more are taken.
    """

    number: int
    part: int
    problem: str
    full: bool


@dataclass(kw_only=True)
class _Coming:
    """A file that is on its way, in parts; ``added`` is what has become of it."""

    number: int = 0
    bytes: bytearray = field(default_factory=bytearray)
    parts: int = 0
    added: Added | None = None


def added_photos() -> list[Added]:
    """Return what has been added in this session, in order."""
    found: list[Added] = st.session_state.setdefault(state.CLASSIFIED, [])
    return found


@st.fragment
def many_photos(*, shows: str | None, answer: Callable[[Added], object]) -> None:
    """Offer to add photos, however many; each is opened, kept, and given to ``answer`` before the next one comes.

    ``shows`` is the class that is on those that are added now. The page is drawn anew when all have come.
    """
    part = st.session_state.pop(state.MANY_PART, None)
    if part is not None:
        st.session_state[state.MANY_ANSWER] = take(part, answer)
        if isinstance(part, Mapping) and part.get("last") is True:
            _over()
    if st.session_state.pop(state.MANY_OVER, False):
        st.rerun()
    _view(
        key=_KEY,
        data={
            **st.session_state.get(state.MANY_ANSWER, Told(number=0, part=0, problem="", full=False)),
            "here": len(added_photos()),
            "shows": shows,
            "accept": ",".join(f".{ending}" for ending in UPLOAD_TYPES),
            "most": MAX_BYTES,
        },
        on_part_change=_came,
        on_over_change=_over,
        on_clear_change=_clear,
    )
    st.caption(
        f":material/lock: At most {MAX_BYTES // 2**20} MB each. They stay on the machine that runs the lab, in memory, "
        "until you take them away or leave."
    )


def take(part: object, answer: Callable[[Added], object]) -> Told:
    """Take a part of a file; with the last one the file becomes a photo, or a sentence.

    A part that is sent again is answered again and counts once, wherever another control's rerun has cut this one off.
    """
    fields = part if isinstance(part, Mapping) else {}
    number, place, parts = (_whole(fields.get(name)) for name in ("number", "part", "parts"))
    told = Told(number=number, part=place, problem="", full=False)
    before: Told | None = st.session_state.get(state.MANY_ANSWER)
    if before is not None and (before["number"], before["part"]) >= (number, place):
        return before
    coming, added = _coming(number), added_photos()
    if coming.added is None:
        try:
            if not _whole_with(coming, fields, place, parts):
                return told
            problem = ""
        except PhotoError as error:
            problem = str(error)
        coming.added = _added(fields, coming, problem)
        coming.bytes.clear()
    if not any(one is coming.added for one in added):
        if len(added) >= MOST:
            return Told(number=number, part=place, problem=FULL, full=True)
        added.append(coming.added)
    if coming.added.photo is not None:
        answer(coming.added)
    return Told(number=number, part=place, problem=coming.added.error, full=False)


def _whole_with(coming: _Coming, fields: Mapping[str, object], place: int, parts: int) -> bool:
    """Whether a file is whole with this part, which is kept; raises PhotoError with a sentence."""
    if place > coming.parts or not 0 < parts <= MAX_BYTES // 2**20:
        raise PhotoError(_NOT_WHOLE)
    if place == coming.parts:
        if _whole(fields.get("size")) > MAX_BYTES:
            raise PhotoError(too_heavy(_whole(fields.get("size"))))
        letters = _letters(fields.get("letters"))
        if len(coming.bytes) + len(letters) > MAX_BYTES:
            raise PhotoError(too_heavy(len(coming.bytes) + len(letters)))
        coming.bytes += letters
        coming.parts += 1
    return coming.parts >= parts


def _added(fields: Mapping[str, object], coming: _Coming, problem: str) -> Added:
    """What has become of a file that has come, or that was given up."""
    name = shown_name(str(fields.get("name") or ""))
    shows = fields.get("shows")
    says = shows if isinstance(shows, str) else None
    if problem:
        return Added(name=name, error=problem, shows=says)
    try:
        photo = cached.kept_photos().keep(open_photo(bytes(coming.bytes), name))
    except PhotoError as error:
        return Added(name=name, error=str(error), shows=says)
    return Added(name=name, photo=photo, shows=says)


def _coming(number: int) -> _Coming:
    """The file of this number as far as it has come; another one that was on its way is forgotten."""
    coming: _Coming | None = st.session_state.get(state.MANY_COMING)
    if coming is None or coming.number != number:
        coming = st.session_state[state.MANY_COMING] = _Coming(number=number)
    return coming


def _letters(sent: object) -> bytes:
    try:
        if isinstance(sent, str) and len(sent) <= _MOST_LETTERS:
            return base64.b64decode(sent, validate=True)
    except (binascii.Error, ValueError):
        pass
    raise PhotoError(_NOT_WHOLE)


def _whole(value: object) -> int:
    return value if type(value) is int and value >= 0 else 0


def _came() -> None:
    st.session_state[state.MANY_PART] = sent(_KEY, "part")


def _over() -> None:
    st.session_state[state.MANY_OVER] = True


def _clear() -> None:
    if sent(_KEY, "clear") is not None:
        added_photos().clear()
        state.photo_comes_first()
        st.session_state[state.MANY_OVER] = True
