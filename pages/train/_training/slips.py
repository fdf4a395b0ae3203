"""The notebook's slips as a choice that is labelled as one: what is wrong, and why it matters."""

import streamlit as st

from core.config import SLIPS, TrainingConfig
from pages._ui.frame import plain

_TITLES = {
    "validation_from_training": "Validate on training images",
    "swapped_split": "Swap the two halves of the split",
    "no_eval_mode": "Never call eval()",
    "no_normalisation": "Feed ResNet-18 images that are not normalised",
    "shared_writers": "Split at random, whoever wrote what",
}
_WHY = {
    "validation_from_training": (
        "The network has already learned these images, so the figure flatters it and cannot show over-fitting."
    ),
    "swapped_split": (
        "Most of the data is left out: the network sees 468 images again and again and learns them by heart."
    ),
    "no_eval_mode": (
        "Dropout goes on dropping and BatchNorm measures each test batch anew, so one image gets several answers."
    ),
    "no_normalisation": (
        "The frozen layers expect values around zero; other values switch their filters off or saturate them."
    ),
    "shared_writers": (
        "The network has learned these very hands, so the figure says little about yours. (Not the notebook's slip, "
        "but the usual way to split this file.)"
    ),
}


def choose_slips(base: TrainingConfig, *, key: str) -> tuple[str, ...]:
    """Show the slips of the recipe "as written", each with its reason, and return those that are to be repeated."""
    if base.recipe != "as_written":
        return base.slips
    with st.container(border=True, key=f"slips_{base.dataset}_{base.model}"):
        st.markdown(
            ":material/report: **As written.** The course's notebook has slips that make its figures wrong. They are "
            "repeated here on purpose, so that you can see what each one costs; switch one off and train again. "
            "The test images stay outside training either way."
        )
        return tuple(slip for slip in SLIPS if fits(slip, base) and _chosen(slip, slip in base.slips, key))


def fits(slip: str, base: TrainingConfig) -> bool:
    """Return whether a slip can be made with this pair: the rest belongs to cats and dogs."""
    return slip in base.slips or slip in ("validation_from_training", "no_eval_mode")


def _chosen(slip: str, start: bool, key: str) -> bool:
    on = st.checkbox(_TITLES[slip], start, key=f"{key}.slip.{slip}", persist_state="session")
    st.caption(plain(f"{SLIPS[slip]} {_WHY[slip]}"))
    return on
