"""What the teacher pins, closes and takes off: each box holds as soon as it is changed."""

from dataclasses import replace

import streamlit as st

from core.data import datasets
from core.recipes import RECIPES
from core.runs import open_store
from core.runs.classroom import CONTROLS, Classroom
from pages._ui.choose.datasets import dataset_title
from pages._ui.classroom.key import act
from pages._ui.classroom.now import the_class
from pages._ui.classroom.rules import can_be_closed
from pages._ui.visitor import visitor

_ALL = "all of them"
_KEYS = {name: f"class_rule_{name}" for name in ("dataset", "recipe", "pages", "controls", "members_only")}


def rules_form() -> None:
    """Show the rules of the class, and change them."""
    held = the_class().rules
    names = ["", *datasets, *([held.dataset] if held.dataset and held.dataset not in datasets else [])]
    for name, key in _KEYS.items():
        st.session_state[key] = list(value) if isinstance(value := getattr(held, name), tuple) else value
    with st.grid(2, min_column_width=260) as grid:
        with grid.cell():
            st.selectbox(
                "Data set that is trained on",
                names,
                format_func=lambda name: dataset_title(name) if name else _ALL,
                key=_KEYS["dataset"],
                on_change=_hold,
            )
        with grid.cell():
            st.selectbox(
                "Recipe",
                ["", *RECIPES],
                format_func=lambda name: name.replace("_", " ") or _ALL,
                key=_KEYS["recipe"],
                on_change=_hold,
            )
        with grid.cell():
            st.multiselect(
                "Pages that are closed",
                can_be_closed(),
                format_func=lambda page: page.replace("-", " ").capitalize(),
                key=_KEYS["pages"],
                on_change=_hold,
                placeholder="none",
            )
        with grid.cell():
            st.multiselect(
                "What is not there",
                list(CONTROLS),
                format_func=lambda name: CONTROLS[name],
                key=_KEYS["controls"],
                on_change=_hold,
                placeholder="nothing",
            )
    st.toggle("Only who has joined can train", key=_KEYS["members_only"], on_change=_hold)


def _hold() -> None:
    said = {name: st.session_state[key] for name, key in _KEYS.items()}
    said = {name: tuple(value) if isinstance(value, list) else value for name, value in said.items()}
    act(lambda: Classroom(open_store()).hold_to(replace(the_class().rules, **said), by=visitor()))
