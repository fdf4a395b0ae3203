"""What can be done with a run: stop, resume, rename, note, delete. Each acts in a callback, before drawing."""

from collections.abc import Callable

import streamlit as st

from core.errors import LabError
from core.runs import ensure_supervisor, open_store
from core.runs.records import AT_WORK, NAME_LENGTH, NOTE_LENGTH, Run
from pages._ui import address, state
from pages._ui.frame import plain
from pages._ui.visitor import visitor, whose


def controls(run: Run) -> None:
    """Show the buttons that fit the run's state, to those who may press them."""
    _say_problem(run.id)
    if not visitor().may_change(run.owner):
        return
    with st.container(horizontal=True, key=f"controls_{run.id}"):
        if run.status in ("queued", "running"):
            explained = "It keeps what it has learned, and Resume goes on from there."
            _act(run, "Stop", "stop", "stop", _stop, explained)
        elif run.status == "stopping":
            st.button("Stopping …", icon=":material/stop:", disabled=True, key=f"stopping_{run.id}")
        elif run.resumable:
            _act(run, "Resume", "resume", "play_arrow", _resume, "It goes on from its last saved state.")
        with st.popover("Name and note", icon=":material/edit:", width="content"):
            _rename(run)
        with st.popover("Delete", icon=":material/delete:", width="content", disabled=run.status in AT_WORK):
            _delete(run)


def _act(run: Run, label: str, name: str, icon: str, act: Callable[[str], None], explained: str) -> None:
    st.button(
        label,
        icon=f":material/{icon}:",
        type="primary",
        key=f"{name}_{run.id}",
        on_click=act,
        args=(run.id,),
        help=explained,
    )


def _rename(run: Run) -> None:
    with st.form(f"rename_{run.id}", border=False):
        st.text_input("Name", run.name, max_chars=NAME_LENGTH, key=f"name_{run.id}")
        st.text_area(
            "Note", run.note, max_chars=NOTE_LENGTH, key=f"note_{run.id}", placeholder="What was tried, and why"
        )
        st.form_submit_button("Save", on_click=_save_words, args=(run.id,), icon=":material/save:")


def _delete(run: Run) -> None:
    st.markdown(
        f"This deletes {plain(whose(run))}, **{plain(run.name)}**, with its curves and its trained network. "
        "There is no way back."
    )
    st.button(
        "Delete for good", icon=":material/delete_forever:", key=f"delete_{run.id}", on_click=delete_run, args=(run.id,)
    )


def _stop(run_id: str) -> None:
    _try(run_id, lambda: open_store().request_stop(run_id, by=visitor()))


def _resume(run_id: str) -> None:
    def resume() -> None:
        open_store().resume(run_id, by=visitor())
        ensure_supervisor(open_store())

    _try(run_id, resume)


def _save_words(run_id: str) -> None:
    name, note = st.session_state[f"name_{run_id}"], st.session_state[f"note_{run_id}"]
    store, by = open_store(), visitor()
    _try(run_id, lambda: (store.rename(run_id, name, by=by), store.note(run_id, note, by=by)))


def delete_run(run_id: str) -> None:
    """Delete a run for good; what is shown afterwards is the list of the others."""
    if _try(run_id, lambda: open_store().delete(run_id, by=visitor())):
        address.write(state.RUN, None)
        st.session_state[state.TRAINING_OPEN] = state.ALL_RUNS


def _try(run_id: str, act: Callable[[], object]) -> bool:
    """Do it; where that fails, keep the sentence for the page to show."""
    try:
        act()
    except LabError as error:
        st.session_state[state.TRAINING_PROBLEM] = (run_id, str(error))
        return False
    st.session_state.pop(state.TRAINING_PROBLEM, None)
    return True


def _say_problem(run_id: str) -> None:
    kept = st.session_state.get(state.TRAINING_PROBLEM)
    if kept is not None and kept[0] == run_id:
        st.error(plain(kept[1]), icon=":material/error:")
