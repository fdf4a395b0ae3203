"""With and without: two trainings that differ in the chain alone, queued together, watched here, opened on Compare."""

from collections.abc import Sequence
from dataclasses import replace

import streamlit as st

from core.config import AugmentationStep, TrainingConfig
from core.data import availability, datasets
from core.errors import LabError
from core.intervals import percent
from core.models import models
from core.recipes import check_trainable, config_here, fitting_models
from core.recipes.words import chain_words
from core.registry import Setting
from core.runs import ensure_supervisor, open_store
from core.runs.records import NAME_LENGTH, Run
from pages._ui import address, state
from pages._ui.choose.datasets import choose_dataset, dataset_or_fetch
from pages._ui.choose.run_forecast import queue_words, time_words, training_images, why_refused
from pages._ui.choose.whole_fields import EPOCHS, LIMIT, optional_value, whole_field, whole_value
from pages._ui.frame import PAGES, plain, problem, think, try_this
from pages._ui.glossary import linked, term
from pages._ui.run_words import meaning, place, state_word
from pages._ui.visitor import visitor, whose
from pages.learn._augmentation.chain.format import say_the_chain
from pages.learn._augmentation.keys import ARMS_DATASET, ARMS_EPOCHS, ARMS_LIMIT, ARMS_MODEL, ARMS_SEED

SEED = Setting(name="seed", title="Seed of both", low=0, high=2**31 - 1, help=linked("seed"))
ARMS = "arms"  # in the address: the ids of both runs, with a comma between
TICK = 1.0  # seconds between two looks at the runs
_WATCHED = "arms_watched"  # the pair that has been seen at work in this session: it opens Compare when it has ended
_PROBLEM = "arms_problem"
_OFFERED = ("lenet", "strided_cnn", "enhanced_cnn", "fast_cnn", "simple_nn")  # those that see augmented images


def arms_section() -> None:
    """Let both arms be set up, queue them by one button, and follow them until Compare opens."""
    st.markdown(
        "Two trainings with the same seed, images and settings: one with your chain, one without. What differs at the "
        "end is what the chain did.",
        help=term("augmentation"),
    )
    steps = say_the_chain(seed=False)
    _pair_of_address()
    begun = address.read(ARMS) is not None
    with st.expander("Set both trainings up", icon=":material/tune:", expanded=not begun, key=f"arms_form_{begun}"):
        config = _form()
        if config is not None:
            _submit(config, steps)
    try_this("Take 200 training images and many epochs: which of the two goes on learning, and which learns by heart?")
    think(
        "With the chain the training accuracy is lower, and the test accuracy higher. How can that be?",
        "The chain makes every training image harder than it was, and test images are never changed. The network "
        "without it does well on images that it has seen many times, which says little about others.",
    )


def both(config: TrainingConfig, steps: Sequence[AugmentationStep]) -> tuple[TrainingConfig, TrainingConfig]:
    """Return the training with the chain and the one without: nothing else differs."""
    return replace(config, augmentation=tuple(steps)), replace(config, augmentation=())


def _form() -> TrainingConfig | None:
    """Show the few fields that both arms share; None after a sentence where they do not fit."""
    with st.grid(3, min_column_width=150) as grid:
        with grid.cell():
            dataset = choose_dataset(key=ARMS_DATASET, default="digits")
        fitting = [name for name in fitting_models(dataset) if not models[name].transfers]
        if st.session_state.get(ARMS_MODEL) not in fitting:
            st.session_state[ARMS_MODEL] = next((name for name in _OFFERED if name in fitting), fitting[0])
        with grid.cell():
            model = st.selectbox(
                "Network",
                fitting,
                format_func=lambda name: models[name].title,
                key=ARMS_MODEL,
                help="Those that learn from scratch: a frozen backbone sees only a few versions of each image.",
                persist_state="session",
            )
        with grid.cell():
            whole_field(EPOCHS, key=ARMS_EPOCHS, width="stretch", empty="as the recipe has it")
        with grid.cell():
            whole_field(LIMIT, key=ARMS_LIMIT, width="stretch", empty="all")
        with grid.cell():
            whole_field(SEED, key=ARMS_SEED, width="stretch")
    try:
        epochs = optional_value(EPOCHS, key=ARMS_EPOCHS)
        wanted = {"seed": whole_value(SEED, key=ARMS_SEED), "limit": optional_value(LIMIT, key=ARMS_LIMIT)}
        if epochs is not None:
            wanted["epochs"] = epochs
        config, note = config_here("modern", dataset=dataset, model=str(model), **wanted)
    except LabError as error:
        problem(error)
        return None
    if note:
        st.caption(plain(note))
    return config


