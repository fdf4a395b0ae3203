"""The owners of runs: their nicknames, which of them runs the lab, and runs that pass from one to another."""

import hmac
import sqlite3

from core.errors import RunError
from core.names import folded
from core.rights import BY_OPERATOR, KEYS, Person, RightsError, has_browser, operators_key, proof, shown_name
from core.runs.records import check_name
from core.runs.store.rows import person_of
from core.runs.store.store import Store


class Owners:
    """What a store knows of its owners. Reading costs one row."""

    def __init__(self, store: Store) -> None:
        self.database = store.database

    def person(self, owner: str) -> Person:
        """Return who an owner is: with all rights where the key that was entered is still the lab's."""
        with self.database.reading() as connection:
            return person_of(connection, owner)

    def nickname(self, owner: str) -> str:
        """Return an owner's nickname; "" where there is none."""
        with self.database.reading() as connection:
            return _row(connection, owner)[0]

    def call(self, owner: str, nickname: str) -> None:
        """Give an owner a nickname, or none (""); raises RunError where it cannot be used or is somebody else's."""
        with self.database.writing() as connection:
            call(connection, owner, nickname)

    def enter_key(self, owner: str, key: str, *, address: str = "") -> None:
        """Let an owner, who asks from this ``address`` in the network, do all in this lab, if ``key`` is its key.

        Raises RightsError where it is not, or was tried too often.
        """
        known = operators_key()
        right = known is not None and hmac.compare_digest(key.encode(), known.encode())
        if not KEYS.judge(key, right=right, by=Person(owner=owner, address=address)):
            raise RightsError("This is not the key of this lab. Whoever started it has set it as CNN_LAB_KEY.")
        with self.database.writing() as connection:
            _keep(connection, owner, "proof", proof(owner))

    def leave_key(self, owner: str) -> None:
        """Take the rights of `enter_key` back."""
        with self.database.writing() as connection:
            _keep(connection, owner, "proof", "")

    def find(self, name: str) -> str | None:
        """Return the owner whom people read as ``name``, in upper or lower case; None where there is nobody."""
        with self.database.reading() as connection:
            return next((owner for known, owner in _names(connection) if folded(known) == folded(name)), None)

    def give(self, name: str, *, to: str) -> int:
        """Give all runs of one owner to another, both as people read them; returns how many.

        Raises RunError where there is nobody of a name. An owner without a browser is forgotten: the name is free.
        """
        source, target = self.find(name), self.find(to)
        for owner, called in ((source, name), (target, to)):
            if owner is None:
                raise RunError(f"Nobody in this lab is called '{called}'; `python -m core runs list` shows the names.")
        if source == target:
            raise RunError(f"'{name}' and '{to}' are one owner.")
        with self.database.writing() as connection:
            count = connection.execute("UPDATE runs SET owner = ? WHERE owner = ?", (target, source)).rowcount
            if not has_browser(str(source)):
                connection.execute("DELETE FROM owners WHERE owner = ?", (source,))
        return count


def call(connection: sqlite3.Connection, owner: str, nickname: str) -> None:
    """Do what `Owners.call` does inside a transaction, together with what depends on it."""
    name = check_name(nickname, what="nickname") if nickname.strip() else ""
    if folded(name).startswith("guest ") or folded(name) in ("you", "guest", folded(shown_name(BY_OPERATOR, ""))):
        raise RunError(f"'{name}' is what the lab calls people without a nickname; choose another.")
    if name and any(folded(name) == folded(known) for known, other in _names(connection) if other != owner):
        raise RunError(
            f"'{name}' is somebody else's in this lab, or of runs from before; choose another, by a letter more, say. "
            "Was it you, in another browser or before its cookies were cleared? Your teacher can free the name, and "
            "give you those runs."
        )
    _keep(connection, owner, "nickname", name)


def _row(connection: sqlite3.Connection, owner: str) -> tuple[str, str]:
    row = connection.execute("SELECT nickname, proof FROM owners WHERE owner = ?", (owner,)).fetchone()
    return (row["nickname"], row["proof"]) if row else ("", "")


def _keep(connection: sqlite3.Connection, owner: str, column: str, value: str) -> None:
    connection.execute(
        f"INSERT INTO owners (owner, served, {column}) VALUES (?, 0, ?)"
        f" ON CONFLICT (owner) DO UPDATE SET {column} = excluded.{column}",
        (owner, value),
    )


def _names(connection: sqlite3.Connection) -> list[tuple[str, str]]:
    """Every owner as people read it, and its id."""
    rows = connection.execute(
        "SELECT owner, nickname FROM owners UNION SELECT owner, '' FROM runs"
        " WHERE owner NOT IN (SELECT owner FROM owners)"
    )
    return [(shown_name(row["owner"], row["nickname"]), row["owner"]) for row in rows]
