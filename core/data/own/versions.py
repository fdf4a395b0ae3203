"""The versions of own sets: what a set was when something was trained on it, so that a run stays explainable.

A version is a fingerprint of all that decides what is learned and how it is judged: classes in order, pictures in order
with their labels, who took them and in which bursts. The newest one is whatever the set is now. A version is kept, with
its manifest, from the moment that somebody trains on it, and its pictures with it. The manifest says as well on which
side of the split each picture lay, so that a later lab, which may split otherwise, still tells who judged.
"""

import hashlib
import json
import re
import sqlite3
import time
from collections import OrderedDict
from collections.abc import Collection, Sequence
from dataclasses import replace
from typing import TypeVar

import numpy as np

from core.data.own.manifests import Manifest, Pictured, checked_manifest, manifest_text, read_manifest, split_today
from core.data.own.records import PREFIX, OwnSetError, check_set_id, no_such_set
from core.data.own.store.sets import OwnSets
from core.data.own.twins import SIDE, groups_of
from core.rights import Person

LETTERS = 12  # of a version, as names carry it
Key = TypeVar("Key")
Value = TypeVar("Value")

_NAME = re.compile(rf"{PREFIX}(?P<set>[a-z0-9]{{10}})(?:@(?P<version>[0-9a-f]{{{LETTERS}}}))?")
_REMEMBERED = 16  # manifests, and versions of sets


def split_name(name: str) -> tuple[str, str | None] | None:
    """Return the set and version (None: whatever it is now) that a data set's name means; None for no own set's."""
    found = _NAME.fullmatch(name)
    return (found["set"], found["version"]) if found else None


class Versions:
    """The versions of the sets of one home. Safe between threads and between processes."""

    def __init__(self, sets: OwnSets) -> None:
        self.sets = sets
        self._now: OrderedDict[tuple[str, int], str] = OrderedDict()
        self._manifests: OrderedDict[tuple[str, str], Manifest] = OrderedDict()

    def now(self, set_id: str) -> str:
        """Return the version that a set is at this moment; costs two rows where it has not changed since."""
        with self.sets.database.reading() as connection:
            revision = _revision(connection, set_id)
            known = self._now.get((set_id, revision))
            if known is None:
                known = _version(*_content(connection, set_id))
                _remember(self._now, (set_id, revision), known)
        return known

    def get(self, set_id: str, version: str | None = None) -> Manifest:
        """Return a version: one that is kept, or the set as it is now (None).

        Raises OwnSetError where there is no such set, or the version was never trained on and is the past.
        """
        if version is not None and (known := self._manifests.get((set_id, version))):
            self.now(set_id)  # raises where the set is gone
            return known
        wanted = version or self.now(set_id)
        with self.sets.database.reading() as connection:
            title = connection.execute("SELECT title FROM sets WHERE id = ?", (check_set_id(set_id),)).fetchone()
            if title is None:
                raise no_such_set(set_id)
            kept = connection.execute(
                "SELECT manifest FROM versions WHERE own_set = ? AND version = ?", (set_id, wanted)
            ).fetchone()
            classes, rows = _content(connection, set_id, look="look") if kept is None else ([], [])
        if kept is not None:
            found = read_manifest(set_id, wanted, kept["manifest"])
        else:
            found = _manifest(set_id, classes, rows)
            if version not in (None, found.version):
                raise OwnSetError(
                    f"'{title['title']}' is no longer what it was in version {version}: pictures or classes have "
                    "changed since, and nothing was trained on that version. Take the set as it is now."
                )
        _remember(self._manifests, (set_id, found.version), found)
        return found

    def keep(self, set_id: str, version: str | None = None) -> Manifest:
        """`get`, and keep the version from now on: call it where something is about to be trained on it."""
        found = self.get(set_id, version)
        with self.sets.database.reading() as connection:
            if self._is_kept(connection, found):
                return found
        found = replace(found, split=split_today(found))
        text = manifest_text(found)
        with self.sets.writing() as connection:
            _revision(connection, set_id)  # raises where the set is gone
            if not self._is_kept(connection, found):
                if _version(*_content(connection, set_id)) != found.version:
                    raise OwnSetError("The set has changed at this very moment; try again.")
                connection.execute(
                    "INSERT INTO versions VALUES (?, ?, ?, ?)", (set_id, found.version, time.time(), text)
                )
        _remember(self._manifests, (set_id, found.version), found)
        return found

    def naming(self, set_id: str, pictures: Collection[str]) -> tuple[Manifest, ...]:
        """Return the kept versions that some of these pictures, by their ids, belong to, oldest first."""
        with self.sets.database.reading() as connection:
            rows = connection.execute(
                "SELECT version FROM versions WHERE own_set = ? ORDER BY kept", (check_set_id(set_id),)
            ).fetchall()
        known = [self.get(set_id, row["version"]) for row in rows]
        return tuple(each for each in known if not {one.id for one in each.pictures}.isdisjoint(pictures))

    def texts(self, set_id: str) -> dict[str, str]:
        """Return the manifests of the kept versions of a set, as JSON, by their versions, oldest first."""
        with self.sets.database.reading() as connection:
            rows = connection.execute(
                "SELECT version, manifest FROM versions WHERE own_set = ? ORDER BY kept", (check_set_id(set_id),)
            )
            return {row["version"]: row["manifest"] for row in rows}

    def bring(self, set_id: str, version: str, text: str | bytes, *, by: Person) -> Manifest:
        """Keep a version that another lab kept of this set, from its JSON.

        Raises OwnSetError, one sentence, where it cannot be one, or says otherwise of what the set is now; RightsError.
        """
        if split_name(f"{PREFIX}{set_id}@{version}") is None:
            raise OwnSetError("This is not how a version is called.")
        found = checked_manifest(read_manifest(set_id, version, text))
        if version == self.now(set_id) and _facts(found) != _facts(self._made(set_id)):
            raise OwnSetError(f"What is known of version {version} is not what the set is; it was left out.")
        with self.sets.changing(set_id, by=by, act="bring versions of") as connection:
            row = (set_id, version, time.time(), manifest_text(found))
            connection.execute("INSERT OR IGNORE INTO versions VALUES (?, ?, ?, ?)", row)
        return found

    def _made(self, set_id: str) -> Manifest:
        """The version that a set is now, whatever is kept of it."""
        with self.sets.database.reading() as connection:
            return _manifest(set_id, *_content(connection, set_id, look="look"))

    @staticmethod
    def _is_kept(connection: sqlite3.Connection, manifest: Manifest) -> bool:
        return bool(
            connection.execute(
                "SELECT 1 FROM versions WHERE own_set = ? AND version = ?", (manifest.set_id, manifest.version)
            ).fetchone()
        )


