"""A look over the store and its folders after something went wrong; repairs what can be repaired without loss."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from core.config import TrainingConfig
from core.data.own import OwnSetError, OwnSets
from core.data.own.store import files
from core.data.own.store.tables import FILE_NAME
from core.disk import free_space
from core.errors import CheckpointError, ConfigError, RunError
from core.runs import folders, leftovers
from core.runs.cluster.settings import cluster_wanted, unreachable
from core.runs.executors.local import LocalExecutor
from core.runs.executors.processes import find_process, process_id
from core.runs.records import AT_WORK
from core.runs.store.queue_writes import Queue
from core.runs.store.store import STORE_NAME, Store
from core.runs.supervisor import is_led


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One thing that was looked at: fine, repaired, or a problem that a person has to see to."""

    check: str
    verdict: Literal["fine", "repaired", "problem"]
    message: str


def examine(home: Path, *, repair: bool = True) -> Iterator[Finding]:
    """Yield what is found in a lab home, most basic first; stops at a store that cannot be opened or is damaged.

    Without ``repair`` nothing is changed, and what could be repaired is a problem.
    """
    yield from _own_sets(home, repair=repair)
    path = home / STORE_NAME
    if not path.exists():
        yield Finding(check="store", verdict="fine", message="There is no store yet; the first run makes one.")
        return
    try:
        damage = _damage(path)
        store = Store(path)
    except (sqlite3.Error, RunError) as error:
        yield Finding(
            check="store", verdict="problem", message=f"The store cannot be opened: {error}.".replace("..", ".")
        )
        return
    if damage:
        yield Finding(check="store", verdict="problem", message=f"The store is damaged: {damage}.")
        return
    yield Finding(check="store", verdict="fine", message="The store is whole.")
    with closing(store):
        yield _disk(home)
        yield _executor()
        led = is_led(store)
        yield _supervisor(store, led=led, repair=repair)
        yield from _workers(store, led=led, repair=repair)
        yield from _configurations(store)
        yield from _checkpoints(store, repair=repair)
        yield from _leftovers(store, repair=repair)
        yield from _features(home)


def _own_sets(home: Path, *, repair: bool) -> Iterator[Finding]:
    """The sets of the class's own pictures: nothing is said of a home that has none."""
    path = home / FILE_NAME
    if not path.exists():
        return
    try:
        damage = _damage(path)
        sets = None if damage else OwnSets(home)
    except (sqlite3.Error, OwnSetError) as error:
        damage, sets = str(error).removesuffix("."), None
    if sets is None:
        yield Finding(check="own sets", verdict="problem", message=f"The file of own sets is damaged: {damage}.")
        return
    with closing(sets), sets.database.writing() as connection:
        count = connection.execute("SELECT count(*) FROM sets").fetchone()[0]
        yield Finding(check="own sets", verdict="fine", message=f"Own sets: {count:,}; their file is whole.")
        for set_id, missing in files.lost(connection, home).items():
            said = f"Pictures of the set own-{set_id} that have lost their files: {missing:,}; delete them."
            yield Finding(check="own sets", verdict="problem", message=said)
        for name in files.unknown(connection, home):
            said = f"The folder 'sets/{name}' holds pictures of no set; delete it, or bring the file of own sets back."
            yield Finding(check="own sets", verdict="problem", message=said)
        left = files.left_behind(connection, home)
        if left and repair:
            files.sweep(connection, home)
        if left:
            verdict: Literal["repaired", "problem"] = "repaired" if repair else "problem"
            said = f"Files that were never acknowledged as pictures: {len(left):,}{', removed' if repair else ''}."
            yield Finding(check="own sets", verdict=verdict, message=said)


def _damage(path: Path) -> str:
    """What SQLite's own check finds; '' where the file is whole."""
    with closing(sqlite3.connect(f"file:{path.as_posix()}?mode=ro", uri=True)) as connection:
        lines = [row[0] for row in connection.execute("PRAGMA integrity_check(3)")]
        lines += [
            f"row {row[1]} of {row[0]} has lost its run" for row in connection.execute("PRAGMA foreign_key_check")
        ]
    return "" if lines == ["ok"] else "; ".join(line for line in lines if line != "ok")


def _disk(home: Path) -> Finding:
    try:
        folders.check_space(home)
    except folders.DiskFullError as error:
        return Finding(check="disk", verdict="problem", message=str(error))
    return Finding(check="disk", verdict="fine", message=f"{free_space(home) / 2**30:,.1f} GB are free.")


def _executor() -> Finding:
    """Where trainings are worked on, and whether that can be."""
    try:
        cluster = cluster_wanted()
        trouble = unreachable(cluster) if cluster is not None else ""
    except RunError as error:
        cluster, trouble = None, str(error)
    if trouble:
        return Finding(check="executor", verdict="problem", message=trouble)
    if cluster is None:
        return Finding(check="executor", verdict="fine", message="Trainings are worked on by this machine.")
    open_to_all = " Anybody who reaches it can run anything on it: it has no token." if cluster.without_token else ""
    said = f"Trainings are worked on by the Ray cluster at {cluster.address}, which answers.{open_to_all}"
    return Finding(check="executor", verdict="problem" if open_to_all else "fine", message=said)


