"""Looking again, now and then, at what has come to rest.

Nothing moves there by itself, but another tab, another student or the teacher may resume, rename or delete it.
"""

from collections.abc import Callable

import streamlit as st

AT_REST = 10.0  # seconds between two looks


def look_again(same: Callable[[], bool]) -> None:
    """Redraw the page once ``same`` says that what it shows is no longer what is there; it draws nothing itself."""

    @st.fragment(run_every=AT_REST)
    def look() -> None:
        if not same():
            st.rerun()

    look()
