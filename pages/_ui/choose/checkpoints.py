"""Choosing a trained network: those that ship, and those of the runs made here."""

from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING

import streamlit as st

from core.config import TrainingConfig
from core.data import datasets
from core.errors import LabError
from core.intervals import percent
from core.models import models
from pages._ui import address, cached, state
from pages._ui.choose.told_apart import told_apart
from pages._ui.frame import empty_state, plain, problem
from pages._ui.glossary import term
from pages._ui.run_words import state_word
from pages._ui.visitor import whose

if TYPE_CHECKING:
    from core.checkpoints import Card, Checkpoint


AT_MOST = 200  # runs that are offered
MOST_SAID = 3  # networks that are not here, each with a sentence
_WIDGET = "checkpoint_chosen"


def checkpoint_references(named: Sequence[str] = ()) -> dict[str, str]:
    """Return what can be chosen: a reference for `core.checkpoints.find` → its title, shipped ones first.

    Of the runs the newest `AT_MOST` that have a network, of what the command line trained as many, and those ``named``,
    however old they are.
    """
    found = {checkpoint.folder.name: f"{checkpoint.card.title} · ships with the lab" for checkpoint in cached.shipped()}
    return told_apart(found | _runs(named) | _trained(named))


def _runs(named: Sequence[str]) -> dict[str, str]:
    from core.runs.store.store import open_store

    if not has_store():
        return {}
    try:
        runs = list(open_store().list(trained=True, at_most=AT_MOST))
    except LabError:
        return {}
    here = {run.id for run in runs}
    for run_id in named:
        if run_id not in here:
            with suppress(LabError):
                runs.append(open_store().get(run_id))
    return {run.id: f"{run.name} · {whose(run)}{_marked(run.config)}" for run in runs if run.checkpoint}


def _trained(named: Sequence[str]) -> dict[str, str]:
    from core.checkpoints.trained import training_folder

    found = {
        name: f"{checkpoint.card.title}{_marked(checkpoint.card.config)}"
        for name, checkpoint in cached.trained(AT_MOST).items()
    }
    for name in named:
        if name not in found and training_folder(name) is not None:
            with suppress(LabError):
                found[name] = cached.checkpoint(name).card.title
    return {name: f"{title} · trained on the command line" for name, title in found.items()}


def _marked(config: TrainingConfig) -> str:
    return " · broken on purpose" if config.slips else ""


def say_what_is_left_out(where: str = "opens from All runs (Training)") -> None:
    """Say that older networks are not offered, where there are any, and ``where`` one is reached."""
    from core.runs.store.store import open_store

    with suppress(LabError):
        if has_store() and open_store().count(trained=True) > AT_MOST:
            st.caption(f"The newest {AT_MOST} trained runs are offered; an older one {where}.")


def choose_checkpoint(
    *,
    label: str = "Trained network",
    prefer: "Callable[[Card], bool] | None" = None,
    forget: Sequence[str] = (),
) -> "Checkpoint | None":
    """Offer every trained network and return the chosen one, bound to the URL.

    The first one that the page would ``prefer`` is chosen until the student chooses. Parameters of the address that
    belong to one network are named by ``forget``: they leave it with that network.
    Where there is none, or the one that the address names is gone or cannot be read, a sentence with a way out is shown
    and None returned.
    """
    wanted = address.read(state.CHECKPOINT)
    titles = checkpoint_references([wanted] if wanted else [])
    if not titles:
        empty_state(
            "No trained network is here yet. Train one: the built-in digits are the quickest.",
            page="training",
            label="Train a network",
        )
        return None
    if wanted is None:
        wanted = next((name for name in titles if prefer is not None and _fits(name, prefer)), next(iter(titles)))
    elif wanted not in titles:
        say_what_is_gone([wanted], "Choose another network below.")
    there = wanted in titles
    st.session_state[_WIDGET] = wanted if there else None  # what the address says, after Back as well
    reference = st.selectbox(
        label,
        list(titles),
        index=0 if there else None,
        format_func=lambda name: titles.get(name, name),
        key=_WIDGET,
        on_change=lambda: address.write_together(
            {**dict.fromkeys(forget), state.CHECKPOINT: st.session_state[_WIDGET]}
        ),
        placeholder="Choose a network",
        help=term("checkpoint"),
    )
    if reference is None:
        say_what_is_left_out()
        return None
    try:
        checkpoint = cached.checkpoint(str(reference))
    except LabError as error:
        problem(error)
        return None
    st.caption(describe(checkpoint.card))
    say_what_is_left_out()
    return checkpoint


def beginning_words(begins_from: str) -> str:
    """Return which network a training goes on from, as people know it: "epoch 12 of Ada's LeNet"."""
    from core.runs.store.store import open_store

    reference, _, epoch = begins_from.partition("@")
    name = "a network that is gone"
    with suppress(LabError):
        name = cached.checkpoint(reference).card.title
    with suppress(LabError):
        name = open_store().get(reference).name if has_store() else name
    return f"epoch {epoch} of {name}"


def with_names(words: str, config: TrainingConfig) -> str:
    """Return words about a configuration with the name of the run that it goes on from in the place of its id."""
    return words.replace(config.begins_from, beginning_words(config.begins_from)) if config.begins_from else words


def say_what_is_gone(references: Sequence[str], what_to_do: str) -> None:
    """Say of each network that the address names and that is not here why that is so, and what to do instead."""
    for reference in references[:MOST_SAID]:
        st.warning(f"{_why_it_is_not_here(reference)} {what_to_do}", icon=":material/link_off:")
    if len(references) > MOST_SAID:
        st.warning(f"{len(references) - MOST_SAID} more networks of this address are not here.")


def _why_it_is_not_here(reference: str) -> str:
    from core.runs.store.store import open_store

    with suppress(LabError):
        run = open_store().get(reference) if has_store() else None
        if run is not None:
            return f"The run of this address, {plain(run.name)}, has no trained network: it is {state_word(run)}."
    return (
        f"The network of this address, '{plain(reference[:40])}', is gone: its run was deleted, or it never was here."
    )


def has_store() -> bool:
    """Whether there are runs; looking makes no store."""
    from core.home import home
    from core.runs.store.store import STORE_NAME

    return (home() / STORE_NAME).exists()


def _fits(reference: str, fits: "Callable[[Card], bool]") -> bool:
    try:
        return fits(cached.checkpoint(reference).card)
    except LabError:
        return False


def describe(card: "Card") -> str:
    """Return a card's facts in one line: network, data, input, parameters, what the test said."""
    data = datasets.title_of(card.dataset)
    network = models.title_of(card.model)
    colour = "grey" if card.channels == 1 else "colour"
    line = (
        f"{network} · {data} · {len(card.classes)} classes · input {card.image_size}×{card.image_size} "
        f"px, {colour} · "
        f"{card.parameters:,} parameters · after epoch {card.epoch}"
    )
    if card.metrics is not None:
        from core.judging.claims import doubt_about  # brings torch, which the first page does without

        low, high = card.metrics.test_ci95
        doubt = doubt_about(card)
        what = f"accuracy on {doubt}:" if doubt else "test accuracy"
        line += f" · {what} {percent(card.metrics.test_accuracy, 1)} ({percent(low, 1)} to {percent(high, 1)}, "
        line += f"n = {card.metrics.test_n:,})"
    return plain(line)
