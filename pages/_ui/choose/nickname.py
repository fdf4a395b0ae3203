"""The nickname that others read beside a student's runs, and the key of whoever runs the lab."""

import streamlit as st

from core.errors import LabError
from core.rights import operators_key
from core.runs import open_store
from core.runs.records import NAME_LENGTH
from core.runs.store.owners import Owners
from pages._ui import state
from pages._ui.frame import plain
from pages._ui.visitor import is_known_again, visitor


def choose_nickname() -> None:
    """Show the nickname in one line, with the box in which it is changed."""
    try:
        known = Owners(open_store()).nickname(visitor().owner)
    except LabError:
        return  # the page says so below
    said = st.session_state.get(state.NICKNAME_PROBLEM)
    with st.popover(plain(known or "you"), icon=":material/person:", width="content", help="Your nickname"):
        st.text_input(
            "Your nickname",
            known,
            max_chars=NAME_LENGTH,
            key=state.NICKNAME,
            on_change=_call,
            placeholder="as the class knows you",
            help="Others read it beside your runs. Your runs are yours by a cookie of this browser, not by this name.",
        )
        if operators_key() is not None:
            _operator()
    if said:
        st.error(plain(said), icon=":material/error:")
    if not is_known_again():
        st.caption("This browser keeps no cookies: after a reload you are somebody else, and your runs are not yours.")


def _operator() -> None:
    if visitor().runs_the_lab:
        st.caption("You run this lab: you may stop, rename and delete every run.")
        st.button("Give these rights back", icon=":material/lock:", key="key_back", on_click=_leave)
        return
    st.text_input("Key of whoever runs the lab", type="password", key=state.OPERATORS_KEY, on_change=_enter)


def _call() -> None:
    _try(lambda owners: owners.call(visitor().owner, st.session_state[state.NICKNAME]))


def _enter() -> None:
    key = st.session_state.pop(state.OPERATORS_KEY, "")
    if key:
        _try(lambda owners: owners.enter_key(visitor().owner, key))


def _leave() -> None:
    _try(lambda owners: owners.leave_key(visitor().owner))


def _try(act) -> None:  # type: ignore[no-untyped-def]
    st.session_state.pop(state.NICKNAME_PROBLEM, None)
    try:
        act(Owners(open_store()))
    except LabError as error:
        st.session_state[state.NICKNAME_PROBLEM] = str(error)
