"""The process that owns the queue: it claims runs, starts workers, watches them, and takes back what they lose.

One leads a store at a time, by a file lock. It holds nothing that the store does not: when it dies, the workers go on
and the next one finds them. It leaves by itself when there has been nothing to do for some minutes.
"""

import contextlib
import logging
import os
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass

import filelock

from core.disk import refusal
from core.errors import RunError
from core.runs import folders, leftovers, sharing
from core.runs.executors.port import Capacity, Executor, Job
from core.runs.executors.processes import process_handle
from core.runs.records import AT_WORK, StoreError
from core.runs.store.company import noted_turn, remove_note
from core.runs.store.queue_writes import Held, Queue
from core.runs.store.store import Store

log = logging.getLogger(__name__)

_LOCK = "supervisor.lock"
ASLEEP = 5.0  # seconds between two looks from which on the machine slept, and its workers with it
MORE_PATIENCE = 2  # with a process that several runs share: ending it by force interrupts all of them


@dataclass(frozen=True, kw_only=True)
class Patience:
    """How long the supervisor waits, in seconds.

    ``tick`` between two looks; ``ask`` and ``force`` from a request to stop until SIGTERM and until SIGKILL;
    ``silence`` without a sign of life until a worker is given up; ``word`` and ``start`` for one that nobody has heard
    of yet, where no such process can be seen and where one can; ``linger`` for a process to end after its run has;
    ``idle`` without work until the supervisor leaves; ``turn`` that a run has to itself before it makes room for others
    that wait for a process of their own. Processes that several runs share are waited for twice as long.
    """

    tick: float = 0.2
    ask: float = 4.0
    force: float = 8.0
    silence: float = 60.0
    word: float = 3.0
    start: float = 20.0
    linger: float = 15.0
    idle: float = 600.0
    turn: float = 60.0


