"""How phones join a set: six letters, an address and a square to scan, which the owner opens, changes and closes."""

import streamlit as st

from core.data.own import Joining, OwnSet, OwnSetError, open_own_sets
from pages._ui.classroom.invitation import invitation
from pages._ui.visitor import visitor
from pages.train._pictures.acting import act

EVERY = 2.0  # seconds between two looks for new pictures


def joining(own: OwnSet) -> None:
    """Show the code of a set that is open, or the button that opens it."""
    if own.code is None:
        st.button("Let phones join", icon=":material/qr_code_2:", type="primary", on_click=_opened, args=(own.id,))
        st.caption("Shows a code and a square to scan. Whoever has it can add pictures, until you close it.")
        return
    invitation(own.code, lambda: _change(own.id))


def _change(set_id: str) -> None:
    with st.container(horizontal=True):
        st.button("Close", icon=":material/lock:", on_click=_closed, args=(set_id,), key="join_close")
        st.button(
            "Another code",
            icon=":material/autorenew:",
            on_click=_rotated,
            args=(set_id,),
            key="join_rotate",
            help="Whoever has the old one can add no more; what has come stays.",
        )


@st.fragment(run_every=EVERY)
def follow(set_id: str, revision: int) -> None:
    """Draw the page anew when the set has changed meanwhile: a look asks the store for one number."""
    seen = f"seen_{set_id}"
    changes = open_own_sets().changes()
    before = st.session_state.get(seen)
    st.session_state[seen] = changes
    if before not in (None, changes) and has_changed(set_id, revision):
        st.rerun()


def has_changed(set_id: str, revision: int) -> bool:
    """Say whether a set is another than it was at this revision, or gone."""
    try:
        return open_own_sets().get(set_id).revision != revision
    except OwnSetError:
        return True


def _opened(set_id: str) -> None:
    act(lambda: Joining(open_own_sets()).open(set_id, by=visitor()))


def _rotated(set_id: str) -> None:
    act(lambda: Joining(open_own_sets()).rotate(set_id, by=visitor()))


def _closed(set_id: str) -> None:
    act(lambda: Joining(open_own_sets()).close(set_id, by=visitor()))
