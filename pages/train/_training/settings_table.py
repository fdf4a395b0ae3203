"""All settings of a run, what differs from its recipe, and how to train it again."""

from dataclasses import replace

import streamlit as st

from core.config import TrainingConfig
from core.data import changing_name
from core.errors import LabError
from core.recipes import recipe_config, shell_command
from core.recipes.changes import changes, recipe_of
from core.recipes.words import settings_beside_the_recipe
from core.runs.records import Run
from pages._ui import state
from pages._ui.choose.checkpoints import with_names
from pages._ui.classroom.rules import hides
from pages._ui.frame import plain
from pages.train._training.form import fill_form


def settings_table(run: Run) -> None:
    """Show every setting of ``run`` beside its recipe's, the command that repeats it, and the ways to go on from it."""
    with st.expander("Settings", icon=":material/tune:"):
        beside = settings_beside_the_recipe(run.config)
        rows = [
            {"Setting": name, "Value": with_names(value, run.config), "The recipe has": f"← {recipe}" if recipe else ""}
            for name, value, recipe in beside
        ]
        st.dataframe(rows, hide_index=True, alt="Every setting of this run")
        if not hides("settings"):
            _ways_on(run)
        try:
            st.code(shell_command(run.config), language="bash", wrap_lines=True)
        except LabError as error:
            st.caption(plain(str(error)))


def _ways_on(run: Run) -> None:
    with st.container(horizontal=True):
        st.button(
            "Train again with one thing changed",
            icon=":material/edit:",
            key=f"again_{run.id}",
            on_click=set_up_with,
            args=(run.config,),
            help="Opens Set up with these settings.",
        )
        base = recipe_of(run.config)
        if base is not None and changes(run.config):
            st.button(
                "Back to the recipe",
                icon=":material/undo:",
                key=f"recipe_{run.id}",
                on_click=set_up_with,
                args=(base,),
            )


def set_up_with(config: TrainingConfig) -> None:
    """Open the form, when it is next drawn, with every field as ``config`` has it."""
    config = replace(config, dataset=changing_name(config.dataset))
    try:
        base = recipe_config(config.recipe, dataset=config.dataset, model=config.model)
    except LabError:  # its own set is gone; the page says so, and offers the others
        return
    state.propose_training(config.dataset, config.model, config.recipe)
    fill_form(config, base)
