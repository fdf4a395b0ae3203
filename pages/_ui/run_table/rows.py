"""What a table says of runs and of trained networks: the same few figures of each."""

import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace

import streamlit as st

from core.checkpoints import Card, Figures, figures
from core.config import TrainingConfig
from core.data.catalogue import datasets
from core.errors import LabError
from core.judging.claims import doubt_about
from core.models import models
from core.recipes.words import broken_words, changed_words
from core.runs.records import WAITING
from core.runs.store.listed import ListedRun
from pages._ui.choose.checkpoints import with_names
from pages._ui.run_words import STATES, guesses, place

LOOK = 0.3  # seconds that one look spends on what it has not read before; the next look goes on
FIRST_LOOK = 0.05  # on a server that has read nothing yet: the table itself, and the rows in sight, come first
_KEPT_FACTS = 20_000


@dataclass(frozen=True, kw_only=True, slots=True)
class Row:
    """One run or network of a table.

    ``reference`` is a run's id or a network's name, ``data`` the name of the data set. Shares lie in [0, 1];
    ``accuracy`` with its 95 % interval is on the test split, and None where the network has no test accuracy.
    ``seconds`` is the time of training, ``created`` in seconds since 1970. ``trained`` says that there is a network,
    ``broken`` that it was made to fail on purpose, and never counts as the best.
    """

    reference: str
    name: str
    data: str
    model: str
    recipe: str
    owner: str = ""
    owner_name: str = ""
    state: str = ""
    note: str = ""
    changed: str = ""
    epochs: int | None = None
    epochs_done: int | None = None
    created: float | None = None
    validation: float | None = None
    accuracy: float | None = None
    interval: tuple[float, float] | None = None
    images: int | None = None
    parameters: int | None = None
    seconds: float | None = None
    split: str = ""
    trained: bool = False
    broken: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class _Facts:
    """What takes a look into a run's settings and its network's card."""

    changed: str
    only_guesses: bool
    broken: bool
    figures: Figures | None


def run_rows(runs: Sequence[ListedRun]) -> tuple[list[Row], int]:
    """Return a row for each run, and of how many the accuracy and what was changed have still to be read.

    What was read once is known to all students until the server stops; one look reads for no longer than `LOOK`, the
    first one of a server than `FIRST_LOOK`.
    """
    unread = read_on(runs)
    known = _known()
    return [_row(run, known.get(_key(run))) for run in runs], unread


def read_on(runs: Sequence[ListedRun]) -> int:
    """Read what the rows of runs tell beside the store, for as long as one look may; return how many are left."""
    known = _known()
    if len(known) > _KEPT_FACTS:
        known.clear()
    deadline = time.monotonic() + (LOOK if known else FIRST_LOOK)
    unread = [run for run in runs if _key(run) not in known]
    for done, run in enumerate(unread):
        if known and time.monotonic() >= deadline:
            return len(unread) - done
        known[_key(run)] = _look(run)
    return 0


def _key(run: ListedRun) -> tuple[str, str, float]:
    return run.id, run.status, run.kept


def card_row(reference: str, card: Card, *, owner_name: str) -> Row:
    """Return the row of a network that no run of the store has made."""
    validations = [done.val_accuracy for done in card.history]
    row = Row(
        reference=reference,
        name=card.title,
        owner_name=owner_name,
        data=card.dataset,
        model=card.model,
        recipe=card.config.recipe,
        changed=_changed(card.config),
        epochs=card.config.epochs,
        epochs_done=len(card.history),
        validation=max(validations, default=None),
        seconds=card.seconds,
        trained=True,
        broken=bool(card.config.slips),
    )
    return _with_figures(row, _tested(Figures.of(card)))


def titles(rows: Sequence[Row]) -> tuple[Mapping[str, str], Mapping[str, str]]:
    """Return what people read for the data sets and the networks of the rows, by their names."""
    data, kinds = dict.fromkeys(row.data for row in rows), dict.fromkeys(row.model for row in rows)
    return (
        {name: datasets.title_of(name) for name in data},
        {name: models.title_of(name) for name in kinds},
    )


def _row(run: ListedRun, facts: _Facts | None) -> Row:
    word = STATES[run.status][0]
    if run.status in WAITING and run.position:
        word += f", {place(run.position)}"
    row = Row(
        reference=run.id,
        name=run.name,
        owner=run.owner,
        owner_name=run.owner_name,
        state=f"{word}, only guesses" if facts and facts.only_guesses else word,
        note=run.note,
        data=run.dataset,
        model=run.model,
        recipe=run.recipe,
        changed=facts.changed if facts else "",
        epochs=run.epochs,
        epochs_done=run.epochs_done,
        created=run.created,
        validation=run.best_validation,
        seconds=run.training_seconds,
        split=run.split,
        trained=run.network is not None,
        broken=bool(facts and facts.broken),
    )
    return _with_figures(row, facts.figures) if facts and facts.figures else row


def _with_figures(row: Row, found: Figures) -> Row:
    tested = found.metrics
    return replace(
        row,
        accuracy=tested.test_accuracy if tested else None,
        interval=tested.test_ci95 if tested else None,
        images=tested.test_n if tested else None,
        parameters=found.parameters,
        split=found.split_fingerprint,
    )


def _look(run: ListedRun) -> _Facts:
    found = None
    with suppress(LabError):  # a network that cannot be read has no figures; its own page says why
        found = _tested(figures(run.network)) if run.network is not None else None
    with suppress(LabError):
        config = TrainingConfig.from_json(run.config)
        only = guesses(config, run.status, run.best_validation)
        return _Facts(changed=_changed(config), only_guesses=only, broken=bool(config.slips), figures=found)
    return _Facts(changed="", only_guesses=False, broken=False, figures=found)


def _tested(found: Figures) -> Figures:
    """Figures without an accuracy that is none on unseen images."""
    return replace(found, metrics=None) if doubt_about(found) else found


def _changed(config: TrainingConfig) -> str:
    with suppress(LabError):  # a recipe or a network that the lab no longer has
        return "; ".join(filter(None, (broken_words(config), with_names(changed_words(config), config))))
    return ""


@st.cache_resource(show_spinner=False)
def _known() -> dict[tuple[str, str, float], _Facts]:
    return {}
