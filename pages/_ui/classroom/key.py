"""The key of whoever runs the lab: entered once in a browser, and laid down again."""

from collections.abc import Callable

import streamlit as st

from core.errors import LabError
from core.runs import open_store
from core.runs.store.owners import Owners
from pages._ui import state
from pages._ui.frame import plain
from pages._ui.visitor import browsers_id, network_address, visitor


def ask_for_key() -> None:
    """Show the box for the key, or the button that lays it down."""
    if visitor().runs_the_lab:
        st.caption("You run this lab: you may stop, rename and delete every run.")
        st.button("Give these rights back", icon=":material/lock:", key="key_back", on_click=_leave)
    else:
        st.text_input("Key of whoever runs the lab", type="password", key=state.OPERATORS_KEY, on_change=_enter)


def act(change: Callable[[], object]) -> None:
    """Do it in a callback; where that fails, keep the sentence for `say_problem`."""
    st.session_state.pop(state.CLASS_PROBLEM, None)
    try:
        change()
    except LabError as error:
        st.session_state[state.CLASS_PROBLEM] = str(error)


def say_problem() -> None:
    """Show the sentence of what failed last, once."""
    if said := st.session_state.pop(state.CLASS_PROBLEM, None):
        st.error(plain(said), icon=":material/error:")


def _enter() -> None:
    key = st.session_state.pop(state.OPERATORS_KEY, "")
    if key:
        act(lambda: Owners(open_store()).enter_key(browsers_id(), key, address=network_address()))


def _leave() -> None:
    act(lambda: Owners(open_store()).leave_key(browsers_id()))
