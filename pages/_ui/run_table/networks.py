"""Every trained network there is, as rows: what ships, the runs of the store, what the command line has trained."""

import streamlit as st

from core.data import changing_name
from core.errors import LabError
from core.runs.store.listed import listed
from core.runs.store.store import open_store
from pages._ui import cached
from pages._ui.choose.checkpoints import AT_MOST, has_store
from pages._ui.run_table.rows import Row, card_row, run_rows

FRESH = 2.0  # seconds for which one look is enough for everybody


@st.cache_resource(max_entries=1, ttl=FRESH, show_spinner=False)
def network_rows() -> dict[str, Row]:
    """Return a row for every network that has learned something, by its reference: what ships, then the newest first.

    The rows are everybody's, and not to be changed.
    """
    rows = [
        card_row(checkpoint.folder.name, checkpoint.card, owner_name="ships with the lab")
        for checkpoint in cached.shipped()
    ]
    try:
        runs = [run for run in listed(open_store()) if run.network is not None] if has_store() else []
    except LabError:
        runs = []
    rows += run_rows(runs)[0]
    rows += [
        card_row(name, checkpoint.card, owner_name="command line")
        for name, checkpoint in cached.trained(AT_MOST).items()
    ]
    return {row.reference: row for row in rows}


def nearness(row: Row, to: Row) -> int:
    """Return 0 where two networks share the split, so that both were judged on the same test images, 1 where they share
    the data set, and else 2."""
    if row.split and row.split == to.split and row.data == to.data:
        return 0
    return 1 if changing_name(row.data) == changing_name(to.data) else 2
