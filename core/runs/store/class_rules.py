"""The class of a store, as a row: whether there is one, who may join it, and what everybody in it is held to.

What is read here is read with every page and every training that is queued, so it costs one row.
"""

import json
import sqlite3
from collections.abc import Iterable
from dataclasses import asdict, dataclass
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
    since 1970 (0: there is none now), ``code`` lets people join (None: nobody can), runs that ended before ``cleared``
    are put away, and ``stopped`` are those that the teacher stopped together."""

    number: int = 0
    opened: float = 0.0
    code: str | None = None
    cleared: float = 0.0
    stopped: tuple[str, ...] = ()
    rules: Rules = Rules()

    @property
    def on(self) -> bool:
        """Whether there is a class now."""
        return self.opened > 0


def read_class(connection: sqlite3.Connection) -> ClassState:
    """Return the class of a store; rules that cannot be read are none."""
    row = connection.execute("SELECT number, opened, code, cleared, stopped, rules FROM classroom").fetchone()
    if row is None:
        return ClassState()
    return ClassState(
        number=row["number"],
        opened=row["opened"],
        code=row["code"],
        cleared=row["cleared"],
        stopped=_kept(tuple[str, ...], row["stopped"], ()),
        rules=_kept(Rules, row["rules"], Rules()),
    )


def write_class(connection: sqlite3.Connection, state: ClassState) -> None:
    """Keep the class as it is now."""
    connection.execute(
        "INSERT OR REPLACE INTO classroom (one, number, opened, code, cleared, stopped, rules)"
        " VALUES (1, ?, ?, ?, ?, ?, ?)",
        (
            state.number,
            state.opened,
            state.code,
            state.cleared,
            json.dumps(state.stopped),
            json.dumps(asdict(state.rules)),
        ),
    )


def is_member(connection: sqlite3.Connection, owner: str) -> bool:
    """Return whether an owner has joined the class."""
    return connection.execute("SELECT 1 FROM members WHERE owner = ?", (owner,)).fetchone() is not None


def check_may_train(connection: sqlite3.Connection, owner: str, configs: Iterable[TrainingConfig]) -> None:
    """Raise RunError, a sentence, where the class does not let an owner train so.

    Whoever runs the lab, and the command line, may do as they like.
    """
    state = read_class(connection)
    if not state.on or not has_browser(owner) or person_of(connection, owner).runs_the_lab:
        return
    rules = state.rules
    if rules.members_only and not is_member(connection, owner):
        raise RunError("A class is going on in this lab: join it first, with its code, to train with it.")
    for config in configs:
        for what, wanted, has in (
            ("data set", rules.dataset, config.dataset.partition("@")[0]),
            ("recipe", rules.recipe, config.recipe),
        ):
            if wanted and has != wanted:
                raise RunError(f"The class trains with the {what} {wanted} now, and not with {has}.")


def _kept(kind: type[T], text: str, otherwise: T) -> T:
    try:
        return typed(kind, parse(text))
    except NotStrictJsonError:
        return otherwise
