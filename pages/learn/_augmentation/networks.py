"""Trained networks by what they answer to: those of one data set, and the one that is drawn over another."""

from dataclasses import dataclass

import streamlit as st

from core.data import changing_name
from core.errors import LabError
from core.models.input_format import InputFormat
from pages._ui import cached
from pages._ui.choose.checkpoints import checkpoint_references


@dataclass(frozen=True, kw_only=True)
class Kind:
    """What decides whether two networks can be asked the same: their data set and classes; ``chain``: augmented."""

    title: str
    dataset: str
    classes: tuple[str, ...]
    chain: bool


def kinds() -> dict[str, Kind]:
    """Return every trained network that can be read, by its reference, shipped ones first."""
    titles = checkpoint_references()
    return {
        reference: Kind(title=titles[reference], dataset=dataset, classes=classes, chain=chain)
        for reference, (dataset, classes, chain) in _kinds(tuple(titles)).items()
    }


@st.cache_data(max_entries=4, ttl=30, show_spinner=False)
def _kinds(references: tuple[str, ...]) -> dict[str, tuple[str, tuple[str, ...], bool]]:
    found = {}
    for reference in references:
        try:
            card = cached.checkpoint(reference).card
        except LabError:
            continue
        found[reference] = (changing_name(card.dataset), card.classes, bool(card.config.augmentation))
    return found


def plain_format(*, channels: int, size: int) -> InputFormat:
    """Return the format of pixels as they are, for images that no network looks at."""
    return InputFormat(channels=channels, size=size, mean=(0.0,) * channels, std=(1.0,) * channels)
