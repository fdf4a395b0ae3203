"""The section of the start page that looks at networks: what is ready."""

import streamlit as st

from core.data import availability, datasets
from pages._ui.choose.checkpoints import checkpoint_references
from pages._ui.frame import facts, plain


def what_is_ready() -> None:
    """Say which data sets and networks are on this machine, and where photos stay."""
    here = [datasets[name].title for name in datasets if availability(name) != "hub"]
    networks = checkpoint_references()
    facts(
        [
            (
                "Data sets ready",
                f"{len(here)} of {len(datasets)}",
                f"Ready: {plain(', '.join(here))}. The others can be downloaded.",
            ),
            ("Trained networks", f"{len(networks)}", "Those that ship with the lab and those that were trained here."),
            ("Photos sent on", "never", "Uploads are cleaned and kept in memory for your session only."),
        ]
    )
    st.caption(
        "The lab works without the internet: digits and shapes are built in. Teachers fetch the other data "
        "sets once with "
        "`python -m core fetch`."
    )
