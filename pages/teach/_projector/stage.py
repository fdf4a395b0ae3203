"""What the projector shows: how to join, while the teacher lets people in, and the race."""

import streamlit as st

from core.data import datasets
from core.errors import LabError
from core.runs import open_store
from core.runs.classroom.overview import runs_in_class
from pages._ui.classroom.invitation import invitation
from pages._ui.classroom.now import the_class
from pages._ui.classroom.rules import teaches
from pages._ui.frame import plain, problem
from pages.teach._projector.race import at_start, race

EVERY = 2.0  # seconds between two looks
_SQUARE, _SMALL_SQUARE = 420, 170  # pixels: before the first run, and beside the race
# A page for a wall has no menu; a theme cannot say it.
_ALONE = (
    "<style>[data-testid=stSidebar], [data-testid=stHeader], [data-testid=stSidebarCollapsedControl] "
    "{ display: none; } html { font-size: clamp(16px, 1.2vw, 28px); } "
    "[data-testid=stMainBlockContainer] { padding: 1.5rem 2.5vw; max-width: none; }</style>"
)


def alone() -> None:
    """Show the page without menu and head."""
    st.html(_ALONE)


@st.fragment(run_every=EVERY)
def stage() -> None:
    """Show the code to whoever runs the lab, and the runs of the data set that most train on to everybody."""
    try:
        runs = runs_in_class(open_store())
    except LabError as error:
        problem(error)
        return
    names = [run.dataset for run in runs]
    dataset = max(dict.fromkeys(names), key=names.count, default="")
    state = the_class()
    if state.code is not None and teaches():
        invitation(state.code, width=_SMALL_SQUARE if runs else _SQUARE, key="stage_joining")
    if not runs:
        st.markdown("### No run yet. Who is first?")
        return
    shown = at_start([run for run in runs if run.dataset == dataset])
    others = len(runs) - sum(name == dataset for name in names)
    beside = f" {others} {'run is' if others == 1 else 'runs are'} on other data sets." if others else ""
    st.markdown(
        f"**{plain(datasets.title_of(dataset))}**, accuracy on validation images: epoch by epoch, and the best so far. "
        f"A bar is full when its run is done.{beside}"
    )
    race(shown, key="stage_race")
