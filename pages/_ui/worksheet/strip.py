"""The worksheet on a page: which part it is at, what to do here, its questions, and where it goes on."""

from collections.abc import Mapping

import streamlit as st

from core.runs.worksheets import Given, Work
from pages._ui import address
from pages._ui.draw.plain_text import plain
from pages._ui.guidance.line import NO_TIP, ended, step_here
from pages._ui.worksheet import shown
from pages._ui.worksheet.add_picture import add_what_is_shown
from pages._ui.worksheet.now import (
    current,
    done_parts,
    done_when,
    page_is_at,
    page_is_at_none,
    part_name,
    where,
    work_of_mine,
)
from pages._ui.worksheet.questions import questions, recall

_AT = "worksheet_step"
_NOT_ON = ("worksheet", "join", "console", "projector")


def worksheet_strip(pages: Mapping[str, str]) -> bool:
    """Show the part of the visitor's worksheet that the page is at; whether they do one.

    ``pages`` are their files by address.
    """
    page_is_at_none()
    given = current()
    work = work_of_mine(given) if given is not None else None
    if given is None or work is None or address.here() in _NOT_ON:
        shown.begin(None)
        return given is not None
    done = {part_name(number) for number in done_parts(given, work)}
    parts = {part_name(number): part.page for number, part in enumerate(given.sheet.parts, start=1)}
    name = step_here(parts, done, at=_AT)
    if not given.open:
        _closed(pages)
        shown.begin(None)
    elif name is not None:
        _part(given, list(parts).index(name) + 1, work, pages)
    else:
        shown.begin(None)
        _elsewhere(given, list(parts), done, pages)
    return True


def _closed(pages: Mapping[str, str]) -> None:
    with st.container(horizontal=True, vertical_alignment="center", key="worksheet_line"):
        st.markdown(":material/assignment_late: Your teacher has closed the worksheet.", width="content")
        _whole(pages)


def _elsewhere(given: Given, names: list[str], done: set[str], pages: Mapping[str, str]) -> None:
    """Where the page is at no part: which comes next, or that all are done."""
    following = next((name for name in names if name not in done), None)
    with st.container(horizontal=True, vertical_alignment="center", key="worksheet_line"):
        if following is None:
            st.markdown(f":material/assignment: **All {len(names)} parts are done.** Hand it in.", width="content")
        else:
            number = names.index(following) + 1
            title = plain(given.sheet.parts[number - 1].title)
            st.markdown(f":material/assignment: **Part {number} of {len(names)} – {title}**", width="content")
            _link("Go there", given, number, pages)
        _whole(pages)


def _part(given: Given, number: int, work: Work, pages: Mapping[str, str]) -> None:
    page_is_at(given, number, work)
    shown.begin(address.here())
    part, count = given.sheet.parts[number - 1], len(given.sheet.parts)
    tick = ":green[:material/check_circle: **done**] " if work.is_done(number, given) else ""
    label = f"{tick}**Part {number} of {count} – {ended(plain(part.title))}** {plain(part.task)}"
    key = f"worksheet_{given.id}_{number}"
    with st.expander(label, icon=":material/assignment:", expanded=True, key=key):
        _inside(given, number, bool(tick))
        with st.container(horizontal=True, vertical_alignment="center"):
            _whole(pages)
            if number < count:
                _link("Next part", given, number + 1, pages)


@st.fragment
def _inside(given: Given, number: int, was_done: bool) -> None:
    """The questions and what was added; reruns by itself, so that to write changes nothing else on the page."""
    work = work_of_mine(given)
    if work is None or work.is_done(number, given) != was_done:
        st.rerun()
    if waits := done_when(given, number, work):
        st.caption(f":material/touch_app: {waits}")
    recall(given, number, work)
    questions(given, number, work)
    add_what_is_shown(given, number, work)


def _whole(pages: Mapping[str, str]) -> None:
    st.page_link(pages["worksheet"], label="Your worksheet", icon=":material/assignment:", help=NO_TIP)


def _link(label: str, given: Given, number: int, pages: Mapping[str, str]) -> None:
    page = pages.get(given.sheet.parts[number - 1].page, pages[""])
    st.page_link(page, label=label, icon=":material/arrow_forward:", help=NO_TIP, query_params=where(given, number))
