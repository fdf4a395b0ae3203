"""A picture, curves or figures of the page, put into the worksheet as they are on the screen."""

import streamlit as st

from core.errors import LabError
from core.runs import open_store
from core.runs.worksheets import MOST_PICTURES, Given, StudentsWork, Work
from pages._ui.draw.plain_text import plain
from pages._ui.visitor import visitor
from pages._ui.worksheet.shown import shown

_PROBLEM = "worksheet_picture_problem"


def add_what_is_shown(given: Given, number: int, work: Work) -> None:
    """Offer what the page shows, by captions, and say how much of it is in the worksheet."""
    here = [kept for kept in work.pictures if kept.part == number]
    key = f"worksheet_add_{given.id}_{number}"
    with st.container(horizontal=True, vertical_alignment="center"):
        fold = st.popover("Add what the page shows", icon=":material/add_photo_alternate:", key=key, on_change="rerun")
        if here:
            st.caption(f"{len(here)} of this part, {len(work.pictures)} of {MOST_PICTURES} in all", width="content")
    if said := st.session_state.pop(_PROBLEM, None):
        st.error(plain(said), icon=":material/error:")
    if not fold.open:
        return
    with fold:
        here_now = shown()
        if not here_now:
            st.caption("The page shows no picture and no curve now. Scroll, or set something up.")
            st.button("Look again", icon=":material/refresh:", key=f"{key}_again")  # draws this anew
            return
        titles = {each: one.title for each, one in here_now.items()}
        chosen = st.radio("What", list(titles), format_func=lambda each: plain(titles[each]), key=f"{key}_what")
        picture = here_now[chosen].what
        st.button(
            "Add it",
            icon=":material/add:",
            type="primary",
            key=f"{key}_it",
            on_click=_add,
            args=(given.id, number, key),
        )
        if isinstance(picture, bytes):
            st.image(picture, width=220, alt=titles[chosen])
        st.caption("It is kept on the machine that runs the lab, for you and your teacher.")


def _add(sheet_id: str, number: int, key: str) -> None:
    one = shown().get(str(st.session_state.get(f"{key}_what")))
    if one is None:
        st.session_state[_PROBLEM] = "The page does not show this any more; choose something else."
        return
    try:
        StudentsWork(open_store()).add(sheet_id, number, one.what, caption=one.caption, by=visitor())
    except LabError as error:
        st.session_state[_PROBLEM] = str(error)
