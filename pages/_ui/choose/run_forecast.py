"""What a training would cost before it is queued: whether it can begin, how long it takes, who is before it."""

import streamlit as st

from core.config import TrainingConfig
from core.data import availability, datasets, published_parts
from core.errors import LabError
from core.models import models
from core.recipes import check_trainable, input_channels
from core.registry import Value
from core.runs import open_store
from pages._ui import cached
from pages._ui.frame import plain
from pages._ui.run_words import duration


def why_refused(config: TrainingConfig) -> str | None:
    """Why this training would end as soon as it begins; None where it would not."""
    try:
        check_trainable(config, training_images(config))
    except LabError as error:
        return str(error)
    return None


def training_images(config: TrainingConfig) -> int | None:
    """How many training images there are, where they have been decoded; None where nobody knows yet."""
    if availability(config.dataset, config.image_size) not in ("builtin", "prepared"):
        return None
    return len(cached.split(config.dataset, config.image_size, config.slips).train)


def _counts(config: TrainingConfig) -> tuple[int, int] | None:
    """Training and validation images: counted where they have been decoded, else those of the set as published."""
    if training_images(config) is None:
        return published_parts(datasets[config.dataset], slips=config.slips)
    split = cached.split(config.dataset, config.image_size, config.slips)
    return len(split.train), len(split.validation)


def time_words(config: TrainingConfig) -> str:
    """How long it would take with the machine as busy as it is now, images that are not decoded yet as published."""
    from core.training.forecast import training_seconds

    try:
        decoded = training_images(config) is not None
        counts = _counts(config)
        if counts is None or why_refused(config) is not None:
            return ""
        images, judged = counts
        each = _image_seconds(
            config.model,
            config.image_size,
            input_channels(config),
            config.dataset,
            tuple(sorted(config.model_arguments.items())),
            config.device,
        )
    except LabError:
        return ""
    train = min(images, config.limit or images) // config.batch_size * config.batch_size
    seconds = training_seconds(config, each=each, train=train, validation=judged, frozen=_head_only(config))
    before = "a few seconds to start" if decoded else "the images have been decoded"
    return f"About {duration(_rounded(seconds))} with this machine as busy as it is now, after {before}."


def _head_only(config: TrainingConfig) -> bool:
    return models[config.model].transfers and config.model_arguments.get("train", "head") == "head"


def _rounded(seconds: float) -> float:
    """Say no more than is known: to 5 s, then to a minute."""
    return max(5.0, 5 * round(seconds / 5)) if seconds < 120 else 60 * round(seconds / 60)


@st.cache_data(max_entries=64, ttl=60, show_spinner=False)
def _image_seconds(
    model: str, image_size: int, channels: int, dataset: str, arguments: tuple[tuple[str, Value], ...], device: str
) -> float:
    from core.compute.devices import best_device
    from core.training.forecast import image_seconds

    return image_seconds(
        model,
        channels=channels,
        image_size=image_size,
        classes=len(datasets[dataset].classes),
        arguments=dict(arguments),
        device=best_device(device),
    )


def queue_words() -> str:
    """Say how many runs are before this one, if any."""
    try:
        ahead = open_store().count(statuses=("queued", "running", "stopping"))
    except LabError as error:
        return plain(str(error))
    if not ahead:
        return "Nobody is in the queue: it starts at once."
    return f"{ahead} {'run is' if ahead == 1 else 'runs are'} before it or at work; students are served in turn."
