"""Everything on one page: each part with its questions, what was added to it, and what was trained meanwhile."""

import streamlit as st

from core.intervals import percent
from core.runs import open_store
from core.runs.worksheets import Given, KeptPicture, StudentsWork, Work
from core.runs.worksheets.pictures import Curves, Figures
from core.runs.worksheets.written import MOST_RUNS
from pages._ui import state
from pages._ui.classroom.key import act, say_problem
from pages._ui.classroom.rules import closed_pages
from pages._ui.draw.line_chart import Line, line_chart
from pages._ui.frame import PAGES, plain, section
from pages._ui.guidance.line import NO_TIP
from pages._ui.run_words import badge
from pages._ui.visitor import visitor, visitors_id
from pages._ui.worksheet.now import done_when, where, work_of_mine
from pages._ui.worksheet.questions import questions


def parts(given: Given, work: Work) -> None:
    """Show every part in its order."""
    for number in range(1, len(given.sheet.parts) + 1):
        _part(given, number, work.is_done(number, given))


@st.fragment
def _part(given: Given, number: int, was_done: bool) -> None:
    """One part; reruns by itself, so that to write draws nothing else anew."""
    work = work_of_mine(given, bytes_of=[number])
    if work is None or work.is_done(number, given) != was_done:
        st.rerun()
    part = given.sheet.parts[number - 1]
    tick = ":green[:material/check_circle:] " if was_done else ""
    with st.container(border=True, key=f"worksheet_part_{number}"):
        st.markdown(f"### {tick}{number}. {plain(part.title)}")
        st.markdown(plain(part.task))
        if part.page in closed_pages():
            st.caption("Your teacher has closed its page for now.")
        else:
            page = PAGES.get(part.page, PAGES[""])
            st.page_link(
                page, label="Go there", icon=":material/arrow_forward:", help=NO_TIP, query_params=where(given, number)
            )
        if waits := done_when(given, number, work):
            st.caption(f":material/touch_app: {waits}")
        questions(given, number, work)
        say_problem()
        _pictures(given, [kept for kept in work.pictures if kept.part == number])


def _pictures(given: Given, kept: list[KeptPicture]) -> None:
    if not kept:
        return
    with st.grid(3, min_column_width=240) as grid:
        for each in kept:
            with grid.cell(), st.container(border=True):
                _picture(each)
                st.button(
                    "Take it out",
                    icon=":material/delete:",
                    type="tertiary",
                    key=f"worksheet_out_{each.id}",
                    disabled=not given.open,
                    on_click=_take_out,
                    args=(given.id, each.id),
                )


def _picture(kept: KeptPicture) -> None:
    drawn = kept.drawn
    if isinstance(drawn, Curves):
        line_chart(
            [Line(name=line.name, x=line.x, y=line.y, colour=place) for place, line in enumerate(drawn.lines)],
            key=f"worksheet_curves_{kept.id}",
            title=drawn.title,
            alt=kept.caption,
            x_label=drawn.x_name,
            x_name=drawn.x_name,
            x_kind="number",
            y_kind="percent" if drawn.shares else "number",
            height=180,
        )
    elif isinstance(drawn, Figures):
        st.markdown("\n".join(f"- {plain(name)}: {plain(words)}" for name, words in drawn.rows))
    elif kept.kind in ("png", "jpeg"):
        st.image(kept.data, alt=kept.caption)
    st.caption(plain(kept.caption))


def trained_meanwhile(work: Work) -> None:
    """List the runs that go along: those that were started since the worksheet was begun."""
    runs = open_store().list(visitors_id(), which=lambda run: run.id in work.runs, at_most=MOST_RUNS)
    if not runs:
        return
    of_all = "Your" if len(work.runs) <= MOST_RUNS else f"The newest {MOST_RUNS} of your {len(work.runs)}"
    section("Trained meanwhile", f"{of_all} runs since you began go along, with their curves.")
    for run in reversed(runs):
        best = "" if run.best_validation is None else f", best validation {percent(run.best_validation, 1)}"
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown(f"**{plain(run.name)}** {badge(run)}{best}", width="content")
            st.page_link(
                PAGES["training"],
                label="Open",
                icon=":material/arrow_forward:",
                help=NO_TIP,
                query_params={state.RUN: run.id},
            )


def _take_out(sheet_id: str, picture_id: str) -> None:
    act(lambda: StudentsWork(open_store()).take_out(sheet_id, picture_id, by=visitor()))
