"""Joining the class: its code brings a student here, who says what the class is to call them."""

import streamlit as st

from core.data.own import Joining, open_own_sets, there_are_own_sets
from core.errors import LabError
from core.runs import open_store
from core.runs.classroom import Classroom
from core.runs.records import NAME_LENGTH
from core.runs.store.owners import Owners
from pages._ui import address, state
from pages._ui.classroom.account import name_of_account, sign_in_or_out
from pages._ui.classroom.key import act, say_problem
from pages._ui.classroom.now import the_class
from pages._ui.classroom.rules import closed_pages
from pages._ui.frame import PAGES, plain
from pages._ui.visitor import is_known_again, visitor
from pages._ui.worksheet.of_the_class import offer_those_of_the_class


def class_code() -> str | None:
    """Return the code in the address where it is the one of the class; None where it is another's, or there is none,
    and where too many were tried, which `say_problem` then says.

    One that opens a set is not tried as the class's: whoever sends pictures guesses nothing.
    """
    code = address.read(state.JOIN_CODE)
    if not code or the_class().code is None or _opens_a_set(code):
        return None
    try:
        return code if Classroom(open_store()).opens(code, by=visitor()) else None
    except LabError as error:
        st.session_state.setdefault(state.CLASS_PROBLEM, str(error))
        return None


def _opens_a_set(code: str) -> bool:
    try:
        return there_are_own_sets() and bool(Joining(open_own_sets()).find(code, by=visitor()))
    except LabError:
        return False


def join_class(code: str) -> None:
    """Ask for the nickname, take the student in, and show the way on."""
    owner, store = visitor().owner, open_store()
    known = Owners(store).nickname(owner)
    say_problem()
    if not Classroom(store).is_member(owner):
        sign_in_or_out()
        with st.form("join_class", border=False):
            st.text_input(
                "Your nickname",
                known or name_of_account()[:NAME_LENGTH],
                max_chars=NAME_LENGTH,
                key=state.NICKNAME,
                placeholder="as the class knows you",
                help="It stands beside your runs, for all to read. Nobody else in the class can have the same.",
            )
            st.form_submit_button("Join", icon=":material/login:", type="primary", on_click=_join, args=(code,))
        if not is_known_again():
            st.caption("This browser keeps no cookies: after a reload you are somebody else, and have to join again.")
        return
    lead_on(known)


def is_in() -> str:
    """Return what the class that goes on calls the visitor; "" where they have not joined it, or there is none."""
    if not the_class().on:
        return ""
    store, owner = open_store(), visitor().owner
    return Owners(store).nickname(owner) if Classroom(store).is_member(owner) else ""


def lead_on(known: str) -> None:
    """Say to somebody who has joined that they are in, as ``known``, and show the way on."""
    st.success(f"You are in, as **{plain(known)}**.", icon=":material/check_circle:")
    with st.container(horizontal=True):
        if "training" not in closed_pages():
            st.page_link(PAGES["training"], label="Train a network", icon=":material/model_training:")
        st.page_link(PAGES[""], label="To the start page", icon=":material/home:")
    offer_those_of_the_class()


def _join(code: str) -> None:
    act(lambda: Classroom(open_store()).join(code, st.session_state[state.NICKNAME], by=visitor()))
