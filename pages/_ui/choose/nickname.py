"""The nickname that others read beside a student's runs, the way into a class, and the key of whoever runs the lab."""

import streamlit as st

from core.errors import LabError
from core.rights import operators_key
from core.runs import open_store
from core.runs.records import NAME_LENGTH
from core.runs.store.owners import Owners
from pages._ui import state
from pages._ui.classroom.account import account, sign_in_or_out
from pages._ui.classroom.key import act, ask_for_key, say_problem
from pages._ui.classroom.rules import has_to_join, teaches
from pages._ui.frame import PAGES, plain
from pages._ui.visitor import is_known_again, visitor


def choose_nickname() -> None:
    """Show the nickname in one line, with the box in which it is changed."""
    try:
        known = Owners(open_store()).nickname(visitor().owner)
    except LabError:
        return  # the page says so below
    with st.popover(plain(known or "you"), icon=":material/person:", width="content", help="Your nickname"):
        st.text_input(
            "Your nickname",
            known,
            max_chars=NAME_LENGTH,
            key=state.NICKNAME,
            on_change=_call,
            placeholder="as the class knows you",
            help=f"Others read it beside your runs. Your runs are yours by {_by_what()}, not by this name.",
        )
        sign_in_or_out()
        if operators_key() is not None:
            ask_for_key()
            if teaches():
                st.page_link(PAGES["console"], label="The class", icon=":material/co_present:")
    say_problem()
    if not is_known_again():
        st.caption("This browser keeps no cookies: after a reload you are somebody else, and your runs are not yours.")
    if has_to_join():
        with st.container(horizontal=True, vertical_alignment="center"):
            st.info("A class is going on. Join it to train with it.", icon=":material/groups:")
            st.page_link(PAGES["join"], label="Join the class", icon=":material/login:")


def _by_what() -> str:
    return "a cookie of this browser" if account() is None else "the account that you have signed in with"


def _call() -> None:
    act(lambda: Owners(open_store()).call(visitor().owner, st.session_state[state.NICKNAME]))
