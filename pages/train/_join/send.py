"""What somebody with a phone does: name, class, photos, and what has arrived of them."""

import streamlit as st

from core.data.own import NAME_LENGTH, Joining, OwnPictures, OwnSet, OwnSetError, open_own_sets, there_are_own_sets
from core.errors import LabError
from core.names import counted
from core.rights import shown_name
from core.runs import open_store
from core.runs.store.owners import Owners
from pages._ui import address, state
from pages._ui.camera.burst import take_shots
from pages._ui.camera.camera import camera_opens
from pages._ui.choose.additions import (
    answers,
    answers_key,
    forget_answers,
    say_class_is_gone,
    say_what_stalls,
    show_answers,
    take_files,
    tell_files,
)
from pages._ui.classroom.key import act, say_problem
from pages._ui.draw.own_sheet import own_sheet
from pages._ui.draw.pictures import show
from pages._ui.frame import choice, plain, problem
from pages._ui.visitor import visitor, visitors_id

_ACROSS = 4


def joined() -> OwnSet | None:
    """Return the set whose code is in the address; None where there is none, and `say_problem` then says why."""
    code = address.read(state.JOIN_CODE)
    if not code:
        return None
    try:
        if not there_are_own_sets():
            raise OwnSetError(
                "Nothing is open in this lab under this code; look at it once more, or ask whether it has changed."
            )
        return Joining(open_own_sets()).find(code, by=visitor())
    except LabError as error:  # whoever pressed Join for the class with a code of before has been told so
        st.session_state.setdefault(state.CLASS_PROBLEM, str(error))
        return None


def ask_for_code() -> None:
    """Say why there is nothing to join, if a code was tried, and ask for one."""
    say_problem()
    with st.form("join", border=False):
        st.text_input("Code", max_chars=40, key="join_typed", placeholder="BKM TXZ")
        st.form_submit_button("Join", icon=":material/login:", type="primary", on_click=_typed)


def _typed() -> None:
    address.write(state.JOIN_CODE, st.session_state["join_typed"].strip() or None)


def your_name() -> str:
    """Ask for the name that stands beside the pictures, and return it: the nickname of this browser."""
    owner = visitors_id()
    try:
        known = Owners(open_store()).nickname(owner)
    except LabError as error:
        problem(error)
        known = ""
    st.text_input(
        "Your name",
        known,
        max_chars=NAME_LENGTH,
        key=state.NICKNAME,
        on_change=_called,
        placeholder="as the class knows you",
        help="It stands beside your pictures, so that a network is judged on other people’s than it has learned from.",
    )
    say_problem()
    return shown_name(owner, known)


def _called() -> None:
    act(lambda: Owners(open_store()).call(visitors_id(), st.session_state[state.NICKNAME]))


def send(own: OwnSet, contributor: str) -> None:
    """Choose the class, take or choose pictures, and see them accepted."""
    names = {each.id: each.name for each in own.classes}
    if not names:
        st.info("This set has no classes yet; wait until its owner has added some.", icon=":material/hourglass_top:")
        return
    choosing = f"join_class_{own.id}"
    say_class_is_gone(st.session_state.get(choosing), names)
    class_id = st.segmented_control(
        "What is on them?",
        list(names),
        format_func=lambda one: choice(plain(names[one])) if one in names else "",
        required=True,
        key=choosing,
        persist_state="session",
    )
    if class_id is None:
        st.caption("Choose first what your pictures show.")
        return
    key = f"join_files_{own.id}"
    take_files(own, class_id, key=key, contributor=contributor, code=own.code)
    tell_files(own, class_id, key=key)
    say_what_stalls(key)
    if said := st.session_state.pop(state.PICTURES_PROBLEM, None):
        st.error(plain(said), icon=":material/error:")
    _accepted(own, names[class_id], answers_key(key, class_id))
    if not camera_opens() or st.toggle("Use the camera inside this page", key="join_camera"):
        camera, instead = f"join_{own.id}", "Or choose photos, above: that opens the camera as well."
        take_shots(own, class_id, key=camera, contributor=contributor, code=own.code, instead=instead)
        _accepted(own, names[class_id], answers_key(camera, class_id))


def _accepted(own: OwnSet, name: str, key: str) -> None:
    """What has become of the last pictures, those that were kept small."""
    show_answers(key)
    kept = [answer.kept for answer in answers(key) if answer.kept]
    if not kept:
        return
    show(
        own_sheet(own.id, kept, columns=_ACROSS),
        alt=f"{counted(len(kept), 'picture')} kept as {name}",
        width="content",
        at_least=1,
    )
    st.button(
        "Take these back",
        icon=":material/undo:",
        key=f"take_back_{key}",
        on_click=_taken_back,
        args=(own.id, tuple(kept), key),
    )


def _taken_back(set_id: str, kept: tuple[str, ...], key: str) -> None:
    try:
        OwnPictures(open_own_sets()).delete(set_id, kept, by=visitor())
    except LabError as error:
        st.session_state[state.PICTURES_PROBLEM] = str(error)
    else:
        forget_answers(key)
