"""Everybody and every run at one look, followed while the page is open; stop one, stop all, put away."""

import time

import streamlit as st

from core.errors import LabError
from core.rights import shown_name
from core.runs import ensure_supervisor, open_store
from core.runs.classroom import Classroom
from core.runs.classroom.overview import MOST_SHOWN, RunInClass, Standing, runs_in_class, stuck
from core.runs.records import AT_WORK
from core.runs.store.owners import Owners
from pages._ui.classroom.key import act, say_problem
from pages._ui.frame import PAGES, facts, problem
from pages._ui.server.sessions import SESSIONS
from pages._ui.visitor import visitor, visitors_id
from pages.teach._console.board import board
from pages.teach._console.people import people
from pages.teach._console.sending_out import sending_out

EVERY = 2.0  # seconds between two looks
_TITLES = {page: page.replace("-", " ").capitalize() or "Start" for page in PAGES}


@st.fragment(run_every=EVERY)
def overview() -> None:
    """Show who is here and how every run gets on."""
    store = open_store()
    try:
        room, now = Classroom(store), time.time()
        state, members, runs = room.state(), room.members(), runs_in_class(store)
    except LabError as error:
        problem(error)
        return
    still = _standing().look(runs, time.monotonic())
    troubles = {run.id: words for run in runs if (words := stuck(run, still[run.id], now))}
    owners, me = Owners(store), visitors_id()
    everybody = people(
        members,
        [visit for visit in SESSIONS.visits() if visit.owner != me],
        runs,
        troubles,
        titles=_TITLES,
        named=lambda owner: shown_name(owner, owners.nickname(owner)),
        now=now,
    )
    say_problem()
    _figures(runs, len(members), sum(one.here for one in everybody), sum(bool(one.stuck) for one in everybody))
    with st.container(horizontal=True, key="class_acts"):
        live = sum(run.status in ("queued", "running") for run in runs)
        ended = sum(run.status not in (*AT_WORK, "queued") for run in runs)
        st.button(
            "Stop all",
            icon=":material/stop:",
            key="class_stop_all",
            disabled=not live,
            on_click=_stop_all,
            help="Each keeps what it has learned.",
        )
        if stopped := len(room.stopped_together()):
            st.button(f"Let those {stopped} go on", icon=":material/undo:", key="class_go_on", on_click=_go_on)
        st.button(
            "Put ended runs away",
            icon=":material/inventory_2:",
            key="class_clear",
            disabled=not ended,
            on_click=_clear,
            help="From here and the projector; all runs stay in the list on Training.",
        )
        if state.cleared:
            st.button("Bring them back", icon=":material/undo:", key="class_back", on_click=_bring_back)
        sending_out(members)
    board(everybody, runs, troubles, key="class_board", on_stop=_stop)
    if len(runs) == MOST_SHOWN:
        st.caption(f"The first {MOST_SHOWN} runs are shown: those at work, those that wait, then the newest.")


@st.cache_resource(show_spinner=False)
def _standing() -> Standing:
    return Standing()


def _figures(runs: list[RunInClass], joined: int, here: int, unhappy: int) -> None:
    at_work = sum(run.status in AT_WORK for run in runs)
    waiting = sum(run.status == "queued" for run in runs)
    facts(
        [
            ("Here now", str(here), "Browsers that have the lab open, but for yours; up to 15 s late."),
            ("Joined", str(joined), "Who has come into this class by its code."),
            ("At work", str(at_work), "Trainings that run now."),
            ("Waiting", str(waiting), "Trainings in the queue."),
            ("Stuck", str(unhappy), "Students whose run failed, stands still or waits for long, or who have none yet."),
        ]
    )


def _stop(run_id: str) -> None:
    act(lambda: open_store().request_stop(run_id, by=visitor()))


def _stop_all() -> None:
    act(lambda: Classroom(open_store()).stop_all(by=visitor()))


def _go_on() -> None:
    def go_on() -> None:
        try:
            Classroom(open_store()).go_on(by=visitor())
        finally:  # where one cannot, the others do
            ensure_supervisor(open_store())

    act(go_on)


def _clear() -> None:
    act(lambda: Classroom(open_store()).clear(by=visitor()))


def _bring_back() -> None:
    act(lambda: Classroom(open_store()).bring_back(by=visitor()))
