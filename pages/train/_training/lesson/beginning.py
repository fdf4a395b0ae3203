"""Where the weights of a training come from, where it goes on from another one."""

import streamlit as st

from pages._ui.choose.checkpoints import beginning_words
from pages._ui.frame import plain


def choose_beginning(*, key: str) -> str:
    """Return what the form goes on from ("": it begins anew), with a way to begin anew."""
    kept = str(st.session_state.get(f"{key}.begins_from", ""))
    if not kept:
        return ""
    on = st.checkbox(f"Go on from {plain(beginning_words(kept))}", True, key=f"{key}.goes_on", persist_state="session")
    return kept if on else ""
