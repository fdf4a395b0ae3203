"""Every run of this lab in one table that sorts and filters in the browser; choosing a row shows the run."""

import time
from collections.abc import Sequence
from dataclasses import replace

import streamlit as st

from core.errors import LabError
from core.runs import open_store
from core.runs.records import AT_WORK, WAITING
from core.runs.store.listed import ListedRun, last_change, listed
from pages._ui import address, state
from pages._ui.at_rest import AT_REST
from pages._ui.frame import empty_state, look_for, problem
from pages._ui.run_table.rows import Row, read_on, run_rows
from pages._ui.run_table.table import OF_RUNS, Group, follow_rows, run_table
from pages._ui.visitor import visitors_id
from pages.train._training.lesson.bet import awaited

TICK = 2.0  # seconds between two looks while a run is at work
AT_ONCE = 0.5  # seconds to the next look while there is more to be read


def show_list(*, shown: str | None) -> None:
    """Show the table of runs, newest first; it follows those that are at work."""
    store = open_store()
    try:
        change = last_change(store)
        runs = listed(store)
    except LabError as error:
        problem(error)
        return
    if not runs:
        empty_state("No run yet. Choose a data set and a network under Set up; the built-in digits are quickest.")
        return
    rows, unread = run_rows(runs)
    you = visitors_id()
    run_table(
        [Group(title="", rows=[_before_the_bet(run, row) for run, row in zip(runs, rows, strict=True)])],
        columns=OF_RUNS,
        you=you,
        key=state.RUN_TABLE,
        alt="All runs",
        chosen=[shown] if shown else [],
        on_choose=_open,
    )
    look_for("A click on a row opens that run, a click on a heading sorts. Which network is right for the least time?")
    drawn = time.monotonic()
    live = any(run.status in (*WAITING, *AT_WORK) for run in runs)

    @st.fragment(run_every=AT_ONCE if unread else TICK if live else AT_REST)
    def follow() -> None:
        left = unread
        if unread and time.monotonic() - drawn > AT_ONCE / 2:  # the page itself has just read
            left = read_on(runs)
        if last_change(store) != change or (unread and not left):
            st.rerun()  # all rows are sent again: once, when the last one has been read, and not with each look
        if left:
            st.caption(f"The accuracies of {left:,} older runs are being read; they appear by themselves.")
        follow_rows(run_rows(listed(store, at_work=True))[0], you=you, table=state.RUN_TABLE)

    follow()


def _before_the_bet(run: ListedRun, row: Row) -> Row:
    """The row of a run without what its owner may still bet on."""
    if row.accuracy is None or run.status != "finished" or not awaited(run.id, owner=run.owner, ended=run.kept):
        return row
    return replace(row, state="place your bet", accuracy=None, interval=None, images=None)


def _open(chosen: Sequence[str]) -> None:
    if chosen:
        address.write(state.RUN, chosen[0])
        st.session_state[state.TRAINING_OPEN] = state.WATCH