def _facts(manifest: Manifest) -> object:
    """What a version's name is made of, as far as its manifest tells; groups are found anew by each build."""
    return manifest.classes, [(each.id, each.form, each.label, each.contributor) for each in manifest.pictures]


def _revision(connection: sqlite3.Connection, set_id: str) -> int:
    row = connection.execute("SELECT revision FROM sets WHERE id = ?", (check_set_id(set_id),)).fetchone()
    if row is None:
        raise no_such_set(set_id)
    return int(row["revision"])


def _content(connection: sqlite3.Connection, set_id: str, *, look: str = "NULL") -> tuple[list[str], list[sqlite3.Row]]:
    """The classes' names and the pictures' rows, each with its label, in their orders."""
    classes = connection.execute("SELECT name FROM classes WHERE own_set = ? ORDER BY place", (set_id,)).fetchall()
    rows = connection.execute(
        f"SELECT pictures.id, form, contributor, burst, taken, {look} AS look,"
        " (SELECT count(*) FROM classes AS before WHERE before.own_set = classes.own_set"
        "   AND before.place < classes.place) AS label"
        " FROM pictures JOIN classes ON classes.id = class WHERE pictures.own_set = ? ORDER BY number",
        (set_id,),
    ).fetchall()
    return [row["name"] for row in classes], rows


def _version(classes: Sequence[str], rows: Sequence[sqlite3.Row]) -> str:
    digest = hashlib.sha256(json.dumps(classes).encode())
    for row in rows:
        facts = [row[name] for name in ("id", "label", "contributor", "burst", "taken")]
        digest.update(json.dumps(facts).encode())
    return digest.hexdigest()[:LETTERS]


def _manifest(set_id: str, classes: Sequence[str], rows: Sequence[sqlite3.Row]) -> Manifest:
    looks = np.frombuffer(b"".join(row["look"] for row in rows), np.uint8).reshape(-1, SIDE, SIDE, 3)
    taken = np.array([np.nan if row["taken"] is None else row["taken"] for row in rows], np.float64)
    groups = groups_of(looks, [row["contributor"] for row in rows], taken=taken, bursts=[row["burst"] for row in rows])
    return Manifest(
        set_id=set_id,
        version=_version(classes, rows),
        classes=tuple(classes),
        pictures=tuple(
            Pictured(id=row["id"], form=row["form"], label=row["label"], contributor=row["contributor"], group=group)
            for row, group in zip(rows, groups.tolist(), strict=True)
        ),
    )


def _remember(known: OrderedDict[Key, Value], key: Key, value: Value) -> None:
    known[key] = value
    while len(known) > _REMEMBERED:
        known.popitem(last=False)
