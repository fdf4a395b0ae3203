"""The sections of the Augmentation page: the draws, what the network receives, test images, code, and training."""

from collections.abc import Sequence

import numpy as np
import streamlit as st
from PIL import Image

from core.config import SLIPS, AugmentationStep
from core.data import availability, datasets, present_name
from core.errors import LabError
from core.explain.augmentation.draws import Draws, draw, read_twice, received
from core.models.input_format import InputFormat, measure_format
from core.registry import Setting
from core.transforms import chain_code, chain_from_json, chain_json, transforms
from pages._ui import cached, state
from pages._ui.choose.datasets import choose_dataset
from pages._ui.draw import pictures
from pages._ui.draw.histograms import histogram
from pages._ui.frame import PAGES, choice, look_for, number, plain, problem
from pages._ui.glossary import term
from pages.learn._augmentation.chain_editor import set_chain

SEEDS = Setting(name="seed", low=0, high=2**31 - 1)
COUNT = 7  # with the image before, two rows of four
_JSON, _JSON_PROBLEM = "chain_json_text", "chain_json_problem"
_CHANNELS = {1: ("grey",), 3: ("red", "green", "blue")}


def choose_format() -> tuple[str, InputFormat]:
    """Let the data set be chosen whose image size and normalisation are used; return its name and the format."""
    name = choose_dataset(key="chain_dataset", label="As an image of", default="cats_vs_dogs", needs_images=False)
    format, measured = _format(present_name(name), availability(name))
    source = (
        "Mean and standard deviation are those of its training images."
        if measured
        else "Its images have not been read yet, so mean 0.5 and standard deviation 0.25 stand in."
    )
    st.caption(f"{format.size}×{format.size} px, {'grey' if format.channels == 1 else 'colour'}. {source}")
    return name, format


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


def draws_section(photo: Image.Image, steps: Sequence[AugmentationStep], format: InputFormat, dataset: str) -> Draws:
    """Show the image before, and seeded draws of it with the values that were drawn."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        seed = st.number_input(
            "Seed", value=0, step=1, key=state.CHAIN_SEED, help=term("seed"), width=160, persist_state="session"
        )
        st.button("Another draw", icon=":material/casino:", key="chain_again", on_click=_next_seed, type="primary")
    SEEDS.check(int(seed))
    draws = draw(photo, steps, format=format, count=COUNT, seed=int(seed))
    with st.grid(4, min_column_width=112, gap="small"):
        _tile(draws.picture(), "Before", "The image before any augmentation")
        for index in range(COUNT):
            words = draws.words(index)
            _tile(draws.picture(index), f"{index + 1}. {words}", f"Draw {index + 1}: {words}")
    if draws.notes:
        st.caption(f":material/crop: Your photo was first {'; '.join(draws.notes)}.")
    look_for(what_the_draws_are(draws))
    for caution in _cautions(steps, dataset):
        st.warning(caution, icon=":material/label_important:")
    return draws


def what_the_draws_are(draws: Draws) -> str:
    """Return what is to be seen in these very draws."""
    if not any(draws.applied):
        return "Nothing was applied to any of them: every epoch would see the same pixels."
    if bool((draws.after == draws.after[:1]).all()):
        return "All draws are alike: nothing in this chain is left to chance, so every epoch would see the same pixels."
    return (
        "Every draw is a new training image with the same label. Is it still what it was? Below each stands what was "
        "done to it: + is down, to the right and counter-clockwise."
    )


def _next_seed() -> None:
    st.session_state[state.CHAIN_SEED] = int(st.session_state.get(state.CHAIN_SEED, 0)) + 1


def _tile(pixels: np.ndarray, caption: str, alt: str) -> None:
    pictures.show(pixels, alt=alt, caption=caption, at_least=96, photo=True)


def _cautions(steps: Sequence[AugmentationStep], dataset: str) -> list[str]:
    """Return the cautions of the chain's steps for the grey data sets, whose labels depend on direction."""
    if datasets[dataset].channels != 1:
        return []
    found = [transforms[step.name] for step in steps if step.probability > 0]
    return list(dict.fromkeys(f"{one.title}: {one.caution}" for one in found if one.caution))


