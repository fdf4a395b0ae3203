"""Label safety: images of a data set before and after a change, what a reader calls them, and what a network does."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import streamlit as st

from core.checkpoints import Checkpoint
from core.data import DatasetSpec, LabelledImages, availability, changing_name, datasets
from core.errors import LabError
from core.explain.augmentation.label_safety import DIGITS, RISKS, Answers, Risk, answers, names_of, read_as
from core.explain.filters.surgery import Sample, sample_of
from core.intervals import percent
from core.judging.certainty import probability_words
from core.models.input_format import InputFormat, to_batch
from pages._ui import address, cached, state
from pages._ui.choose.datasets import choose_dataset, dataset_or_fetch
from pages._ui.choose.test_images import link_where_missing, test_images_or_offer
from pages._ui.draw import pictures
from pages._ui.frame import changed_figure, choice, look_for, plain, problem, think, try_this
from pages._ui.glossary import term
from pages.learn._augmentation.keys import SAFETY_DATASET, SAFETY_IMAGES, SAFETY_RISK
from pages.learn._augmentation.networks import kinds, plain_format

if TYPE_CHECKING:
    from torch import Tensor

TILES = 10
_NETWORK = "safety_network"
_NONE = ""
_KEPT = 100  # answers that the server remembers


def labels_section() -> None:
    """Let data set and change be chosen; show images before and after, and what a network makes of the changed ones."""
    st.markdown(
        "The label of an augmented image is taken over without a look. A change that makes another thing of the image "
        "teaches the network something false.",
        help=term("augmentation"),
    )
    left, right = st.columns(2)
    with left:
        name = choose_dataset(key=SAFETY_DATASET, label="Images of", default="digits")
    with right:
        checkpoint = _choose_network(name)
    data, test, asked = _images(name, checkpoint)
    risk = _choose_change()
    if data is not None:
        spec = datasets[name]
        _tiles(data, test, spec, risk, asked)
        look_for(_verdict(spec, risk))
        if asked is not None:
            _measured(asked, data, test, risk)
    try_this("Choose the half turn and look at 6 and 9; then flip them. Which changes would you allow for letters?")
    think(
        "A cat upside down is still a cat. Should cats be flipped upside down in training?",
        "The label stays true, so nothing false is learned. But photos of cats are upright: the network spends part of "
        "its capacity on pictures that never come, and is often a little worse on those that do.",
    )


def _choose_network(dataset: str) -> Checkpoint | None:
    """Offer the networks of this data set; the one that the address names where it is one of them."""
    offered = {ref: kind.title for ref, kind in kinds().items() if kind.dataset == changing_name(dataset)}
    wanted = address.read(state.CHECKPOINT)
    key = f"{_NETWORK}_{dataset}"
    if key not in st.session_state or (wanted in offered and address.brings(state.CHECKPOINT)):
        st.session_state[key] = wanted if wanted in offered else next(iter(offered), _NONE)
    if st.session_state[key] not in offered:
        st.session_state[key] = _NONE
    chosen = st.selectbox(
        "Network that is asked",
        [*offered, _NONE],
        format_func=lambda ref: offered.get(ref, "none: the images alone"),
        key=key,
        on_change=lambda: address.write(state.CHECKPOINT, st.session_state[key] or None),
        help=f"{term('checkpoint')} Those that were trained on these images.",
    )
    if chosen == _NONE:
        st.caption("No trained network of this data set is asked.")
        return None
    try:
        return cached.checkpoint(str(chosen))
    except LabError as error:
        problem(error)
        return None


def _images(
    name: str, checkpoint: Checkpoint | None
) -> tuple[LabelledImages | None, npt.NDArray[np.int64], Checkpoint | None]:
    """Return the images, the places of the test images, and the network that can be asked about them."""
    none = np.zeros(0, dtype=np.int64)
    if checkpoint is not None and availability(name) != "hub":
        found = test_images_or_offer(checkpoint, key="safety")
        if not isinstance(found, str):
            return found.data, found.indices, checkpoint
        st.caption(f":material/info: {plain(found)}")
        link_where_missing(checkpoint)
    data = dataset_or_fetch(name)
    return (None, none, None) if data is None else (data, cached.split(name).test, None)


def _choose_change() -> Risk:
    name = st.segmented_control(
        "Change",
        list(RISKS),
        format_func=lambda name: choice(RISKS[name].title),
        default="half",
        required=True,
        key=SAFETY_RISK,
        persist_state="session",
    )
    return RISKS[str(name)]


def _tiles(
    data: LabelledImages, test: npt.NDArray[np.int64], spec: DatasetSpec, risk: Risk, asked: Checkpoint | None
) -> None:
    places = chosen_images(data.labels[test], len(spec.classes), turn=int(st.session_state.get(SAFETY_IMAGES, 0)))
    indices = test[places]
    format = asked.format if asked is not None else plain_format(channels=data.images.shape[1], size=data.size)
    before = to_batch(np.ascontiguousarray(data.images[indices]), format)
    after = risk.change(before)
    called = _called(asked, before, after) if asked is not None else None
    with st.grid(5, min_column_width=150, gap="small"):
        for place, index in enumerate(indices):
            label = spec.classes[int(data.labels[index])]
            said = caption_of(spec, risk, label, called[place] if called else None)
            sheet = pictures.contact_sheet([before[place].numpy(), after[place].numpy()], columns=2, tile=96, gap=6)
            pictures.show(
                pictures.jpeg(sheet) if data.images.shape[1] == 3 else pictures.png(sheet),
                alt=f"{label}, as it is and {risk.done}. {said}",
                caption=said,
            )
    st.button("Other images", key="safety_again", icon=":material/casino:", on_click=_next_images)


def chosen_images(labels: npt.NDArray[np.int64], classes: int, *, turn: int) -> list[int]:
    """Return places of about `TILES` test images, as many of each class, the next ones at each ``turn``."""
    each = max(1, TILES // classes)
    found: list[int] = []
    for label in range(min(classes, TILES)):
        own = np.flatnonzero(labels == label)
        found += [int(own[(turn * each + place) % len(own)]) for place in range(min(each, len(own)))]
    return found


def _next_images() -> None:
    st.session_state[SAFETY_IMAGES] = int(st.session_state.get(SAFETY_IMAGES, 0)) + 1


def caption_of(spec: DatasetSpec, risk: Risk, label: str, called: tuple[str, ...] | None) -> str:
    """Return what stands below an image and its changed self."""
    reader = read_as(spec, risk, label)
    said = f"Label {label}. "
    if reader:
        said += f"A reader: {'still ' if reader == label else ''}{reader}. "
    if called is not None:
        said += f"The network: {called[0]}, then {called[1]}."
    return said.strip()


def _called(asked: Checkpoint, *both: "Tensor") -> list[tuple[str, ...]]:
    """Return what the network calls each image, in each of its forms."""
    model, classes, mirrored = cached.model(asked), asked.card.classes, asked.card.config.mirror_at_test
    words = [
        [
            f"{classes[label]} ({probability_words(sure)})"
            for label, sure in names_of(model, images, asked.format, mirrored=mirrored)
        ]
        for images in both
    ]
    return list(zip(*words, strict=True))


def _verdict(spec: DatasetSpec, risk: Risk) -> str:
    if risk.may_miss:
        return "Is the thing that the label names still in the picture? A crop decides that for each image anew."
    if spec.count is not None:
        return "These are your own pictures: only a look at them tells whether the label is still true."
    if spec.classes != DIGITS:
        return f"Every label stays true: what is {risk.done} is still what it was."
    others = [(digit, read_as(spec, risk, digit)) for digit in DIGITS if read_as(spec, risk, digit) != digit]
    swapped = ", ".join(f"a {digit} becomes a {reader}" for digit, reader in others if reader in DIGITS)
    lost = [digit for digit, reader in others if reader not in DIGITS]
    parts = [swapped, f"{', '.join(lost)} are no digits any more" if lost else ""]
    return f"For {len(others)} of 10 digits the label becomes a lie: {'; '.join(part for part in parts if part)}."


@st.cache_resource(show_spinner=False)
def _answered() -> dict[tuple[str, str], Answers]:
    return {}


@st.cache_resource(max_entries=3, show_spinner=False)
def _sample(sha256: str, _data: LabelledImages, _test: npt.NDArray[np.int64], _format: InputFormat) -> Sample:
    return sample_of(_data, _test, _format)


def _measured(asked: Checkpoint, data: LabelledImages, test: npt.NDArray[np.int64], risk: Risk) -> None:
    """Show how many test images the network calls by their label, as they are and changed."""
    key, kept = (asked.card.sha256, risk.title), _answered()
    if key not in kept:
        bar = st.progress(0.0, text="The test images are asked about …")
        kept[key] = answers(
            cached.model(asked),
            _sample(asked.card.sha256, data, test, asked.format),
            risk,
            asked.format,
            mirrored=asked.card.config.mirror_at_test,
            tell=bar.progress,
        )
        bar.empty()
        while len(kept) > _KEPT:
            kept.pop(next(iter(kept)), None)
    found, classes = kept[key], asked.card.classes
    left, right = st.columns(2)
    for column, which, title in ((left, "before", "As they are"), (right, "after", risk.done.capitalize())):
        low, high = found.ci95(which)
        label, share = f"{title}: called by their label", percent(found.right(which) / len(found.labels), 1)
        tip = f"95 % interval {percent(low, 1)} to {percent(high, 1)}. {term('interval')}"
        with column:
            if which == "before":
                st.metric(label, share, help=tip, border=True)
            else:
                changed_figure(label, share, found.right("after") - found.right("before"), " images", tip=tip)
    rows = _rows(found, classes)
    st.dataframe(
        rows,
        hide_index=True,
        alt=f"What the network calls test images that were {risk.done}, by their label",
        width="content",
    )
    st.caption(
        f"Measured on {len(found.labels)} test images, evenly spread, the same for every change. What the network says "
        "of a changed image is no verdict on the label: it was never taught what is upside down."
    )


def _rows(found: Answers, classes: Sequence[str]) -> dict[str, list[str]]:
    rows: dict[str, list[str]] = {"label": [], "images": [], "called most often": [], "by its label": []}
    for label, name in enumerate(classes):
        called = found.called(label)
        count = sum(times for _answer, times in called)
        if count:
            rows["label"].append(name)
            rows["images"].append(str(count))
            rows["called most often"].append(f"{classes[called[0][0]]} ({called[0][1]} of {count})")
            rows["by its label"].append(f"{dict(called).get(label, 0)} of {count}")
    return rows
