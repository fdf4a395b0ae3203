"""A lab of which only the store is real: its processes and supervisors are the test's, and can do anything at any time.

What the store answers is compared with what it should, in other words than its own.
"""

import itertools
import shutil
import sqlite3
import tempfile
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar, cast

from hypothesis import strategies as st

from core.config import TrainingConfig
from core.runs import sharing
from core.runs.records import AT_WORK, StaleWorkerError, Status
from core.runs.store.company import Company
from core.runs.store.lease import Lease
from core.runs.store.queue_order import ALONE
from core.runs.store.queue_writes import OF_ONE_OWNER, Held, Queue
from core.runs.store.store import STORE_NAME, Store

SLOTS, TOGETHER = 1, 3
MAY_FOLLOW: dict[str, set[str]] = {
    "queued": {"running", "stopped"},
    "running": {"stopping", "finished", "diverged", "failed", "interrupted"},
    "stopping": {"stopped", "finished", "diverged", "failed", "interrupted"},
    "interrupted": {"queued", "stopped"},
    "stopped": {"queued"},
    "failed": {"queued"},
    "finished": set(),
    "diverged": set(),
}

T = TypeVar("T")
Key = tuple[str, int]
Draw = Callable[[st.SearchStrategy[Any]], Any]


@dataclass(eq=False)
class Process:
    """A worker: the claims that it was started for or handed, and those that it works on."""

    handle: str
    shared: bool
    first: Key
    alive: bool = True
    given_up: bool = False
    holds: dict[Key, None] = field(default_factory=dict)  # in the order of their coming
    known: set[Key] = field(default_factory=set)


def one_of(draw: Draw, things: Sequence[T]) -> T | None:
    """Draw one of ``things``; None where there is none."""
    return draw(st.sampled_from(things)) if things else None


