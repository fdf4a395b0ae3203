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
    "owner",
    "state",
    "seconds",
    "epochs",
    "validation",
    "changed",
    "created",
    "parameters",
    "data",
    "model",
    "recipe",
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
    """The rows as lists of values in the order of FIELDS in table.js, to as many places as anybody sees.

    What many rows say alike is sent once: ``words``, and in the rows the place in it.
    """
    data, kinds = titles(rows)
    places: dict[str, int] = {}

    def shared(word: str) -> int:
        return places.setdefault(word, len(places))

    values = [
        [
            row.reference,
            row.name,
            shared(row.state),
            _rounded(row.accuracy, 5),
            row.interval and [round(end, 5) for end in row.interval],
            row.images,
            _rounded(row.validation, 5),
            row.parameters,
            _rounded(row.seconds, 1),
            row.epochs_done,
            row.epochs,
            shared(data[row.data]),
            shared(kinds[row.model]),
            shared(row.recipe.replace("_", " ")),
            shared(row.changed),
            shared("you" if row.owner and row.owner == you else row.owner_name),
            _rounded(row.created, 1),
            shared(row.note[:NOTE_SHOWN]),
            int(row.trained),
            int(row.broken),
        ]
        for row in rows
    ]
    return {"words": list(places), "rows": values}


def _rounded(value: float | None, places: int) -> float | None:
    return value if value is None else round(value, places)
