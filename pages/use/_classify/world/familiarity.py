"""What was measured of a network's world, remembered for the networks that were looked at last."""

import streamlit as st

from core.checkpoints import Checkpoint
from core.errors import LabError
from core.explain.familiarity.measuring import Familiarity, known_familiarity

_MOST = 8


def familiarity_of(checkpoint: Checkpoint) -> Familiarity | None:
    """Return what was measured of a network; None where nothing was, or where it cannot be read."""
    key = checkpoint.card.sha256
    if key not in _remembered():
        try:
            found = known_familiarity(checkpoint)
        except LabError:
            return None
        if found is None:
            return None
        remember(checkpoint, found)
    return _remembered().get(key)


def remember(checkpoint: Checkpoint, found: Familiarity) -> None:
    """Know it from now on, for everybody."""
    kept = _remembered()
    kept[checkpoint.card.sha256] = found
    while len(kept) > _MOST:
        kept.pop(next(iter(kept)), None)


@st.cache_resource(show_spinner=False)
def _remembered() -> dict[str, Familiarity]:
    return {}
