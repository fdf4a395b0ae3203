"""Broken on purpose: what can be made to fail before it runs, and what happened when it has."""

import math
from collections.abc import Sequence
from contextlib import suppress

import streamlit as st

from core.config import SLIPS, TrainingConfig
from core.data import datasets
from core.errors import LabError
from core.events import EpochDone
from core.intervals import percent
from core.recipes.broken import breakable, broken
from core.runs.records import Run
from pages._ui.frame import plain
from pages.train._training.lesson.slips import TITLES, explain
from pages.train._training.settings_table import set_up_with


def break_it(config: TrainingConfig) -> None:
    """Offer every way in which ``config`` can be made to fail; what is chosen fills the form."""
    fold = st.expander("Break it on purpose", icon=":material/heart_broken:", key="break_it", on_change="rerun")
    if not fold.open:
        return
    with fold:
        slip = st.selectbox("What fails", breakable(config), format_func=lambda name: TITLES[name], key="break_how")
        explain(slip)
        st.button(
            "Set it up broken", icon=":material/heart_broken:", key="break_now", on_click=_set_up, args=(config, slip)
        )


def _set_up(config: TrainingConfig, slip: str) -> None:
    with suppress(LabError):  # its own set has gone; the page says so
        set_up_with(broken(config, slip))


def what_happened(run: Run, epochs: Sequence[EpochDone]) -> None:
    """Say of a run that was broken on purpose, and has ended, what came of each thing that was broken."""
    for slip in run.config.slips if run.config.dataset in datasets else ():
        st.markdown(f":material/report: **{TITLES[slip]}.** {plain(_came_of(slip, run, epochs))}")


def _came_of(slip: str, run: Run, epochs: Sequence[EpochDone]) -> str:
    chance = 1 / len(datasets[run.config.dataset].classes)
    if slip == "rate_too_high" and run.status == "diverged":
        return f"At a rate of {run.config.learning_rate:g} the loss was no longer a number after step {run.step:,}."
    if not epochs:
        return f"{SLIPS[slip]} It ended before an epoch was over."
    last, best = epochs[-1], max(epoch.val_accuracy for epoch in epochs)
    figures = f"training {percent(last.train_accuracy, 1)}, validation {percent(last.val_accuracy, 1)}"
    if slip == "shuffled_labels":
        return f"In the last epoch {figures}, and guessing gives {percent(chance, 1)}: what it learned helps nobody."
    if slip == "rate_too_high":
        return (
            f"At a rate of {run.config.learning_rate:g} the training loss ended at {last.train_loss:.2f} nats, and "
            f"guessing costs {math.log(1 / chance):.2f}; the best validation accuracy was {percent(best, 1)}."
        )
    if slip == "no_relu":
        return f"In the last epoch {figures}: one matrix can do no more. Train the same layers with ReLU beside it."
    if slip == "validation_from_training":
        return f"In the last epoch {figures}, on images it had learned from. Only the test accuracy can be believed."
    return f"In the last epoch {figures}. Train the same without it, and Compare says what it cost."
