"""The end of a class: the next one, or none."""

import streamlit as st

from core.runs import open_store
from core.runs.classroom import Classroom
from pages._ui.classroom.account import providers
from pages._ui.classroom.key import act
from pages._ui.classroom.now import the_class
from pages._ui.visitor import visitor

_DELETE = "class_delete_runs"


def next_class() -> None:
    """Offer to begin the next class, or to end the one that goes on."""
    if not the_class().on:
        st.caption("No class is going on.")
        return
    but = "; who has signed in keeps what is theirs" if providers() else ""
    with st.container(horizontal=True):
        with st.popover("Next class", icon=":material/restart_alt:", width="content"):
            st.markdown(
                "Everything stops; all who have joined are out, their nicknames are free, and another code opens. What "
                "they trained stays to look at, and from then on only you can change it, because their browsers may "
                f"pass to others{but}. What you have pinned stays."
            )
            st.toggle("Delete the runs of this class as well", key=_DELETE)
            st.caption("There is no way back. What is at work now is stopped, and stays.")
            st.button("Begin the next class", icon=":material/restart_alt:", key="class_next", on_click=_next)
        with st.popover("End the class", icon=":material/logout:", width="content"):
            st.markdown(
                "Nobody is in a class any more, and everybody can train as they like. Runs go on, and stay whose they "
                "are."
            )
            st.button("End it", icon=":material/logout:", key="class_end", on_click=_end)


def _next() -> None:
    delete = bool(st.session_state.get(_DELETE))
    act(lambda: Classroom(open_store()).next_class(by=visitor(), delete_runs=delete))


def _end() -> None:
    act(lambda: Classroom(open_store()).end(by=visitor()))
