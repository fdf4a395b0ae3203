"""The worksheet goes to the teacher, or home: one HTML file that needs nothing of the lab."""

import time

import streamlit as st

from core.runs import open_store
from core.runs.worksheets import Given, HandIns, Worksheets
from pages._ui.choose.take_home import download
from pages._ui.classroom.key import act, say_problem
from pages._ui.frame import plain
from pages._ui.visitor import visitor
from pages._ui.worksheet.now import done_parts, work_of_mine


@st.fragment
def hand_in_row(given: Given) -> None:
    """Show how far the visitor is, hand in, and take home; reruns by itself."""
    work = work_of_mine(given)
    if work is None:
        st.rerun()
    say_problem()
    done, count = len(done_parts(given, work)), len(given.sheet.parts)
    st.markdown(f"## {plain(given.sheet.title)}")
    answered, asked = len(work.answers), sum(1 for _each in given.sheet.questions())
    st.markdown(f"**{done} of {count}** parts done, {answered} of {asked} questions answered.")
    if not given.open:
        st.warning(
            "Your teacher has closed this worksheet: nothing more is written into it or handed in. You can still take "
            "home what you have written.",
            icon=":material/lock:",
        )
    me = visitor()  # here, because the file is asked for by no session
    with st.container(horizontal=True, vertical_alignment="center"):
        st.button(
            "Hand in again" if work.times else "Hand in",
            icon=":material/outbox:",
            type="primary",
            key="worksheet_hand_in",
            disabled=not given.open,
            on_click=_hand_in,
            args=(given.id,),
            help="Your teacher gets everything below as one page. You may hand in again: the latest counts.",
        )
        download(
            "Take it home",
            lambda: HandIns(open_store()).page(given.id, by=me),
            "worksheet.html",
            "text/html",
            key="worksheet_home",
            tip="One file with answers, pictures and runs; it opens without the lab.",
        )
        if work.handed_in is not None:
            at = time.strftime("%H:%M:%S on %d %B", time.localtime(work.handed_in))
            again = f", {work.times} times so far" if work.times > 1 else ""
            st.markdown(f":green[:material/check_circle:] **Handed in** at {at}{again}.", width="content")


def leave_it() -> None:
    """Offer to take the worksheet off the pages."""
    st.button(
        "Leave the worksheet",
        icon=":material/logout:",
        type="tertiary",
        key="worksheet_leave",
        on_click=_leave,
        help="It is no longer shown on the pages, and what it holds you to is off. Its link brings it back, with all "
        "that you have written.",
    )


def _hand_in(sheet_id: str) -> None:
    act(lambda: HandIns(open_store()).hand_in(sheet_id, by=visitor()))


def _leave() -> None:
    act(lambda: Worksheets(open_store()).leave(by=visitor()))
