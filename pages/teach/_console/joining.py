"""The code by which students join, with its square; and who is in."""

import streamlit as st

from core.runs import open_store
from core.runs.classroom import Classroom
from pages._ui.classroom.invitation import invitation
from pages._ui.classroom.key import act
from pages._ui.frame import PAGES
from pages._ui.visitor import visitor

_SEND_OUT = "class_send_out"


def joining() -> None:
    """Show how students join, or the button that begins a class."""
    room = Classroom(open_store())
    state = room.state()
    if not state.on:
        st.button("Begin a class", icon=":material/groups:", type="primary", key="class_begin", on_click=_begin)
        st.caption(
            "Students join by a code, each under a nickname of their own. While a class goes on, only who has joined "
            "can train."
        )
        return
    if state.code is None:
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown("Nobody can join. Whoever has joined stays.", width="content")
            st.button("Let people join", icon=":material/qr_code_2:", key="class_open", on_click=_open)
            _ways_on()
        return
    invitation(state.code, _change, key="class_joining")


def _change() -> None:
    with st.container(horizontal=True):
        st.button("Close joining", icon=":material/lock:", key="class_close", on_click=_close)
        st.button(
            "Another code",
            icon=":material/autorenew:",
            key="class_rotate",
            on_click=_open,
            help="Who knows the old one alone cannot join any more; who has joined stays.",
        )
        _ways_on()


def _ways_on() -> None:
    members = Classroom(open_store()).members()
    if members:
        with st.popover("Send somebody out", icon=":material/person_remove:", width="content"):
            st.selectbox("Who", [member.name for member in members], key=_SEND_OUT)
            st.caption("The nickname is free again, and the runs stay. With the code one can come back.")
            st.button("Send out", icon=":material/person_remove:", key="class_out", on_click=_send_out)
    st.page_link(PAGES["projector"], label="Projector view", icon=":material/cast:")


def _begin() -> None:
    act(lambda: Classroom(open_store()).begin(by=visitor()))


def _open() -> None:
    act(lambda: Classroom(open_store()).open_joining(by=visitor()))


def _close() -> None:
    act(lambda: Classroom(open_store()).close_joining(by=visitor()))


def _send_out() -> None:
    room, name = Classroom(open_store()), st.session_state.get(_SEND_OUT)
    owner = next((member.owner for member in room.members() if member.name == name), None)
    if owner is not None:
        act(lambda: room.send_out(owner, by=visitor()))
