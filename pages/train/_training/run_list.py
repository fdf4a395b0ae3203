"""Every run of this lab in one table, with search; choosing a row shows the run."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import streamlit as st

from core.config import TrainingConfig
from core.data.catalogue import datasets
from core.errors import LabError
from core.judging.claims import tested
from core.models import models
from core.recipes.words import changed_words
from core.runs import open_store
from core.runs.records import AT_WORK, WAITING, Run
from pages._ui import address, state
from pages._ui.frame import empty_state, look_for, plain, problem
from pages._ui.run_words import place, state_word, took
from pages._ui.visitor import visitor, who_owns

AT_MOST = 200  # rows of the table
NEWEST_FIRST = ("", False, 0)
TICK = 2.0  # seconds between two looks while a run is at work
_SHOWN_AS = {
    "Best validation": st.column_config.NumberColumn(format="percent"),
    "Test accuracy": st.column_config.NumberColumn(format="percent"),
    "Queued": st.column_config.DatetimeColumn(format="distance"),
    "Time": st.column_config.NumberColumn(format="compact"),
}


def show_list(*, shown: str | None) -> None:
    """Show the table of runs, newest first; it follows those that are at work."""
    try:
        live = open_store().count(statuses=(*WAITING, *AT_WORK)) > 0
    except LabError as error:
        problem(error)
        return
    with st.container(horizontal=True, vertical_alignment="bottom"):
        words = st.text_input(
            "Search", key=state.RUN_SEARCH, placeholder="name, owner, data set, network, note", persist_state="session"
        )
        mine = st.toggle("Only mine", key=state.RUN_MINE, persist_state="session")

    @st.fragment(run_every=TICK if live else None)
    def follow() -> None:
        if state.TRAINING_OPEN in st.session_state:
            st.rerun()  # the choice was made inside this fragment; the tabs are outside it
        whose = visitor().owner if mine else None
        count = open_store().count(whose)
        if not count:
            empty_state("No run yet. Choose a data set and a network under Set up; the built-in digits are quickest.")
            return
        listed = f"{whose} {words}"
        if st.session_state.get(state.RUNS_PASSED, (listed, 0))[0] != listed:
            del st.session_state[state.RUNS_PASSED]  # another search begins with the newest again
        passed = st.session_state.get(state.RUNS_PASSED, (listed, 0))[1]
        one_more = AT_MOST + 1  # than is shown: whether there are older ones
        found = open_store().list(whose, which=lambda run: matches(run, words), after=passed, at_most=one_more)
        if not found and not passed:
            empty_state(f"None of {count:,} runs has '{plain(words)}' in its name, owner, data set, network or note.")
            return
        _table(found[:AT_MOST], shown)
        _pages(listed, passed, len(found), count)
        look_for(f"A click on a row opens that run. {_sorting()}")

    follow()


def _pages(listed: str, passed: int, found: int, count: int) -> None:
    """Say which runs of how many the table shows, and lead to the others; nothing where it shows all."""
    if not passed and found <= AT_MOST:
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        st.caption(f"{passed + 1:,} to {passed + min(found, AT_MOST):,}, newest first, of {count:,} runs in all.")
        for label, icon, to, there in (
            ("Newer", "arrow_back", passed - AT_MOST, passed > 0),
            ("Older", "arrow_forward", passed + AT_MOST, found > AT_MOST),
        ):
            st.button(
                label,
                icon=f":material/{icon}:",
                key=f"runs_{label}",
                disabled=not there,
                on_click=st.session_state.__setitem__,
                args=(state.RUNS_PASSED, (listed, max(0, to))),
            )


def matches(run: Run, words: str) -> bool:
    """Return whether every word of a search is somewhere in what the list says of a run."""
    text = " ".join(
        (
            run.name,
            who_owns(run),
            run.owner_name,
            run.note,
            run.config.dataset,
            run.config.model,
            run.config.recipe,
            state_word(run),
            run.id,
        )
    ).casefold()
    return all(word in text for word in words.casefold().split())


def _table(runs: Sequence[Run], shown: str | None) -> None:
    by, down, _clicks = st.session_state.get(state.RUNS_SORTED, NEWEST_FIRST)
    rows = [(run.id, _row(run)) for run in runs]
    if by:
        rows = in_order(rows, by, down=down)
    ids = [run_id for run_id, _cells in rows]
    st.session_state[state.LISTED_RUNS] = ids
    selected = [ids.index(shown)] if shown in ids else []
    st.dataframe(
        [cells for _run_id, cells in rows],
        hide_index=True,
        key=_table_key(),
        on_select=_choose,
        selection_mode=["single-row", "single-cell", "single-column"],  # a browser that sorts would choose a cell
        selection_default={"selection": {"rows": selected}},
        column_config=_SHOWN_AS,  # numbers and times stay what they are, so that a heading sorts by them
        alt=f"{len(runs)} runs. {_sorting()}",
    )


def _row(run: Run) -> dict[str, object]:
    verdict = _verdict(run.id, run.ended) if run.status == "finished" else None
    seconds = took(run)
    return {
        "Name": run.name,
        "State": state_word(run) + (f", {place(run.position)}" if run.position else ""),
        "Best validation": run.best_validation,
        "Test accuracy": verdict[0] if verdict else None,
        "95 % interval": f"{verdict[1] * 100:.1f} to {verdict[2] * 100:.1f} %" if verdict else "",
        "Epochs": run.epochs_done,
        "Planned": run.config.epochs,
        "Changed (the recipe's)": _changed(run.id, run.config),
        "Owner": who_owns(run),
        "Data set": datasets[run.config.dataset].title if run.config.dataset in datasets else run.config.dataset,
        "Network": models[run.config.model].title if run.config.model in models else run.config.model,
        "Recipe": run.config.recipe.replace("_", " "),
        "Queued": datetime.fromtimestamp(run.created, UTC),
        "Time": None if seconds is None else timedelta(seconds=round(seconds)),
        "Note": run.note,
    }


@st.cache_data(max_entries=1_000, show_spinner=False)
def _changed(run_id: str, _config: TrainingConfig) -> str:
    return changed_words(_config)


@st.cache_data(max_entries=1_000, show_spinner=False)
def _verdict(run_id: str, ended: float | None) -> tuple[float, float, float] | None:
    """Test accuracy and its interval; None where there is none, or it is on images that may have been seen."""
    metrics = tested(run_id)
    return (metrics.test_accuracy, *metrics.test_ci95) if metrics else None


def in_order(rows: list[tuple[str, dict[str, object]]], by: str, *, down: bool) -> list[tuple[str, dict[str, object]]]:
    """Return the rows sorted by a column; what has nothing there comes last, either way."""
    known = [row for row in rows if row[1][by] not in (None, "")]
    known.sort(key=lambda row: _comparable(row[1][by]), reverse=down)
    return known + [row for row in rows if row[1][by] in (None, "")]


def _comparable(value: Any) -> Any:
    return value.casefold() if isinstance(value, str) else value


def _sorting() -> str:
    """How the table is sorted now, and how to change that."""
    by, down, _clicks = st.session_state.get(state.RUNS_SORTED, NEWEST_FIRST)
    if not by:
        return "Newest first; a click on a heading sorts."
    return (
        f"Sorted by {by}, falling; another click on it shows the newest first."
        if down
        else (f"Sorted by {by}, rising; another click on it turns the order round.")
    )


def _table_key() -> str:
    """Another one after each heading: what was chosen before is no choice in the new order."""
    return f"{state.RUN_TABLE}_{st.session_state.get(state.RUNS_SORTED, NEWEST_FIRST)[2]}"


def _sort(by: str) -> None:
    """Upwards, then downwards, then the newest first again."""
    before, down, clicks = st.session_state.get(state.RUNS_SORTED, NEWEST_FIRST)
    again = before == by
    st.session_state[state.RUNS_SORTED] = ("" if again and down else by, again and not down, clicks + 1)


def _choose() -> None:
    if _table_key() not in st.session_state:  # a click that came as the page was left
        return
    selection = st.session_state[_table_key()].selection
    if selection.columns:
        _sort(selection.columns[0])
        return
    rows = [row for row, _column in selection.cells] or selection.rows  # a click anywhere on a row
    ids = st.session_state.get(state.LISTED_RUNS, [])
    if rows and rows[0] < len(ids):
        address.write(state.RUN, ids[rows[0]])
        st.session_state[state.TRAINING_OPEN] = state.WATCH
