"""The test images behind a network's figures, where they are on this machine."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import streamlit as st

from core.checkpoints import Checkpoint
from core.data import LabelledImages, availability, datasets
from core.errors import LabError
from pages._ui import cached
from pages._ui.choose.datasets import dataset_or_fetch, link_to_get
from pages._ui.frame import plain


@dataclass(frozen=True, kw_only=True)
class TestImages:
    """The pictures behind stored predictions: prediction i is of ``data.images[indices[i]]``."""

    data: LabelledImages
    indices: npt.NDArray[np.int64]


def test_images_or_offer(checkpoint: Checkpoint, *, key: str) -> TestImages | str:
    """Return what `test_images` does; images of the data folder are decoded where the student asks for it."""
    found = test_images(checkpoint)
    card = checkpoint.card
    if found != "folder":
        return found
    if not st.button(
        f"Decode {plain(datasets[card.dataset].title)} to see the images",
        key=f"decode_{key}",
        icon=":material/photo_library:",
    ):
        return "The images lie in the data folder; decode them once to see them here."
    dataset_or_fetch(card.dataset, card.image_size)
    return test_images(checkpoint)


def link_where_missing(checkpoint: Checkpoint) -> None:
    """Link to what gets a network's images where there are none here; drawn behind the sentence that says so."""
    card = checkpoint.card
    if card.dataset in datasets and availability(card.dataset, card.image_size) == "hub":
        link_to_get(card.dataset)


def test_images(checkpoint: Checkpoint) -> TestImages | str:
    """Return the test images that a checkpoint was judged on, or a sentence why they cannot be shown."""
    card = checkpoint.card
    if card.dataset not in datasets:
        return f"The lab has no data set '{card.dataset}', so the images cannot be shown."
    title = datasets[card.dataset].title
    found = availability(card.dataset, card.image_size)
    if found == "hub":
        return (
            f"{title} is not on this machine, so its images cannot be shown: download it on the Training page, or name "
            "a folder that holds it by CNN_LAB_DATA."
        )
    if found == "folder":
        return "folder"
    try:
        data = cached.dataset(card.dataset, card.image_size)
        split = cached.split(card.dataset, card.image_size, card.config.slips)
    except LabError as error:
        return str(error)
    if split.fingerprint != card.split_fingerprint:
        return (
            f"The copy of {title} on this machine, or its order, is not the one that this network was judged on, so "
            "the images behind its figures cannot be named. It may have been trained on what is the test split here."
        )
    return TestImages(data=data, indices=split.test)