def _submit(config: TrainingConfig, steps: Sequence[AugmentationStep]) -> None:
    ready = availability(config.dataset, config.image_size) != "hub"
    if not ready:
        dataset_or_fetch(config.dataset, config.image_size)
    arms = both(config, steps)
    why = next((why for arm in arms if (why := why_refused(arm)) is not None), None)
    if not steps:
        why = "The chain is empty, so both trainings would be the same; add a transform under Draws."
    st.markdown(
        f"The button puts **two** runs of {config.epochs} epochs into the queue, one after the other, as yours. They "
        "are followed here, and Compare opens with both when they have ended."
    )
    each = time_words(config)
    st.caption(f"{each and f'Each: {each[:1].lower()}{each[1:]}'} {queue_words()}")
    refusal = st.container()
    if why is not None:
        refusal.error(plain(why), icon=":material/error:")
    if st.button(
        "Train with and without the chain",
        type="primary",
        icon=":material/call_split:",
        key="arms_train",
        disabled=not ready or why is not None,
    ):
        with refusal:
            _queue(arms)


def _queue(arms: tuple[TrainingConfig, TrainingConfig]) -> None:
    """Queue both arms or none, and show them."""
    title = f"{datasets[arms[0].dataset].title}, {models[arms[0].model].title}"
    names = [f"{title}, {which}"[-NAME_LENGTH:] for which in ("with the chain", "without augmentation")]
    try:
        for arm in arms:
            check_trainable(arm, training_images(arm))
        runs = open_store().submit_together(list(zip(arms, names, strict=True)), visitor().owner)
        ensure_supervisor(open_store())
    except LabError as error:
        problem(error)
        return
    address.write(ARMS, ",".join(run.id for run in runs))
    st.rerun()


def _pair_of_address() -> None:
    """Show the two runs that the address names, while they go on and when they have ended."""
    given = address.read(ARMS)
    if given is None:
        return
    runs: list[Run] = []
    for run_id in given.split(",")[:2]:
        try:
            runs.append(open_store().get(run_id))
        except LabError as error:
            if address.brings(ARMS):
                problem(error)
    if len(runs) < 2:
        st.warning("The two runs of this address are not both here (any more).", icon=":material/link_off:")
        return
    if any(run.live for run in runs):
        st.session_state[_WATCHED] = given
        _follow(runs)
        return
    if st.session_state.get(_WATCHED) == given and all(run.checkpoint for run in runs):
        st.session_state.pop(_WATCHED)
        st.switch_page(PAGES["compare"], query_params={state.COMPARED: given})
    _ended(runs)


def _follow(before: Sequence[Run]) -> None:
    @st.fragment(run_every=TICK)
    def follow() -> None:
        try:
            runs = [open_store().get(run.id) for run in before]
        except LabError as error:
            problem(error)
            return
        if not any(run.live for run in runs):
            st.rerun()
        for run in runs:
            _bar(run)

    with st.container(border=True, key="arms_progress"):
        st.markdown("**Both trainings.** Compare opens when they have ended; you may leave this page meanwhile.")
        follow()
        _links(before)


def _bar(run: Run) -> None:
    share = min(1.0, run.step / run.steps_total) if run.steps_total else 0.0
    best = "" if run.best_validation is None else f", best validation {percent(run.best_validation, 2)}"
    st.progress(share if run.live else 1.0, text=f"{plain(run.name)} ({plain(whose(run))}): {plain(_state(run))}{best}")


def _state(run: Run) -> str:
    if run.status == "queued":
        return f"in the queue, {place(run.position or 1)}"
    if run.status == "running":
        return run.message or f"epoch {min(run.epochs_done + 1, run.config.epochs)} of {run.config.epochs}"
    return state_word(run)


def _ended(runs: Sequence[Run]) -> None:
    with st.container(border=True, key="arms_ended"):
        for run in runs:
            st.markdown(f"**{plain(run.name)}**: {plain(_outcome(run))}")
            st.caption(f"Trained with: {plain(chain_words(run.config.augmentation))}")
        _links(runs)
        if all(run.checkpoint for run in runs):
            both_ids = ",".join(run.id for run in runs)
            st.page_link(
                PAGES["compare"],
                label="Open both on Compare",
                icon=":material/balance:",
                query_params={state.COMPARED: both_ids},
            )
        if st.button(
            "Is it more than chance? An experiment takes several seeds",
            icon=":material/experiment:",
            key="arms_experiment",
            help="The chain goes with you.",
        ):
            state.set_training_chain(next((run.config.augmentation for run in runs if run.config.augmentation), ()))
            st.switch_page(PAGES["compare"], query_params={state.EXPERIMENT: state.NEW_EXPERIMENT})


def _outcome(run: Run) -> str:
    if run.status != "finished":
        return f"{state_word(run)}. {meaning(run)}"
    best = "" if run.best_validation is None else f", best validation {percent(run.best_validation, 2)}"
    return f"finished after {run.epochs_done} epochs{best}."


def _links(runs: Sequence[Run]) -> None:
    with st.container(horizontal=True):
        for run, which in zip(runs, ("with", "without"), strict=True):
            st.page_link(
                PAGES["training"],
                label=f"The curves of the one {which}",
                icon=":material/monitoring:",
                query_params={state.RUN: run.id},
            )
