"""What the lesson's line on a page and the worksheet's have in common: which step the page is at, and its address."""

from collections.abc import Collection, Mapping

import streamlit as st

from pages._ui import address

STEP = "step"  # in the address: the step that is shown
NO_TIP = ""  # for a link: without, Streamlit takes the menu's sentence, which would lie over the buttons beside it


def ended(title: str) -> str:
    """Return a title as a sentence: with a full stop, unless it has an end of its own ("Why 16·5·5?")."""
    return title if title.endswith(("?", "!", ".", "…")) else f"{title}."


def step_here(steps: Mapping[str, str], done: Collection[str], *, at: str) -> str | None:
    """Return the step to show on this page: that of the address, else the first that was not done on arrival.

    ``steps`` are addresses of pages by the names of steps, in order; ``at`` is where the session keeps the answer, so
    that a step stays when it is ticked and the tick is seen.
    """
    here = [name for name, page in steps.items() if page == address.here()]
    wanted = st.query_params.get(STEP)
    if wanted in here:
        return wanted
    if address.has_just_come() or st.session_state.get(at) not in here:
        st.session_state[at] = next((name for name in here if name not in done), None)
    found: str | None = st.session_state[at]
    return found
