"""The class of a store, as a row: whether there is one, who may join it, and what everybody in it is held to.

What is read here is read with every page and every training that is queued, so it costs one row.
"""

import json
import sqlite3
from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from typing import TypeVar

from core.config import TrainingConfig
from core.errors import RunError
from core.rights import has_browser
from core.runs.store.rows import person_of
from core.strict_json import NotStrictJsonError, parse, typed

T = TypeVar("T")

CONTROLS = {
    "settings": "Settings of a training: it is as its recipe has it",
    "experiments": "Experiments on Compare",
    "arms": "With and without, on Augmentation",
    "downloads": "Downloads of data sets",
}
"""What the teacher can take off the pages, and what it is called on the console."""


@dataclass(frozen=True, kw_only=True)
class Rules:
    """What holds for everybody but whoever runs the lab.

    ``dataset`` and ``recipe`` are the only ones that may be trained with ("": all), ``pages`` the addresses of pages
    that are closed, ``controls`` keys of `CONTROLS` that are not there, ``members_only`` whether one has to join before
    one trains.
    """

    dataset: str = ""
    recipe: str = ""
    pages: tuple[str, ...] = ()
    controls: tuple[str, ...] = ()
    members_only: bool = True


@dataclass(frozen=True, kw_only=True)
class ClassState:
    """The class as it is: ``number`` counts them from 1 (0: there was none yet), ``opened`` is when it began in seconds
    since 1970 (0: there is none now), ``begun`` counts how often one did, ``code`` lets people join (None: nobody can),
    and ``cleared`` is when runs were put away last (0: none is)."""

    number: int = 0
    opened: float = 0.0
    begun: int = 0
    code: str | None = None
    cleared: float = 0.0
    rules: Rules = Rules()

    @property
    def on(self) -> bool:
        """Whether there is a class now."""
        return self.opened > 0


def read_class(connection: sqlite3.Connection) -> ClassState:
    """Return the class of a store; rules that cannot be read are none."""
    row = connection.execute("SELECT number, opened, begun, code, cleared, rules FROM classroom").fetchone()
    if row is None:
        return ClassState()
    return ClassState(
        number=row["number"],
        opened=row["opened"],
        begun=row["begun"],
        code=row["code"],
        cleared=row["cleared"],
        rules=_kept(Rules, row["rules"], Rules()),
    )


def write_class(connection: sqlite3.Connection, state: ClassState) -> None:
    """Keep the class as it is now."""
    connection.execute(
        "INSERT OR REPLACE INTO classroom (one, number, opened, begun, code, cleared, stopped, rules)"
        " VALUES (1, ?, ?, ?, ?, ?, '[]', ?)",
        (state.number, state.opened, state.begun, state.code, state.cleared, json.dumps(asdict(state.rules))),
    )


def is_member(connection: sqlite3.Connection, owner: str) -> bool:
    """Return whether an owner has joined the class."""
    return connection.execute("SELECT 1 FROM members WHERE owner = ?", (owner,)).fetchone() is not None


def rules_of(connection: sqlite3.Connection, owner: str) -> Rules:
    """Return what an owner is held to: by the class, and where that leaves it open by the worksheet that they do."""
    state = read_class(connection)
    held = state.rules if state.on else Rules()
    sheet = rules_of_worksheet(connection, owner)
    if sheet is None:
        return held
    return replace(
        held,
        dataset=held.dataset or sheet.dataset,
        recipe=held.recipe or sheet.recipe,
        pages=tuple(dict.fromkeys((*held.pages, *sheet.pages))),
        controls=tuple(dict.fromkeys((*held.controls, *sheet.controls))),
    )


def rules_of_worksheet(connection: sqlite3.Connection, owner: str) -> Rules | None:
    """Return what the open worksheet that an owner does holds them to; None where they do none."""
    row = connection.execute(
        "SELECT rules FROM sheet_owners JOIN worksheets ON worksheets.id = worksheet"
        " WHERE owner = ? AND current AND open",
        (owner,),
    ).fetchone()
    return None if row is None else _kept(Rules, row["rules"], Rules())


def check_may_train(connection: sqlite3.Connection, owner: str, configs: Iterable[TrainingConfig]) -> None:
    """Raise RunError, a sentence, where the class, or the worksheet that they do, does not let an owner train so.

    Whoever runs the lab, and the command line, may do as they like.
    """
    if not has_browser(owner) or person_of(connection, owner).runs_the_lab:
        return
    state = read_class(connection)
    if state.on and state.rules.members_only and not is_member(connection, owner):
        raise RunError("A class is going on in this lab: join it first, with its code, to train with it.")
    of_class, of_both = state.rules if state.on else Rules(), rules_of(connection, owner)
    for config in configs:
        for what, wanted, by_class, has in (
            ("data set", of_both.dataset, of_class.dataset, config.dataset.partition("@")[0]),
            ("recipe", of_both.recipe, of_class.recipe, config.recipe),
        ):
            if wanted and has != wanted:
                who = "The class" if by_class else "Your worksheet"
                raise RunError(f"{who} trains with the {what} {wanted} now, and not with {has}.")
        if "downloads" in of_both.controls and _would_be_downloaded(config):
            raise RunError(f"{config.dataset} is not on this machine, and your teacher decides what is downloaded.")


def _would_be_downloaded(config: TrainingConfig) -> bool:
    from core.data import availability  # here, because the package brings NumPy along

    return availability(config.dataset, config.image_size) == "hub"


def _kept(kind: type[T], text: str, otherwise: T) -> T:
    try:
        return typed(kind, parse(text))
    except NotStrictJsonError:
        return otherwise
