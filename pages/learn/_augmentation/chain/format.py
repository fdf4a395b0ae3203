"""Which data set's images the photo is made like, and the chain in words, for the views that do not edit it."""

import streamlit as st

from core.config import AugmentationStep
from core.data import availability, datasets, present_name
from core.errors import ConfigError, LabError
from core.models.input_format import InputFormat, measure_format
from core.recipes.words import chain_words
from core.registry import Setting
from pages._ui import cached, state
from pages._ui.choose.datasets import choose_dataset
from pages._ui.choose.whole_fields import whole_value
from pages._ui.frame import plain
from pages._ui.glossary import linked
from pages.learn._augmentation.chain.editor import chain_of_session
from pages.learn._augmentation.keys import DATASET

SEEDS = Setting(name="seed", title="Seed", low=0, high=2**31 - 1, help=linked("seed"))


def choose_format() -> tuple[str, InputFormat]:
    """Let the data set be chosen whose image size and normalisation are used; return its name and the format."""
    name = choose_dataset(key=DATASET, label="As an image of", default="cats_vs_dogs", needs_images=False)
    format, measured = _format(present_name(name), availability(name))
    source = (
        "Mean and standard deviation are those of its training images."
        if measured
        else "Its images have not been read yet, so mean 0.5 and standard deviation 0.25 stand in."
    )
    st.caption(f"{format.size}×{format.size} px, {'grey' if format.channels == 1 else 'colour'}. {source}")
    return name, format


def seed_of_session() -> int:
    """Return the seed of the draws; raises ConfigError for a field that holds none."""
    return whole_value(SEEDS, key=state.CHAIN_SEED)


def say_the_chain(*, seed: bool = True) -> tuple[AugmentationStep, ...]:
    """Say what the chain is, and the seed of its draws where that counts, and return the chain.

    Raises ConfigError where the seed counts and its field holds none.
    """
    steps, drawn = chain_of_session(), ""
    if seed:
        try:
            drawn = f" Seed {seed_of_session()}."
        except ConfigError as error:
            raise ConfigError(f"{error} It is set under Draws.") from None
    chain = plain(chain_words(steps))
    st.caption(f":material/link: The chain: {chain} It is edited under Draws.{drawn}")
    return steps


@st.cache_data(max_entries=12, show_spinner=False)
def _format(name: str, where: str) -> tuple[InputFormat, bool]:
    """Return the format of a data set, measured on training images where they are at hand without a wait."""
    spec = datasets[name]
    if where in ("builtin", "prepared"):
        try:
            data, split = cached.dataset(name), cached.split(name)
        except LabError:
            pass
        else:
            sample = split.train[:: max(1, len(split.train) // 2000)]
            return measure_format(data.images[sample], channels=spec.channels), True
    ones = (1.0,) * spec.channels
    mean, std = tuple(0.5 * one for one in ones), tuple(0.25 * one for one in ones)
    return InputFormat(channels=spec.channels, size=spec.size, mean=mean, std=std), False