class Supervisor:
    """One leader's work. `supervise` makes sure that there is one only."""

    def __init__(self, store: Store, executor: Executor, *, patience: Patience | None = None) -> None:
        self.store = store
        self.queue = Queue(store)
        self.executor = executor
        self.patience = patience or Patience()
        self.leaving = threading.Event()
        self._trouble = ""
        self._looked = time.monotonic()
        self._seen: dict[tuple[str, int], tuple[str, float, float]] = {}  # of each worker: status, beat, since when
        self._began: dict[tuple[str, int], float] = {}
        self._asked: set[tuple[str, int]] = set()
        self._forced: set[tuple[str, int]] = set()
        self._by_disk: dict[tuple[str, int], str] = {}  # of workers that went then: what was wrong with the disk

    def run(self) -> None:
        """Serve the queue until `leaving` is set or there has been nothing to do for long enough."""
        own = process_handle(os.getpid())
        present = False
        busy = time.monotonic()
        while not self.leaving.wait(self.patience.tick):
            if not self.store.path.exists():  # somebody removed the lab's folder; an open file would hide it
                return
            try:
                if not present:
                    self._note_lost_to_the_disk(self.queue.held())
                    self._appear(own)
                    present = True
                if self.tick():
                    busy = time.monotonic()
                elif time.monotonic() - busy > self.patience.idle and self.queue.leave(own, if_idle=True):
                    log.info("nothing to do; leaving")
                    return
            except StoreError as error:  # a full disk passes; the workers save and wait for nobody
                log.warning("%s", error)
                self.leaving.wait(1.0)
        with contextlib.suppress(StoreError):  # whoever looks for this process will find that it has gone
            self.queue.leave(own, if_idle=False)

    def tick(self) -> bool:
        """Look at every worker once, then fill free slots; returns whether there is any work at all."""
        held = self.queue.held()
        self._forget_all_but({(each.run_id, each.fence) for each in held})
        self._leave_out_sleep()
        self._note_lost_to_the_disk(held)
        gone = [each for each in held if self._watch(each)]
        lost = {each.handle for each in gone if each.handle}
        for each in held:
            if each.handle in lost and each not in gone:  # its process was there when it was looked at, a moment ago
                self._gone(each)
        if gone:
            self._sweep()
        if folders.trouble(self.store.home):
            return bool(held)
        for handle in self.queue.shared_workers():  # before anything is claimed and handed to one that is gone
            if not self.executor.poll(handle):
                self.queue.forget(handle)
                remove_note(self.store.home, handle)
        returned = self.queue.again()
        capacity = self.executor.capacity()
        self._tell_waiting(capacity.trouble)
        started = 0
        if not capacity.trouble:
            if capacity.together:
                self.queue.sort_out(sharing.judge())
            if capacity.slots:
                self.queue.make_room(self._has_had_its_turn, together=capacity.together)
            while self._start_next(capacity):
                started += 1
        return bool(held or returned or started)

    def _tell_waiting(self, trouble: str) -> None:
        if trouble or self._trouble:
            self.queue.tell_waiting(trouble, before=self._trouble)
        if trouble != self._trouble:
            log.warning("%s", trouble or "runs can be started again")
        self._trouble = trouble

    def _start_next(self, capacity: Capacity) -> bool:
        claim = self.queue.claim(slots=capacity.slots, threads=capacity.threads, together=capacity.together)
        if claim is None:
            return False
        self._began[claim.run_id, claim.fence] = time.monotonic()
        if claim.handle:
            log.info("run %s, worker %d: handed to a process that is there", claim.run_id, claim.fence)
            return True
        job = Job(home=self.store.home, run_id=claim.run_id, fence=claim.fence, threads=claim.threads)
        try:
            self.queue.started(claim, self.executor.submit(job))
            log.info("run %s, worker %d: started", claim.run_id, claim.fence)
        except RunError as error:
            log.warning("run %s, worker %d: %s", claim.run_id, claim.fence, error)
            self.queue.refused(claim, str(error), by_disk=refusal(error) is not None)
        return True

    def _has_had_its_turn(self, run_id: str, fence: int) -> bool:
        """Whether a run has been at work for a turn; one that another supervisor claimed begins to count now."""
        return time.monotonic() - self._began.setdefault((run_id, fence), time.monotonic()) > self.patience.turn

    def _watch(self, held: Held) -> bool:
        """Take note of a worker that is gone, and say whether it is; press one that should go."""
        key = (held.run_id, held.fence)
        now = time.monotonic()
        status, beat, since = self._seen.get(key, ("", -1.0, now))
        if (status, beat) != (held.status, held.beat if held.status == "running" else beat):
            since = now
        self._seen[key] = (held.status, held.beat, since)
        waited = (now - since) / (MORE_PATIENCE if held.shared else 1)
        gone = not self.executor.poll(held.handle) if held.handle else self._is_unheard_of(held, now - since)
        if gone:
            self._gone(held)
        elif held.handle:
            self._by_disk.pop(key, None)
            self._press(held, waited)
        return gone

    def _leave_out_sleep(self) -> None:
        """Wait for nobody while the machine sleeps: some clocks go on, and no worker can show a sign of life."""
        now, before = time.monotonic(), self._looked
        self._looked = now
        if now - before > ASLEEP:
            self._seen = {
                key: (status, beat, since + now - before) for key, (status, beat, since) in self._seen.items()
            }

    def _is_unheard_of(self, held: Held, waited: float) -> bool:
        """Whether no worker comes of a claim: its supervisor died, or was left without an answer, before it could say
        who does the work. One that comes all the same finds that the run has passed on."""
        if waited > self.patience.start:
            return True
        return waited > self.patience.word and not self.executor.is_coming_up(held.run_id, held.fence)

    def _press(self, held: Held, waited: float) -> None:
        """End a worker that is silent, or does not go where it should, after it has been asked to."""
        key = (held.run_id, held.fence)
        if held.status == "running":
            if waited > self.patience.silence:
                self._force(held, "silent")
        elif held.status not in AT_WORK:
            if waited > self.patience.linger:
                self._force(held, "lingering")
        elif waited > self.patience.force:
            self._force(held, "does not stop")
        elif waited > self.patience.ask and key not in self._asked:
            self._asked.add(key)
            self.executor.cancel(held.handle, force=False)

    def _note_lost_to_the_disk(self, held: Sequence[Held]) -> None:
        """Remember the workers that are gone while the disk is in trouble, before any is written of: nothing may be
        written now, and when it can be, their losses are not their runs' fault."""
        if trouble := folders.trouble(self.store.home):
            for each in held:
                if not each.handle or not self.executor.poll(each.handle):
                    self._by_disk[each.run_id, each.fence] = trouble

    def _forget_all_but(self, held: set[tuple[str, int]]) -> None:
        self._by_disk = {key: words for key, words in self._by_disk.items() if key in held}
        self._seen = {key: seen for key, seen in self._seen.items() if key in held}
        self._began = {key: began for key, began in self._began.items() if key in held}
        self._asked &= held
        self._forced &= held

    def _force(self, held: Held, why: str) -> None:
        if (held.run_id, held.fence) not in self._forced:
            log.warning("run %s, worker %d: %s; ended by force", held.run_id, held.fence, why)
            self._forced.add((held.run_id, held.fence))
        self.executor.cancel(held.handle, force=True)

    def _appear(self, own: str) -> None:
        """Say who leads this store, and find what the last one left."""
        self.queue.appear(own)
        for held in self.queue.held():
            if held.handle and self.executor.reattach(held.handle):  # the first look takes note of those gone
                log.info("run %s, worker %d: found at work", held.run_id, held.fence)
        self._sweep()

    def _sweep(self) -> None:
        """Clear away what killed processes left half-written; no quota counts it."""
        with contextlib.suppress(OSError):  # a disk that refuses: at the next start, or by doctor
            at_work = [held.run_id for held in self.queue.held()]
            for name in leftovers.sweep(self.store.home, at_work=at_work):
                log.info("%s: left half-written, removed", name)

    def _gone(self, held: Held) -> None:
        key = (held.run_id, held.fence)
        lines = folders.last_lines(folders.log_file(self.store.home, held.run_id, held.fence))
        trouble = folders.trouble(self.store.home) or self._by_disk.get(key, "")
        turn = noted_turn(self.store.home, held.handle) if held.shared else None
        blamed = None if turn is None else turn == key
        self.queue.gone(held, log=lines, forced=key in self._forced, trouble=trouble, blamed=blamed)
        log.info("run %s, worker %d: gone", held.run_id, held.fence)


def supervise(supervisor: Supervisor, *, wait: float = 5.0) -> bool:
    """Lead the store until there is nothing to do; returns False where another supervisor leads it.

    ``wait``: seconds to wait for one that may be leaving just now.
    """
    try:
        with filelock.FileLock(supervisor.store.home / _LOCK, timeout=wait):
            supervisor.run()
    except filelock.Timeout:
        return False
    return True


def is_led(store: Store) -> bool:
    """Whether a supervisor leads this store now, by its lock."""
    try:
        with filelock.FileLock(store.home / _LOCK, timeout=0):
            return False
    except filelock.Timeout:
        return True
