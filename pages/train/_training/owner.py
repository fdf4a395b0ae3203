"""The nickname under which a student's runs are queued and found again."""

import streamlit as st

from core.errors import RunError
from core.runs.records import NAME_LENGTH, check_name
from pages._ui import address, state
from pages._ui.frame import plain
from pages._ui.run_words import NOBODY


def choose_owner() -> str:
    """Show the nickname in one line and return it; it is kept in the address, so that a reload knows it."""
    known = address.read(state.OWNER) or NOBODY
    with st.popover(plain(known[:NAME_LENGTH]), icon=":material/person:", width="content", help="Your nickname"):
        text = st.text_input(
            "Your nickname",
            known,
            max_chars=NAME_LENGTH,
            key=state.OWNER,
            on_change=lambda: address.write(state.OWNER, st.session_state[state.OWNER] or None),
            help="Your runs are queued and found again under it. It stays in the address of this page.",
        )
    try:
        return check_name(text or NOBODY, what="nickname")
    except RunError as error:
        st.error(plain(str(error)), icon=":material/error:")
        return NOBODY
