"""An experiment for the wall: its chart as its points come, and what differs so far."""

import streamlit as st

from core.errors import LabError
from core.home import home
from core.runs import open_store
from core.runs.experiments import kept
from core.runs.experiments.plan import Experiment
from core.runs.experiments.results import found, progress_words
from pages._ui import address
from pages._ui.choose.shown import refused
from pages._ui.choose.told_apart import told_apart
from pages._ui.experiments.chart import draw
from pages._ui.experiments.figures import figure_of
from pages._ui.frame import plain, problem
from pages._ui.state import EXPERIMENT

EVERY = 4.0  # seconds between two looks
_RACE = "The race"
_CHOICE = "on_the_wall"
_HEIGHT, _TEXT = 560, 22  # pixels


def experiment_on_the_wall() -> Experiment | None:
    """Return the experiment that the address names; None for the race."""
    wanted = address.read(EXPERIMENT)
    shown = {one.id: one for one in kept.kept(home())}.get(wanted or "")
    if wanted is not None and shown is None:
        refused(EXPERIMENT, wanted)
    return shown


def choose_what_is_shown(shown: Experiment | None) -> None:
    """Offer the race and every experiment; nothing where there is no experiment."""
    titles = told_apart({one.id: one.name for one in kept.kept(home())})
    if not titles:
        return
    st.session_state[_CHOICE] = shown.id if shown is not None else ""
    st.selectbox(
        "Shown here",
        ["", *titles],
        format_func=lambda one: titles.get(one, _RACE),
        key=_CHOICE,
        width=360,
        on_change=lambda: address.write(EXPERIMENT, st.session_state[_CHOICE] or None),
    )


@st.fragment(run_every=EVERY)
def experiment_stage(experiment: Experiment) -> None:
    """Show what the experiment has found so far."""
    if not kept.is_there(home(), experiment.id):
        st.rerun()  # deleted meanwhile, which the page says
    try:
        points = kept.points(open_store(), experiment)
        arms, contrasts = found(experiment, points, figure_of)
    except LabError as error:
        problem(error)
        return
    st.markdown(f"### {plain(experiment.name)}: {plain(progress_words(points, arms))}")
    draw(experiment, arms, height=_HEIGHT, text=_TEXT)
    for contrast in contrasts:
        st.markdown(f"- {plain(contrast.sentence)}")
