"""Guide: the pages of ``docs/`` inside the lab, so that a class without the internet has them."""

import streamlit as st

from core.errors import LabError
from pages._ui import address, state
from pages._ui.frame import PAGES, choice, header, problem
from pages._ui.guide import GUIDE
from pages.home._guide.document import document
from pages.home._guide.show import show


def _turn_to() -> None:
    chosen = st.session_state[state.GUIDE_CHOICE]
    if chosen is not None:
        address.write(state.GUIDE_PAGE, chosen)


header("Guide", "How the lab is taught with, set and called, and what was measured.", icon="menu_book")
name = address.read(state.GUIDE_PAGE) or next(iter(GUIDE))
st.session_state[state.GUIDE_CHOICE] = name if name in GUIDE else None
st.pills(
    "Page of the guide",
    list(GUIDE),
    format_func=lambda page: choice(GUIDE[page]),
    key=state.GUIDE_CHOICE,
    on_change=_turn_to,
    label_visibility="collapsed",
)
if name in ("walkthrough", "classroom"):
    st.page_link(PAGES["console"], label="Class: the console of whoever teaches", icon=":material/co_present:")
try:
    show(document(name))
except LabError as error:
    problem(error)
