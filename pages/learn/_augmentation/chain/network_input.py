"""What the network receives of a draw, and that test images are never drawn."""

from collections.abc import Sequence

import numpy as np
import streamlit as st
from PIL import Image

from core.config import SLIPS
from core.explain.augmentation.draws import read_twice, received
from core.models.input_format import InputFormat
from pages._ui.draw import pictures
from pages._ui.draw.histograms import histogram
from pages._ui.frame import choice, look_for, number, think, try_this
from pages._ui.glossary import term
from pages.learn._augmentation.chain.draws_section import draws_of_session
from pages.learn._augmentation.chain.format import choose_format, say_the_chain, seed_of_session
from pages.learn._augmentation.keys import WHICH

_CHANNELS = {1: ("grey",), 3: ("red", "green", "blue")}


def received_section(photo: Image.Image) -> None:
    """Show one draw as pixels, normalised, and un-normalised again, with histograms."""
    st.markdown(
        "After the chain every image is normalised: these numbers are all that the network ever sees of it.",
        help=term("normalisation"),
    )
    _dataset, format = choose_format()
    draws = draws_of_session(photo, say_the_chain(), format)
    which = st.segmented_control(
        "Draw",
        list(range(1, len(draws.after) + 1)),
        format_func=lambda draw: choice(str(draw)),
        default=1,
        required=True,
        key=WHICH,
        help="Which of the draws is followed into the network.",
        persist_state="session",
    )
    got = received(draws.after[int(which) - 1], format)
    columns = st.columns(3)
    with columns[0]:
        drawn = draws.picture(int(which) - 1)
        pictures.show(drawn, alt="The draw as pixels", caption="Pixels, 0 to 1", photo=True, at_least=128)
        _histogram_of(drawn / 255, 0.0, 1.0, "Pixel values after augmentation")
    with columns[1]:
        pictures.show(
            got.clipped,
            alt="The normalised draw, cut to 0 to 1",
            caption="Normalised",
            photo=True,
            at_least=128,
        )
        low, high = normalised_range(format)
        _histogram_of(got.normalised, low, high, "Normalised values")
    with columns[2]:
        pictures.show(got.restored, alt="The draw un-normalised", caption="Un-normalised", photo=True, at_least=128)
        _histogram_of(got.restored / 255, 0.0, 1.0, "Pixel values after un-normalising")
    names = _CHANNELS[format.channels]
    st.table(
        {
            "channel": names,
            "mean subtracted": [f"{value:.3f}" for value in format.mean],
            "std divided by": [f"{value:.3f}" for value in format.std],
            "mean of what arrives": [number(value, 2) for value in got.means],
            "spread of what arrives": [number(value, 2) for value in got.spreads],
        },
        alt="Normalisation of each channel",
        hide_index=True,
    )
    look_for(
        "The network never sees a photo: it sees the numbers of the middle one, (pixel − mean) / std. A screen shows "
        "only 0 to 1, so it looks broken although nothing is lost: value · std + mean gives the right one, with the "
        "histogram of the left one. Each histogram is of the picture above it; their axes stay where they are."
    )
    try_this("Choose a dark photo: how far from 0 does the mean of what arrives come to lie?")
    think(
        "What happens to a network that is given pixels that nobody has normalised?",
        f"**A slip of the course's notebook:** {_lower(SLIPS['no_normalisation'])}. A network gets other numbers than "
        "it was trained on, and its accuracy falls without any error message.",
    )


def normalised_range(format: InputFormat) -> tuple[float, float]:
    """Return the smallest and largest number that normalised pixels of this format can have."""
    ends = [(end - mean) / std for mean, std in zip(format.mean, format.std, strict=True) for end in (0.0, 1.0)]
    return min(ends), max(ends)


def _lower(sentence: str) -> str:
    """Return a sentence to go on with after a colon."""
    return sentence[:1].lower() + sentence[1:].rstrip(".")


def _histogram_of(values: np.ndarray, low: float, high: float, alt: str) -> None:
    counts, _edges = np.histogram(values, bins=40, range=(low, high))
    histogram(counts, low=low, high=high, alt=f"Histogram. {alt}")


def untouched_section(photo: Image.Image) -> None:
    """Show that a test image read twice is the same, and a training image is not."""
    st.markdown(
        "Validation and test images are never augmented: the score must say how good the network is on images as they "
        "are, and two networks must be asked the same questions. Your photo is read twice on each path, and the two "
        "readings are compared pixel by pixel.",
        help=term("test split"),
    )
    _dataset, format = choose_format()
    twice = read_twice(photo, say_the_chain(), format=format, seed=seed_of_session())
    left, right = st.columns(2)
    with left:
        _two_readings("As a training image", twice.training_pictures, twice.training)
    with right:
        _two_readings("As a test image", twice.test_pictures, twice.test)
    look_for(
        "In the lab's code only the training batches pass the chain; a test of the project fails if a validation or "
        "test image does."
    )
    try_this("Empty the chain under Draws: how far apart are the two readings of the training image now?")
    think(
        "What if validation images were augmented too?",
        f"**A slip of the course's notebook:** {_lower(SLIPS['validation_from_training'])}, so its validation images "
        "were augmented too, and the network had seen every one of them. The Training page can repeat that on purpose, "
        "labelled.",
    )


def _two_readings(title: str, both: Sequence[np.ndarray], difference: float) -> None:
    with st.container(border=True):
        st.metric(
            f"{title}, read twice",
            f"{difference:.3f} apart" if difference else "the same",
            help="The largest difference of any pixel between the two readings, in units of the pixel range 0 to 1.",
        )
        pictures.show(
            pictures.contact_sheet(both, columns=2, tile=160, gap=8),
            alt=f"{title}: two readings side by side",
            at_least=300,
            photo=True,
        )
