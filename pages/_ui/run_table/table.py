"""Runs or trained networks as one table that sorts and filters in the browser, and as a chart of what accuracy costs.

The rows go to the browser once. 3,000 of them are sorted there in some milliseconds, without a word to the server; what
changes while a training goes on follows as a few rows.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, get_args

import streamlit as st

from pages._ui.component import beside, sent
from pages._ui.run_table.rows import Row, titles

Column = Literal[
    "name",
    "accuracy",
    "state",
    "validation",
    "parameters",
    "seconds",
    "epochs",
    "data",
    "model",
    "recipe",
    "changed",
    "owner",
    "created",
    "note",
]
OF_RUNS: tuple[Column, ...] = get_args(Column)
OF_NETWORKS = tuple(column for column in OF_RUNS if column not in ("state", "epochs", "created", "note"))
NOTE_SHOWN = 200  # characters

_mount = st.components.v2.component(
    "cnn_lab_run_table",
    **beside(__file__, html='<div class="runs"></div>\n', after=str(Path(__file__).with_name("chart.py"))),
)
_feed = st.components.v2.component(
    "cnn_lab_run_feed",
    html="",
    js="export default ({ data }) => void window.dispatchEvent(new CustomEvent('cnn-lab-runs', { detail: data }))\n",
)


@dataclass(frozen=True, kw_only=True)
class Group:
    """Rows that stand together under a title, before those of the next group."""

    title: str
    rows: Sequence[Row]


def run_table(
    groups: Sequence[Group],
    *,
    columns: Sequence[Column],
    you: str,
    key: str,
    alt: str,
    chosen: Sequence[str] = (),
    at_most: int = 1,
    on_choose: Callable[[list[str]], None],
) -> None:
    """Show rows, in the order in which they come until a heading sorts them; ``you`` is the visitor's own id.

    ``on_choose`` is called with the references that are then chosen: one of them where ``at_most`` is 1.
    """
    rows = [row for group in groups for row in group.rows]
    data = {
        "table": key,
        "groups": [{"title": group.title, "rows": len(group.rows)} for group in groups],
        "columns": list(columns),
        "chosen": list(chosen),
        "at_most": at_most,
        "alt": alt,
        **_encoded(rows, you),
    }
    known = {row.reference for row in rows}

    def choose() -> None:
        value = sent(key, "chosen")
        if isinstance(value, list):
            on_choose([one for one in value if isinstance(one, str) and one in known][:at_most])

    _mount(key=key, data=data, height="content", on_chosen_change=choose)


def follow_rows(rows: Sequence[Row], *, you: str, table: str) -> None:
    """Bring rows of the ``table`` of that key up to date, without sending all the others again."""
    _feed(key=f"{table}_feed", data={"table": table, **_encoded(rows, you)}, height=1)


def _encoded(rows: Sequence[Row], you: str) -> dict[str, Any]:
    """The rows as lists of values in the order of ``fields``; data sets and networks by their places in lists."""
    data, kinds = titles(rows)
    places = {name: place for place, name in enumerate(data)}, {name: place for place, name in enumerate(kinds)}
    return {
        "data_sets": list(data.values()),
        "networks": list(kinds.values()),
        "rows": [
            [
                row.reference,
                row.name,
                row.state,
                row.accuracy,
                row.interval,
                row.images,
                row.validation,
                row.parameters,
                row.seconds,
                row.epochs_done,
                row.epochs,
                places[0][row.data],
                places[1][row.model],
                row.recipe.replace("_", " "),
                row.changed,
                "you" if row.owner and row.owner == you else row.owner_name,
                row.created,
                row.note[:NOTE_SHOWN],
                int(row.trained),
                int(row.broken),
            ]
            for row in rows
        ],
    }
