"""The chain, and seeded draws of the photo, each with what was done to it."""

from collections.abc import Sequence
from contextlib import suppress

import numpy as np
import streamlit as st
from PIL import Image

from core.config import AugmentationStep
from core.data import datasets
from core.errors import ConfigError, LabError
from core.explain.augmentation.draws import Draws, draw
from core.explain.augmentation.label_safety import RISKS
from core.models.input_format import InputFormat
from core.transforms import transforms
from pages._ui import state
from pages._ui.choose.whole_fields import whole_field
from pages._ui.draw import pictures
from pages._ui.frame import PAGES, look_for, problem, think, try_this
from pages._ui.guidance import progress
from pages.learn._augmentation.chain.editor import chain_editor, chain_of_session
from pages.learn._augmentation.chain.format import SEEDS, choose_format, seed_of_session
from pages.learn._augmentation.keys import SAFETY_DATASET, SAFETY_RISK, TABS

COUNT = 7  # with the image before, two rows of four


def draws_section(photo: Image.Image) -> None:
    """Show the chain with its controls beside what it makes of the photo."""
    editor, result = st.columns([2, 4], gap="medium")
    with editor:
        dataset, format = choose_format()
        steps, draw_sliders = chain_editor()
    with result:
        try:
            _draws(photo, steps, format, dataset)
        except LabError as error:
            problem(error)
    draw_sliders()
    train_section(steps)
    try_this("Add a rotation and raise its largest angle until you would no longer give one of the draws its label.")
    think(
        "Why not simply make a thousand copies of every image, once?",
        "Because the network would learn the copies by heart as well, only later. Drawn anew in every epoch, no image "
        "is ever seen twice, and nothing has to be stored.",
    )


def draws_of_session(photo: Image.Image, steps: Sequence[AugmentationStep], format: InputFormat) -> Draws:
    """Return the draws that are shown; raises ConfigError for a seed that is none."""
    return draw(photo, steps, format=format, count=COUNT, seed=seed_of_session())


def _draws(photo: Image.Image, steps: Sequence[AugmentationStep], format: InputFormat, dataset: str) -> None:
    with st.container(horizontal=True, vertical_alignment="bottom"):
        whole_field(SEEDS, key=state.CHAIN_SEED)
        st.button("Another draw", icon=":material/casino:", key="chain_again", on_click=_next_seed, type="primary")
    draws = draws_of_session(photo, steps, format)
    with st.grid(4, min_column_width=104, gap="small"):
        _tile(draws.picture(), "Before", "The image before any augmentation")
        for index in range(COUNT):
            words = draws.words(index)
            _tile(draws.picture(index), f"{index + 1}. {words}", f"Draw {index + 1}: {words}")
    if draws.notes:
        st.caption(f":material/crop: Your photo was first {'; '.join(draws.notes)}.")
    look_for(what_the_draws_are(draws, steps))
    _cautions(steps, dataset)


def what_the_draws_are(draws: Draws, steps: Sequence[AugmentationStep]) -> str:
    """Return what is to be seen in these very draws of a chain."""
    done = {draws.words(index) for index in range(len(draws.after))}
    if len(done) == 1 and any(0 < step.probability < 1 for step in steps):
        what = "the same was done to each of them" if any(draws.applied) else "nothing was applied to any of them"
        return f"By chance {what}, as these are only {len(draws.after)}: look at another draw."
    if not any(draws.applied):
        return "Nothing was applied to any of them: every epoch would see the same pixels."
    if bool((draws.after == draws.after[:1]).all()):
        why = "nothing in this chain is left to chance"
        if len(done) > 1:
            why = "what this chain leaves to chance changes nothing in this picture"
        return f"All draws are alike: {why}, so every epoch would see the same pixels."
    return (
        "Every draw is a new training image with the same label. Is it still what it was? Below each stands what was "
        "done to it: + is down, to the right and counter-clockwise."
    )


def _next_seed() -> None:
    following = 0  # where the field holds no seed
    with suppress(ConfigError):
        following = seed_of_session() + 1
    st.session_state[state.CHAIN_SEED] = str(following)
    if any(step.name == "rotation" for step in chain_of_session()):
        progress.done("chain")


def _tile(pixels: np.ndarray, caption: str, alt: str) -> None:
    pictures.show(pixels, alt=alt, caption=caption, at_least=96, photo=True)


def _cautions(steps: Sequence[AugmentationStep], dataset: str) -> None:
    """Show the cautions of the chain's steps for the grey data sets, whose labels depend on direction."""
    if datasets[dataset].channels != 1:
        return
    found = [transforms[step.name] for step in steps if step.probability > 0]
    for one in dict.fromkeys(one for one in found if one.caution):
        st.warning(f"{one.title}: {one.caution}", icon=":material/label_important:")
        risk = next((risk for risk, about in RISKS.items() if one.name in about.drawn_by), None)
        if risk is not None:
            st.button(
                "See it on the images",
                key=f"chain_see_{one.name}",
                icon=":material/visibility:",
                on_click=_see,
                args=(dataset, risk),
            )


def _see(dataset: str, risk: str) -> None:
    st.session_state[SAFETY_DATASET], st.session_state[SAFETY_RISK] = dataset, risk
    st.session_state[TABS] = "Label safety"


def train_section(steps: Sequence[AugmentationStep]) -> None:
    """Hand the chain over to the Training page."""
    names = ", ".join(transforms[step.name].title.lower() for step in steps) or "no augmentation"
    if st.button(
        "Train with this chain",
        icon=":material/model_training:",
        type="primary",
        key="chain_train",
        help=f"Opens the Training page with: {names}.",
    ):
        state.set_training_chain(steps)
        st.toast("The chain goes with you: see “Images and augmentation”.", icon=":material/auto_awesome_motion:")
        st.switch_page(PAGES["training"])
