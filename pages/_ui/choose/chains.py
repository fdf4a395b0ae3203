"""Which augmentation chain trainings take: their recipe's, none, or the one that was handed over."""

from collections.abc import Sequence

import streamlit as st

from core.config import AugmentationStep
from core.recipes.words import chain_words
from pages._ui import state
from pages._ui.frame import PAGES, plain
from pages._ui.glossary import term

Chain = tuple[AugmentationStep, ...]

# Handed over: by the Augmentation page, or by another run.
AS_RECIPE, AS_HANDED, NONE = "as the recipe has it", "as handed over", "none"


def choose_chain(recipes: Sequence[Chain], *, key: str) -> list[Chain]:
    """Return, for each training, the chain that is chosen for all of them; ``recipes`` are those of their recipes."""
    handed = state.training_chain()
    names = [AS_RECIPE, NONE] if handed is None else [AS_HANDED, AS_RECIPE, NONE]
    chosen = st.radio(
        "Augmentation chain",
        names,
        key=f"{key}.chain.{len(names)}",
        horizontal=True,
        help=term("augmentation"),
        persist_state="session",
    )
    chains = list(recipes) if chosen == AS_RECIPE else [handed if chosen == AS_HANDED and handed else ()] * len(recipes)
    said = " Or: ".join(dict.fromkeys(map(chain_words, chains)))
    st.caption(f"{plain(said)} Validation and test images are never augmented.")
    link_to_build()
    return chains


def link_to_build() -> None:
    """Lead to where a chain is put together and handed over."""
    st.page_link(PAGES["augmentation"], label="Build a chain on the Augmentation page", icon=":material/arrow_forward:")
