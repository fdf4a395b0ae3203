"""An own set with all that was trained on it: saved as one zip, and opened in another lab."""

from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from core.data.own.records import OwnSet
from core.data.own.store.pictures import OwnPictures
from core.data.own.versions import Versions
from core.data.own.ways_in.archive import open_zip
from core.data.own.ways_in.found import NotFoundHereError, Skipped
from core.data.own.ways_in.import_set import Imported, Tell, import_set, import_zip
from core.data.own.ways_out.saved_set import save_set
from core.rights import Person
from core.runs.records import Run
from core.runs.store.store import Store


@dataclass(frozen=True, kw_only=True)
class Saved:
    """How many pictures of the set, and how many networks, are in the zip."""

    pictures: int
    networks: int


@dataclass(frozen=True, kw_only=True)
class Opened:
    """The new set, the runs that came with it, and everything that was passed over, with the sentence why."""

    own: OwnSet
    runs: tuple[Run, ...]
    skipped: tuple[Skipped, ...]


def save_with_runs(pictures: OwnPictures, store: Store, set_id: str, file: BinaryIO) -> Saved:
    """Write a set, its versions and the networks trained on them into ``file``, a zip. Raises LabError, OSError."""
    from core.runs.saved_runs import add_runs  # brings torch along

    networks: list[int] = []
    count = save_set(pictures, set_id, file, add=lambda archive: networks.append(add_runs(archive, store, set_id)))
    return Saved(pictures=count, networks=sum(networks))


def open_with_runs(
    pictures: OwnPictures,
    store: Store,
    file: BinaryIO,
    name: str,
    *,
    title: str = "",
    by: Person,
    tell: Tell | None = None,
) -> Opened:
    """`core.data.own.ways_in.import_set.import_zip`, with the runs of a set that was saved with them."""
    imported = import_zip(pictures, file, name, title=title, by=by, tell=tell)
    return _with_runs(pictures, store, file, imported, by=by)


def import_with_runs(
    pictures: OwnPictures, store: Store, path: Path, *, title: str = "", by: Person, tell: Tell | None = None
) -> Opened:
    """`core.data.own.ways_in.import_set.import_set`, with the runs of a set that was saved with them."""
    imported = import_set(pictures, path, title=title, by=by, tell=tell)
    if path.is_dir():
        return Opened(own=imported.own, runs=(), skipped=imported.skipped)
    with path.open("rb") as file:
        return _with_runs(pictures, store, file, imported, by=by)


def _with_runs(pictures: OwnPictures, store: Store, file: BinaryIO, imported: Imported, *, by: Person) -> Opened:
    try:
        archive = open_zip(file)
    except NotFoundHereError:  # IDX or Parquet
        return Opened(own=imported.own, runs=(), skipped=imported.skipped)
    with archive:
        from core.runs.saved_runs import ABOUT, bring_runs

        if ABOUT not in archive.namelist():
            return Opened(own=imported.own, runs=(), skipped=imported.skipped)
        runs, skipped = bring_runs(archive, store, Versions(pictures.sets), imported.own.id, by=by)
    return Opened(own=imported.own, runs=tuple(runs), skipped=(*imported.skipped, *skipped))
