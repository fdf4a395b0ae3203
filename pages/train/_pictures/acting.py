"""What changes a set happens in callbacks; where it fails, the sentence is shown when the page is drawn."""

from collections.abc import Callable

import streamlit as st

from core.errors import LabError
from pages._ui import state
from pages._ui.frame import plain


def act(change: Callable[[], object]) -> bool:
    """Do it; say whether it was done, and keep the sentence for the page where it was not."""
    try:
        change()
    except LabError as error:
        st.session_state[state.PICTURES_PROBLEM] = str(error)
        return False
    return True


def say_problem() -> None:
    """Show the sentence of what failed, once."""
    said = st.session_state.pop(state.PICTURES_PROBLEM, None)
    if said:
        st.error(plain(said), icon=":material/error:")
