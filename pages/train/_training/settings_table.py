"""All settings of a run, what differs from its recipe, and how to train it again."""

import dataclasses
from collections.abc import Mapping

import streamlit as st

from core.config import AugmentationStep, TrainingConfig
from core.errors import LabError
from core.recipes import recipe_config, shell_command
from core.recipes.changes import changes, recipe_of
from core.runs.records import Run
from pages._ui import state
from pages._ui.frame import plain
from pages.train._training.form import chain_words, fill_form


def settings_table(run: Run) -> None:
    """Show every setting of ``run`` beside its recipe's, the command that repeats it, and the ways to go on from it."""
    with st.expander("Settings", icon=":material/tune:"):
        changed = {change.name: value_words(change.recipe) for change in changes(run.config)}
        rows = [
            {
                "Setting": setting_words(name),
                "Value": value_words(value),
                "The recipe has": f"← {changed[name]}" if name in changed else "",
            }
            for name, value in _values(run.config).items()
        ]
        rows.sort(key=lambda row: not row["The recipe has"])  # what differs comes first
        st.dataframe(rows, hide_index=True, alt="Every setting of this run")
        with st.container(horizontal=True):
            st.button(
                "Train again with one thing changed",
                icon=":material/edit:",
                key=f"again_{run.id}",
                on_click=_set_up,
                args=(run.config,),
                help="Opens Set up with these settings.",
            )
            base = recipe_of(run.config)
            if base is not None and changed:
                st.button(
                    "Back to the recipe", icon=":material/undo:", key=f"recipe_{run.id}", on_click=_set_up, args=(base,)
                )
        try:
            st.code(shell_command(run.config), language="bash", wrap_lines=True)
        except LabError as error:
            st.caption(plain(str(error)))


def changed_words(config: TrainingConfig) -> str:
    """Return what differs from the recipe: "learning rate 1 (0.05), epochs 3 (20)"; "" where nothing does."""
    return ", ".join(
        f"{setting_words(change.name)} {value_words(change.value)} ({value_words(change.recipe)})"
        for change in changes(config)
    )


def setting_words(name: str) -> str:
    """Return a setting's name as people read it."""
    return {"limit": "training images", "gamma": "step factor γ", "start_size": "images grow from"}.get(
        name, name.replace("_", " ")
    )


def value_words(value: object) -> str:
    """Return a setting's value as people read it."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:g}"
    if isinstance(value, tuple):
        if value and isinstance(value[0], AugmentationStep):
            return chain_words(value).removesuffix(".")
        return ", ".join(str(part).replace("_", " ") for part in value) or "none"
    return "all" if value is None else str(value).replace("_", " ")


def _values(config: TrainingConfig) -> Mapping[str, object]:
    fields = {field.name: getattr(config, field.name) for field in dataclasses.fields(config)}
    return {name: value for name, value in fields.items() if name != "model_arguments"} | dict(config.model_arguments)


def _set_up(config: TrainingConfig) -> None:
    state.propose_training(config.dataset, config.model, config.recipe)
    fill_form(config, recipe_config(config.recipe, dataset=config.dataset, model=config.model))
