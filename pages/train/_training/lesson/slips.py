"""What can be broken on purpose, each with its reason and what to look for; and what of it a form is set to."""

import streamlit as st

from core.config import SLIPS, TrainingConfig
from pages._ui.frame import plain

TITLES = {
    "validation_from_training": "Validate on training images",
    "swapped_split": "Swap the two halves of the split",
    "no_eval_mode": "Never call eval()",
    "no_normalisation": "Feed images that are not normalised",
    "shared_writers": "Split at random, whoever wrote what",
    "shuffled_labels": "Shuffle the labels",
    "rate_too_high": "Far too high a learning rate",
    "no_relu": "Leave every ReLU out",
}
_WHY = {
    "validation_from_training": (
        "The network has already learned these images, so the figure flatters it and cannot show over-fitting. Look "
        "for a validation line that never turns."
    ),
    "swapped_split": (
        "Most of the data is left out: the network sees 468 images again and again and learns them by heart. Look for "
        "a training line that leaves the validation line far behind."
    ),
    "no_eval_mode": (
        "Dropout goes on dropping and BatchNorm measures each test batch anew, so one image gets several answers. Look "
        "for a validation line that trembles."
    ),
    "no_normalisation": (
        "Layers expect values around zero: a frozen backbone's filters are switched off or saturated by others; a new "
        "network may begin later, and one with BatchNorm mends it by itself. Look at the first epochs."
    ),
    "shared_writers": (
        "The network has learned these very hands, so the figure says little about yours. (Not the notebook's slip, "
        "but the usual way to split this file.) Look for a validation figure that is too good."
    ),
    "shuffled_labels": (
        "There is no rule to find: an image and its label have nothing to do with each other. Look for a validation "
        "line that stays at guessing while training gets somewhere, image by image."
    ),
    "rate_too_high": (
        "Every step goes far past the valley it aims for. Look for a loss that jumps, stays where guessing is, or is "
        "no number any more."
    ),
    "no_relu": (
        "Layers without a bend between them multiply into one matrix, however many they are. Look for how early both "
        "lines stop rising."
    ),
}


def choose_slips(base: TrainingConfig, *, key: str) -> tuple[str, ...]:
    """Show what is broken, each with its reason and a way to mend it, and return the names of `SLIPS`.

    Those are the slips of the recipe "as written", and what was broken by `break_it`.
    """
    kept = {slip: f"{key}.slip.{slip}" for slip in SLIPS}
    shown = [slip for slip in SLIPS if _fits(slip, base) or st.session_state.get(kept[slip])]
    if not shown:
        return ()
    with st.container(border=True, key=f"slips_{base.dataset}_{base.model}"):
        st.markdown(
            ":material/report: **As written.** The course's notebook has slips that make its figures wrong. They are "
            "repeated here on purpose, so that you can see what each one costs; switch one off and train again. "
            "The test images stay outside training either way."
            if base.recipe == "as_written"
            else ":material/report: **Broken on purpose.** The run says so wherever it is listed."
        )
        return tuple(slip for slip in shown if _chosen(slip, slip in base.slips, kept[slip]))


def _fits(slip: str, base: TrainingConfig) -> bool:
    """Return whether the recipe offers a slip for this pair."""
    if base.recipe != "as_written":
        return slip in base.slips
    return slip in base.slips or slip in ("validation_from_training", "no_eval_mode")


def _chosen(slip: str, start: bool, key: str) -> bool:
    on = st.checkbox(TITLES[slip], start, key=key, persist_state="session")
    explain(slip)
    return on


def explain(slip: str) -> None:
    """Say what is wrong, why that matters, and what to look for."""
    st.caption(plain(f"{SLIPS[slip]} {_WHY[slip]}"))
