"""The test accuracies of an experiment's runs, which are read once."""

from typing import TYPE_CHECKING

import streamlit as st

from core.judging.claims import tested
from core.runs.records import Run

if TYPE_CHECKING:
    from core.checkpoints import Metrics


def figure_of(run: Run) -> "Metrics | None":
    """Return the test accuracy of a finished run, with its interval; None where it has none."""
    return _tested(run.id, run.ended)


@st.cache_data(max_entries=2_000, show_spinner=False)
def _tested(run_id: str, ended: float | None) -> "Metrics | None":
    return tested(run_id)
