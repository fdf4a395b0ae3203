"""Going on from the best epoch of a run with one thing changed."""

from dataclasses import replace

import streamlit as st

from core.checkpoints.beginnings import beginning
from core.errors import LabError
from core.recipes import check_trainable
from core.runs.records import Run
from pages._ui import cached
from pages._ui.classroom.rules import hides
from pages.train._training.settings_table import set_up_with


def go_on_from(run: Run) -> None:
    """Offer to train on from the best network of a run that has ended; not where nothing can be changed."""
    if hides("settings"):
        return
    try:
        checkpoint = cached.checkpoint(run.id)
        going_on = replace(run.config, begins_from=beginning(checkpoint, run.id))
        check_trainable(going_on)
    except LabError:  # it cannot be read, or has come from a lab with other networks
        return
    st.button(
        f"Go on from epoch {checkpoint.card.epoch} with one thing changed",
        icon=":material/fork_right:",
        key=f"fork_{run.id}",
        on_click=set_up_with,
        args=(going_on,),
        help="Opens Set up: the new run begins with the weights of that epoch, the best one.",
    )
