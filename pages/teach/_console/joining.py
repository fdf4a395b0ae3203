"""The code by which students join, with its square."""

import streamlit as st

from core.runs import open_store
from core.runs.classroom import Classroom
from pages._ui.classroom.invitation import invitation
from pages._ui.classroom.key import act
from pages._ui.frame import PAGES
from pages._ui.visitor import visitor


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
            _way_on()
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
        _way_on()


def _way_on() -> None:
    st.page_link(PAGES["projector"], label="Projector view", icon=":material/cast:")


def _begin() -> None:
    act(lambda: Classroom(open_store()).begin(by=visitor()))


def _open() -> None:
    act(lambda: Classroom(open_store()).open_joining(by=visitor()))


def _close() -> None:
    act(lambda: Classroom(open_store()).close_joining(by=visitor()))