def _supervisor(store: Store, *, led: bool, repair: bool) -> Finding:
    present = Queue(store).present()
    alive = present is not None and find_process(present) is not None
    if led:
        who = f"process {process_id(present)}" if present is not None and alive else "a process that has just come up"
        return Finding(check="supervisor", verdict="fine", message=f"The queue is served by {who}.")
    if present is None:
        return Finding(check="supervisor", verdict="fine", message="No supervisor is running; one starts with a run.")
    if repair:
        Queue(store).leave(present, if_idle=False)
    return Finding(
        check="supervisor",
        verdict="repaired" if repair else "problem",
        message="The last supervisor died without taking its leave; its name is taken off the store.",
    )


def _workers(store: Store, *, led: bool, repair: bool) -> Iterator[Finding]:
    """A run at work whose process is gone. While a supervisor leads, this is its to see to, within a second."""
    executor = LocalExecutor()
    queue = Queue(store)
    for held in queue.held():
        if led or (held.handle and executor.poll(held.handle)):
            continue
        lost = held.status in AT_WORK
        if repair:
            queue.gone(held, log="", forced=False)
        elif not lost:
            continue
        if lost:
            yield Finding(
                check="workers",
                verdict="repaired" if repair else "problem",
                message=f"The worker of run {held.run_id} is gone; the run is interrupted and can be resumed.",
            )


def _configurations(store: Store) -> Iterator[Finding]:
    with store.database.reading() as connection:
        rows = connection.execute("SELECT id, config FROM runs").fetchall()
    for row in rows:
        try:
            TrainingConfig.from_json(row["config"])
        except ConfigError as error:
            yield Finding(check="runs", verdict="problem", message=f"Run {row['id']} cannot be shown: {error}")


def _checkpoints(store: Store, *, repair: bool) -> Iterator[Finding]:
    """Every folder that a row names is there and loads; torch is imported only where there is something to load."""
    with store.database.reading() as connection:
        rows = connection.execute("SELECT run, folder, kind FROM checkpoints").fetchall()
    for row in rows:
        folder = folders.run_folder(store.home, row["run"]) / row["folder"]
        if not folder.is_dir():
            if repair:
                with store.database.writing() as connection:
                    connection.execute(
                        "DELETE FROM checkpoints WHERE run = ? AND folder = ?", (row["run"], row["folder"])
                    )
            yield Finding(
                check="checkpoints",
                verdict="repaired" if repair else "problem",
                message=f"'{row['folder']}' of run {row['run']} is gone from the disk; the store forgets it.",
            )
        elif problem := _unreadable(folder, row["kind"]):
            yield Finding(check="checkpoints", verdict="problem", message=f"Run {row['run']}: {problem}")


def _unreadable(folder: Path, kind: str) -> str:
    from core.checkpoints import load_state, read
    from core.checkpoints.backbones import load_network

    try:
        if kind == "state":
            load_state(folder)
        else:
            load_network(read(folder))
    except CheckpointError as error:
        return str(error)
    return ""


def _leftovers(store: Store, *, repair: bool) -> Iterator[Finding]:
    """Half-written folders of processes that were killed, and folders of runs that are no more."""
    with store.database.reading() as connection:
        known = {row["id"]: row["status"] for row in connection.execute("SELECT id, status FROM runs")}
    at_work = [run_id for run_id, status in known.items() if status in AT_WORK]
    found = [path.name for path in leftovers.half_written(store.home, at_work=at_work)]
    if repair:
        leftovers.sweep(store.home, at_work=at_work)
    for name in found:
        yield Finding(
            check="leftovers",
            verdict="repaired" if repair else "problem",
            message=f"'{name}' was left half-written by a process that was killed; it is removed.",
        )
    for folder in sorted((store.home / "runs").glob("[!.]*")):
        if folder.name not in known and folder.is_dir():
            size = folders.size_of(folder) / 2**20
            message = f"The folder runs/{folder.name} ({size:,.0f} MB) belongs to no run; delete it if nobody needs it."
            yield Finding(check="leftovers", verdict="problem", message=message)


def _features(home: Path) -> Iterator[Finding]:
    """How much the features of frozen backbones take; a damaged file needs nobody, it is worked out again."""
    size = folders.size_of(home / "features")
    if size:
        message = (
            f"Features of frozen backbones take {size / 2**20:,.0f} MB in the folder 'features'; those used longest "
            "ago make room by themselves, and all may be deleted while nothing trains."
        )
        yield Finding(check="features", verdict="fine", message=message)