def received_section(draws: Draws, format: InputFormat) -> None:
    """Show one draw as pixels, normalised, and un-normalised again, with histograms."""
    which = st.segmented_control(
        "Draw",
        list(range(1, len(draws.after) + 1)),
        format_func=lambda draw: choice(str(draw)),
        default=1,
        required=True,
        key="chain_which",
        help="Which of the pictures above is followed into the network.",
        persist_state="session",
    )
    image = draws.after[int(which) - 1]
    got = received(image, format)
    columns = st.columns(3)
    with columns[0]:
        drawn = draws.picture(int(which) - 1)
        pictures.show(drawn, alt="The draw as pixels", caption="Pixels, 0 to 1")
        _histogram_of(drawn / 255, 0.0, 1.0, "Pixel values after augmentation")
    with columns[1]:
        pictures.show(got.clipped, alt="The normalised draw, cut to 0 to 1", caption="Normalised")
        low, high = normalised_range(format)
        _histogram_of(got.normalised, low, high, "Normalised values")
    with columns[2]:
        pictures.show(got.restored, alt="The draw un-normalised", caption="Un-normalised")
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
    st.markdown(
        f":material/school: **A slip of the course's notebook:** {_lower(SLIPS['no_normalisation'])}. "
        "A network gets other numbers than it was trained on, and its accuracy falls without any error message."
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


def untouched_section(photo: Image.Image, steps: Sequence[AugmentationStep], format: InputFormat) -> None:
    """Show that a test image read twice is the same, and a training image is not."""
    seed = int(st.session_state.get(state.CHAIN_SEED, 0))
    twice = read_twice(photo, steps, format=format, seed=seed)
    left, right = st.columns(2)
    with left:
        _two_readings("As a training image", twice.training_pictures, twice.training)
    with right:
        _two_readings("As a test image", twice.test_pictures, twice.test)
    look_for("Your photo is read twice on each path, and the two readings are compared pixel by pixel.")
    st.markdown(
        "Validation and test images are never augmented: the score must say how good the network is on images "
        "as they are, "
        "and two networks must be asked the same questions. In the lab's code only the training batches "
        "pass the chain; "
        "a test of the project fails if a validation or test image does."
    )
    st.markdown(
        f":material/school: **A slip of the course's notebook:** "
        f"{_lower(SLIPS['validation_from_training'])}, so its validation images were augmented too, and the "
        "network had "
        "seen every one of them. The Training page can repeat that on purpose, labelled."
    )


def _two_readings(title: str, both: Sequence[np.ndarray], difference: float) -> None:
    with st.container(border=True):
        st.metric(
            f"{title}, read twice",
            f"{difference:.3f} apart" if difference else "the same",
            help="The largest difference of any pixel between the two readings, in units of the pixel range 0 to 1.",
        )
        st.image(
            pictures.contact_sheet(both, columns=2, tile=160, gap=8),
            output_format="PNG",
            width="stretch",
            alt=f"{title}: two readings side by side",
        )


def code_section(steps: Sequence[AugmentationStep], format: InputFormat) -> None:
    """Show the chain as PyTorch code and as JSON, and take JSON back."""
    st.markdown("What to write in a notebook for the same chain. `v2.Compose` applies its parts from top to bottom.")
    source = chain_code(steps, size=format.size, channels=format.channels, mean=format.mean, std=format.std)
    st.code(source, language="python")
    text = chain_json(steps)
    with st.expander("The chain as JSON", icon=":material/data_object:"):
        st.code(text, language="json", height=220)
        st.download_button(
            "Download", text, "augmentation.json", "application/json", icon=":material/download:", on_click="ignore"
        )
        st.text_area("Paste a chain", key=_JSON, help="JSON as shown above, from a classmate or from another day.")
        st.button("Use it", key="chain_json_use", icon=":material/input:", on_click=_take_json)
        if said := st.session_state.get(_JSON_PROBLEM):
            st.error(plain(said), icon=":material/error:")


def _take_json() -> None:
    st.session_state.pop(_JSON_PROBLEM, None)
    try:
        set_chain(chain_from_json(st.session_state.get(_JSON, "")))
    except LabError as error:
        st.session_state[_JSON_PROBLEM] = str(error)


def train_section(steps: Sequence[AugmentationStep]) -> None:
    """Hand the chain over to the Training page."""
    if st.button(
        "Train with this chain", icon=":material/model_training:", type="primary", key="chain_train", width="stretch"
    ):
        state.set_training_chain(steps)
        st.toast("The chain goes with you: see “Images and augmentation”.", icon=":material/auto_awesome_motion:")
        st.switch_page(PAGES["training"])
    names = ", ".join(transforms[step.name].title.lower() for step in steps) or "no augmentation"
    st.caption(f"Opens the Training page with: {names}.")


def show_draws(
    photo: Image.Image, steps: Sequence[AugmentationStep], format: InputFormat, dataset: str
) -> Draws | None:
    """Show the draws; None after a sentence where the chain does not fit the image."""
    try:
        return draws_section(photo, steps, format, dataset)
    except LabError as error:
        problem(error)
        return None
