"""From the form to the queue: what will be trained, on how many images, where; and the button."""

import streamlit as st

from core.config import TrainingConfig
from core.data import availability, datasets
from core.errors import LabError
from core.models import models
from core.names import counted
from core.recipes import check_trainable, precision_so_far
from core.runs import ensure_supervisor, open_store
from core.runs.records import NAME_LENGTH
from pages._ui import address, cached, state
from pages._ui.choose.datasets import dataset_or_fetch
from pages._ui.choose.run_forecast import training_images, why_refused
from pages._ui.classroom.rules import hides
from pages._ui.frame import plain, problem
from pages._ui.guidance import progress
from pages._ui.visitor import visitor
from pages.train._training import in_address
from pages.train._training.form import training_form
from pages.train._training.lesson.broken import break_it
from pages.train._training.lesson.done_in import done_in
from pages.train._training.lesson.rates import rates
from pages.train._training.predictions import keep_prediction, predict_run


def set_up() -> None:
    """Show the form, say what it amounts to, and put the run into the queue when the button is pressed.

    What a first training does without stands below the button, which is in sight at once.
    """
    form, go, more = st.container(), st.container(), st.container()
    with form:
        config = training_form(more)
        if config is None:
            return
        in_address.keep(config)
        ready = availability(config.dataset, config.image_size) != "hub"
        if not ready:
            dataset_or_fetch(config.dataset, config.image_size)
    with go, st.container(border=True, key="training_go"):
        predict_run()
        _train_button(config, ready=ready)
        done_in(config)
        st.caption(_amount(config) if ready else "This data set has to be downloaded before it can be trained on.")
        st.caption(_precision(config))
    if not hides("settings"):  # both fill fields that are not there
        with more:
            rates(config)
            break_it(config)


def _train_button(config: TrainingConfig, *, ready: bool) -> None:
    refused = why_refused(config)
    refusal = st.container()  # above the button: below it, it could be outside the window
    if refused is not None:
        refusal.error(plain(refused), icon=":material/error:")
    with st.container(horizontal=True, vertical_alignment="bottom"):
        name = st.text_input(
            "Name of the run",
            key=f"training.name.{config.dataset}.{config.model}",
            max_chars=NAME_LENGTH,
            placeholder=_name(config),
            help="To find it again. Empty: as suggested.",
        )
        fits = ready and refused is None
        if st.button("Train", type="primary", icon=":material/play_arrow:", disabled=not fits, key="train"):
            with refusal:
                _submit(config, name or _name(config))


def _submit(config: TrainingConfig, name: str) -> None:
    """Queue the run and show it. Not in a callback: the values are those of this very rerun, typed text included."""
    try:
        check_trainable(config, training_images(config))
        run = open_store().submit(config, visitor().owner, name)
        ensure_supervisor(open_store())
    except LabError as error:
        problem(error)
        return
    progress.done("train")
    keep_prediction(run.id)
    address.write_together({**dict.fromkeys(in_address.NAMES), state.RUN: run.id})
    st.session_state[state.TRAINING_OPEN] = state.WATCH
    st.rerun()


def _name(config: TrainingConfig) -> str:
    return f"{datasets[config.dataset].title}, {models[config.model].title}, {config.recipe.replace('_', ' ')}"[
        :NAME_LENGTH
    ]


def _amount(config: TrainingConfig) -> str:
    if availability(config.dataset, config.image_size) == "folder":
        return (
            f"At {config.image_size} pixels the images have not been decoded yet; that is done once, before the first "
            f"epoch. It trains on {plain(_device(config))}."
        )
    try:
        split = cached.split(config.dataset, config.image_size, config.slips)
    except LabError as error:
        return plain(str(error))
    images = min(len(split.train), config.limit or len(split.train))
    steps, over = divmod(images, config.batch_size)
    if not steps:
        return plain(split.description)
    used = "" if images == len(split.train) else f" {images:,} of the training images are used, and all of the others."
    left_out = f" ({over:,} others, drawn anew each time, sit out)" if over else ""
    return plain(
        f"{split.description}{used} An epoch is {counted(steps, 'step')} of {config.batch_size} images{left_out}; "
        f"{config.epochs} epochs are {counted(steps * config.epochs, 'step')}, on {_device(config)}."
    )


def _device(config: TrainingConfig) -> str:
    """Name the device; on the CPU without its threads, which are the worker's to choose."""
    from core.compute.devices import best_device, describe_device

    device = best_device(config.device)
    return "the CPU" if device.type == "cpu" else describe_device(device)


def _precision(config: TrainingConfig) -> str:
    """Say what it will compute in, as far as that is known before it trains."""
    from core.compute.devices import best_device

    choice = precision_so_far(config, best_device(config.device))
    if choice is None:
        return "The first such training on this machine finds out whether bfloat16 pays here."
    return plain(f"It computes in {choice.sentence}.")