class QueueLab:
    """One store, and who is at work on it."""

    def open_lab(self) -> None:
        self.home = Path(tempfile.mkdtemp())
        self.store = Store(self.home / STORE_NAME)
        self.queue = Queue(self.store)
        self.processes: list[Process] = []
        self.runs: list[str] = []
        self.fences: dict[str, int] = {}
        self.numbers = itertools.count(1)
        self.seen: list[Held] = []

    def close_lab(self) -> None:
        self.store.close()
        shutil.rmtree(self.home)

    def queue_up(self, config: TrainingConfig, owner: str) -> None:
        self.runs.append(self.store.submit(config, owner, "a run").id)

    def claim_next(self, *, known: bool = True, fate: str = "comes up") -> None:
        self.queue.sort_out(lambda config: sharing.is_small(config) if known else None)
        expected = self._next_in_line()
        claim = self.queue.claim(slots=SLOTS, threads=1, together=TOGETHER)
        assert (claim.run_id if claim else None) == expected
        if claim is None:
            return
        assert claim.fence == self.fences.get(claim.run_id, 0) + 1
        self.fences[claim.run_id] = claim.fence
        if claim.handle:
            return
        process = Process(
            handle=f"process {next(self.numbers)}",
            shared=bool(self._row(claim.run_id)["shared"]),
            first=(claim.run_id, claim.fence),
            alive=fate in ("comes up", "supervisor dies"),
        )
        self.processes.append(process)
        if fate in ("comes up", "dies"):
            self.queue.started(claim, process.handle)

    def _next_in_line(self) -> str | None:
        """Who has to be served now, in other words than the query's."""
        with self.store.database.reading() as connection:
            rows = connection.execute("SELECT * FROM runs").fetchall()
            served = dict(connection.execute("SELECT owner, served FROM owners").fetchall())
            shared = dict(connection.execute("SELECT handle, open FROM shared_workers").fetchall())
        at_work = [row for row in rows if row["status"] in AT_WORK]
        loads = Counter(row["handle"] for row in at_work)
        companies = len(shared) + sum(row["shared"] and row["handle"] not in shared for row in at_work)
        room = companies < SLOTS or any(more and loads[handle] < TOGETHER for handle, more in shared.items())
        alone = Counter(bool(row["shareable"]) for row in at_work if not row["shared"])
        of_owner = Counter(row["owner"] for row in at_work)
        sharing_of_owner = Counter(row["owner"] for row in at_work if row["shared"])

        def may(row: sqlite3.Row) -> bool:
            if row["shareable"] in (1, 2) and row["losses"] == 0:
                return room and sharing_of_owner[row["owner"]] < OF_ONE_OWNER
            return alone[small := bool(row["shareable"])] < (ALONE if small else SLOTS)

        waiting = [row for row in rows if row["status"] == "queued" and not row["handle"] and may(row)]
        order = sorted(
            waiting,
            key=lambda row: (-row["front"], of_owner[row["owner"]], served.get(row["owner"], 0), row["ticket"]),
        )
        return order[0]["id"] if order else None

    def take_back(self, held: Sequence[Held], *, blames: bool) -> None:
        blamed: dict[str, str] = {}
        for each in held:
            if each.handle and self._lives(each.handle):
                continue
            first = blamed.setdefault(each.handle, each.run_id)
            before, same = self.fate(each.run_id), self._is(each)
            self.queue.gone(each, log="", forced=False, blamed=first == each.run_id if each.shared and blames else None)
            assert same or self.fate(each.run_id) == before
        for handle in self.queue.shared_workers():
            if not self._lives(handle):
                self.queue.forget(handle)

    def _is(self, held: Held) -> bool:
        """Whether the claim that a supervisor saw is still the run's newest, and in the same process."""
        row = self.fate(held.run_id)
        return row is not None and (row[1], row[2]) == (held.fence, held.handle)

    def fate(self, run: str) -> tuple[object, ...] | None:
        with self.store.database.reading() as connection:
            row = connection.execute("SELECT status, fence, handle, losses FROM runs WHERE id = ?", (run,)).fetchone()
        return None if row is None else tuple(row)

    def begin_all(self, process: Process, *, room: bool) -> None:
        company = Company(self.store, process.handle)
        for key in (process.first, *(company.runs() if process.shared else ())):
            if key in process.known:
                continue
            process.known.add(key)
            current = self.is_current(key)
            try:
                self.lease(key).begin(process.handle)
            except StaleWorkerError:
                assert not current
            else:
                assert current
                process.holds[key] = None
        if process.shared:
            company.take_in(room)
        elif not process.holds:
            process.alive = False

    def finish(self, process: Process, key: Key, status: str, *, again: bool) -> None:
        current = self.is_current(key)
        try:
            self.lease(key).end(cast(Status, status), reason="", again=again, process_goes_on=process.shared)
        except StaleWorkerError:
            assert not current
        else:
            assert current
        self.drop(process, key)

    def drop(self, process: Process, key: Key) -> None:
        process.holds.pop(key, None)
        process.alive = process.shared

    def go(self, process: Process) -> None:
        """A process that runs share goes when none is left, and nobody may have handed it one meanwhile."""
        if process.holds or process.first not in process.known:
            return
        company = Company(self.store, process.handle)
        new = set(company.runs()) - process.known
        assert company.leave() is not bool(new)
        process.alive = bool(new)

    def check_changes(self, run: str) -> None:
        seen = [change.status for change in self.store.changes(run)]
        assert seen[0] == "queued"
        assert all(after in MAY_FOLLOW[before] for before, after in itertools.pairwise(seen)), seen

    def living(self) -> list[Process]:
        return [process for process in self.processes if process.alive]

    def at_work(self) -> list[tuple[Process, Key]]:
        return [(process, key) for process in self.living() for key in process.holds]

    def _lives(self, handle: str) -> bool:
        return any(each.alive and not each.given_up for each in self.processes if each.handle == handle)

    def is_current(self, key: Key) -> bool:
        fate = self.fate(key[0])
        return fate is not None and fate[0] in AT_WORK and fate[1] == key[1]

    def steps(self, run: str) -> list[int]:
        return [each.step for each in self.store.steps(run)]

    def lease(self, key: Key) -> Lease:
        return Lease(self.store, *key)

    def _row(self, run: str) -> sqlite3.Row:
        with self.store.database.reading() as connection:
            return connection.execute("SELECT * FROM runs WHERE id = ?", (run,)).fetchone()
