"""Sending somebody out of the class, from a part of the console that follows who is in."""

from collections.abc import Sequence

import streamlit as st

from core.runs import open_store
from core.runs.classroom import Classroom, Member
from pages._ui.classroom.key import act
from pages._ui.visitor import visitor

_WHO = "class_send_out"


def sending_out(members: Sequence[Member]) -> None:
    """Offer to send one of those out who have joined by now."""
    if not members:
        return
    with st.popover("Send somebody out", icon=":material/person_remove:", width="content"):
        st.selectbox("Who", [member.name for member in members], key=_WHO)
        st.caption("The nickname is free again, and the runs stay. With the code one can come back.")
        st.button("Send out", icon=":material/person_remove:", key="class_out", on_click=_send_out)


def _send_out() -> None:
    room, name = Classroom(open_store()), st.session_state.get(_WHO)
    owner = next((member.owner for member in room.members() if member.name == name), None)
    if owner is not None:
        act(lambda: room.send_out(owner, by=visitor()))
