"""What the teacher pins, closes and takes off: each box holds as soon as it is changed."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import streamlit as st

from core.data import datasets
from core.recipes import RECIPES
from core.runs import open_store
from core.runs.classroom import CONTROLS, Classroom, Rules
from pages._ui.choose.datasets import dataset_titles
from pages._ui.classroom.key import act
from pages._ui.classroom.now import the_class
from pages._ui.classroom.rules import can_be_closed
from pages._ui.frame import plain
from pages._ui.visitor import visitor

_ALL = "all of them"
_KEYS = {name: f"class_rule_{name}" for name in ("dataset", "recipe", "pages", "controls", "members_only")}


def rules_form() -> None:
    """Show the rules of the class, and change them."""
    held = the_class().rules
    there: dict[str, list[str]] = {
        "dataset": ["", *datasets],
        "recipe": ["", *RECIPES],
        "pages": can_be_closed(),
        "controls": list(CONTROLS),
    }
    _say_what_is_gone(held, there)
    for name, key in _KEYS.items():
        value = getattr(held, name)
        st.session_state[key] = [one for one in value if one in there[name]] if isinstance(value, tuple) else value
    titles = dataset_titles(name for name in _with(held.dataset, there["dataset"]) if name)
    with st.grid(2, min_column_width=260) as grid:
        with grid.cell():
            st.selectbox(
                "Data set that is trained on",
                ["", *titles],
                format_func=lambda name: titles.get(name, _ALL),
                key=_KEYS["dataset"],
                on_change=_hold,
            )
        with grid.cell():
            st.selectbox(
                "Recipe",
                _with(held.recipe, there["recipe"]),
                format_func=lambda name: name.replace("_", " ") or _ALL,
                key=_KEYS["recipe"],
                on_change=_hold,
            )
        with grid.cell():
            st.multiselect(
                "Pages that are closed",
                there["pages"],
                format_func=lambda page: page.replace("-", " ").capitalize(),
                key=_KEYS["pages"],
                on_change=_hold,
                placeholder="none",
            )
        with grid.cell():
            st.multiselect(
                "What is not there",
                there["controls"],
                format_func=lambda name: CONTROLS[name],
                key=_KEYS["controls"],
                on_change=_hold,
                placeholder="nothing",
            )
    st.toggle("Only who has joined can train", key=_KEYS["members_only"], on_change=_hold)


def _with(pinned: str, there: list[str]) -> list[str]:
    """What can be chosen: what is there, and what is pinned, also where that is gone."""
    return there if pinned in there else [*there, pinned]


def _say_what_is_gone(held: Rules, there: Mapping[str, Sequence[str]]) -> None:
    """Say which of the rules are about something that was deleted since, or that this version of the lab has not."""
    for name, what in (("dataset", "data set"), ("recipe", "recipe")):
        if (pinned := getattr(held, name)) not in there[name]:
            st.warning(
                f"The {what} **{plain(pinned)}** is pinned and no longer there, so nobody can train. Choose another.",
                icon=":material/warning:",
            )
    if gone := [one for name in ("pages", "controls") for one in getattr(held, name) if one not in there[name]]:
        st.caption(f"No longer there, and closed or taken off before: {plain(', '.join(gone))}.")


def _hold() -> None:
    said = {name: st.session_state[key] for name, key in _KEYS.items()}
    said = {name: tuple(value) if isinstance(value, list) else value for name, value in said.items()}
    act(lambda: Classroom(open_store()).hold_to(replace(the_class().rules, **said), by=visitor()))
