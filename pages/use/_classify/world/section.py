"""Is this in its world? How strange a photo is to a network, how well that tells, and the training images nearest."""

from collections.abc import Sequence

import numpy as np
import streamlit as st

from core.checkpoints import Checkpoint
from core.data import availability, datasets
from core.errors import LabError
from core.explain.familiarity.known import DISTANCE, ENERGY, FAINTNESS, USUAL, Neighbour, Strangeness
from core.explain.familiarity.measuring import Familiarity, measured_familiarity
from core.intervals import percent
from pages._ui import cached
from pages._ui.choose.datasets import link_to_get
from pages._ui.choose.test_images import link_where_missing, test_images_or_offer
from pages._ui.draw.pictures import contact_sheet, jpeg, show
from pages._ui.frame import facts, number, plain, problem, section, think
from pages._ui.glossary import term
from pages.use._classify.answers import Classified
from pages.use._classify.world.familiarity import familiarity_of, remember

_MEASURING = "world_measuring"
_TILE = 120
_TIPS = {
    DISTANCE: "How far its features point away from those of the five nearest training images.",
    ENERGY: "How little all its scores together speak for any class.",
    FAINTNESS: "How little its features are excited at all.",
}


def world_section(checkpoint: Checkpoint, answer: Classified) -> None:
    """Say how strange the photo of ``answer`` is to the network, or offer to measure what is needed for that."""
    section(
        "Is it in its world?",
        "The network names one of its classes whatever it is shown. How strange a photo is to it, it does not say.",
    )
    try:
        found = familiarity_of(checkpoint) or _measure_or_offer(checkpoint)
    except LabError as error:
        problem(error)
        return
    if found is None:
        return
    if answer.strange is None:
        st.rerun()  # the answers above were given before it was known
    _judgement(found, answer.strange)
    _nearest(checkpoint, answer.strange.nearest)
    think(
        "Why does it not simply say: I do not know?",
        "Softmax makes shares of the classes that it knows, and they add up to 1: there is no share left for anything "
        "else. A photo of a ship is far from cats and from dogs, and may still be a little nearer to one of them.",
    )


def _judgement(found: Familiarity, strange: Strangeness) -> None:
    figures = found.outsiders
    share = percent(strange.shares[figures.score])
    if strange.shares[figures.score] >= USUAL:
        st.warning(
            f"**Not in its world**, whatever it answers: stranger to it than {share} of its validation images.",
            icon=":material/travel_explore:",
        )
    else:
        st.success(
            f"In its world: stranger to it than {share} of its validation images; from {percent(USUAL)} on it would "
            "not be.",
            icon=":material/check_circle:",
        )
    facts(
        [
            *(
                (f"By {name}", percent(share), f"{_TIPS[name]} The share of validation images that are less strange.")
                for name, share in strange.shares.items()
            ),
            (
                "AUROC",
                number(figures.auroc[figures.score], 3),
                term("AUROC"),
            ),
            ("Foreign found", percent(figures.caught, 1), "Beyond the threshold, and rightly so."),
            ("False alarms", percent(figures.false_alarms, 1), "Of its own test images, beyond the threshold."),
        ]
    )
    others = ", ".join(f"{name} {number(area, 3)}" for name, area in figures.auroc.items() if name != figures.score)
    st.caption(
        plain(
            f"Measured by {figures.score} on {figures.n:,} images of {figures.images} against {figures.own_n:,} test "
            f"images (AUROC by {others}). The score was chosen on as many other images of both, the threshold on "
            f"validation images.{_blur(figures.as_small)}"
        )
    )


def _blur(as_small: float | None) -> str:
    if as_small is None:
        return ""
    return (
        f" Blur alone makes an image strange: against its own test images made as small as the foreign ones, the AUROC "
        f"is {number(as_small, 3)}."
    )


def _nearest(checkpoint: Checkpoint, nearest: Sequence[Neighbour]) -> None:
    names = [checkpoint.card.classes[one.label] for one in nearest]
    said = ", ".join(f"{name} ({number(one.distance)})" for name, one in zip(names, nearest, strict=True))
    st.markdown("### The nearest training images", help=term("features"))
    images = test_images_or_offer(checkpoint, key=f"nearest_{checkpoint.card.sha256[:12]}")
    if isinstance(images, str):
        st.caption(f":material/info: By class and distance: {plain(said)}. {plain(images)}")
        link_where_missing(checkpoint)
        return
    tiles = [np.asarray(images.data.images[one.index]) for one in nearest]
    show(
        jpeg(contact_sheet(tiles, columns=len(tiles), tile=_TILE)),
        alt=f"The nearest training images, from left to right: {said}",
        caption=f"From left to right, with the distance: {said}",
        width="content",
        look_for="What do they share with your photo: the thing, or colour, background and how it was taken?",
    )


def _measure_or_offer(checkpoint: Checkpoint) -> Familiarity | None:
    card = checkpoint.card
    if card.dataset not in datasets or availability(card.dataset, card.image_size) == "hub":
        st.caption(
            ":material/info: What this network was trained on is not on this machine, so nobody can say how near your "
            "photo comes to it."
        )
        if card.dataset in datasets:
            link_to_get(card.dataset)
        return None
    key = card.sha256
    if st.session_state.get(_MEASURING) != key:
        st.button(
            "Measure how well it tells",
            key="world_measure",
            icon=":material/straighten:",
            on_click=st.session_state.__setitem__,
            args=(_MEASURING, key),
            help="Once for this network; it is kept for everybody.",
        )
        st.caption(
            "Training, validation, test and foreign images are looked at, 5,000 at most: seconds for a small network, "
            "minutes for a ResNet-18."
        )
        return None
    stop, bar = st.empty(), st.empty()
    stop.button("Stop", key="world_stop", icon=":material/stop:", on_click=_forget)
    bar.progress(0.0, text="Looking …")

    def tell(text: str, share: float) -> None:
        bar.progress(min(1.0, share), text=f"{text} …")

    try:
        found = measured_familiarity(
            checkpoint,
            cached.model(checkpoint),
            progress=tell,
        )
    finally:
        stop.empty()
        bar.empty()
    _forget()
    remember(checkpoint, found)
    return found


def _forget() -> None:
    st.session_state.pop(_MEASURING, None)
