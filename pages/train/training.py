"""Train · Training: set a training up, watch it learn, find it again."""

import streamlit as st

from core.errors import LabError
from core.runs import ensure_supervisor, open_store
from pages._ui import address, state
from pages._ui.choose.nickname import choose_nickname
from pages._ui.frame import empty_state, header, problem
from pages.train._training import in_address
from pages.train._training.run_list import show_list
from pages.train._training.run_view import show_run
from pages.train._training.submit import set_up

header("Training", "Choose images and a network, press Train, and watch it learn, step by step.", icon="model_training")

shown = address.read(state.RUN)
choose_nickname()
try:
    # Not only for runs that wait, after a restart of the machine: while the student sets a training up, the supervisor
    # has time to warm the parent of workers, and the first step comes some six seconds sooner.
    ensure_supervisor(open_store())
except LabError as error:
    problem(error)

if address.is_back_or_forward():
    st.session_state[state.TRAINING_OPEN] = state.WATCH if shown else state.SET_UP
in_address.take()
if state.TRAINING_OPEN in st.session_state:
    st.session_state[state.TRAINING_VIEW] = st.session_state.pop(state.TRAINING_OPEN)
views = st.tabs(
    [state.SET_UP, state.WATCH, state.ALL_RUNS],
    default=state.WATCH if shown else state.SET_UP,
    key=state.TRAINING_VIEW,
    on_change="rerun",
)
if views[0].open:
    with views[0]:
        set_up()
else:
    in_address.leave()
if views[1].open:
    with views[1]:
        if shown is None:
            empty_state("No run is shown. Set one up, or choose one under All runs.")
        else:
            show_run(shown)
if views[2].open:
    with views[2]:
        show_list(shown=shown)
