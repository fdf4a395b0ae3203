"""Many trainings in one process, each for a fraction of a second at a time, so that every curve moves.

A training is a generator whose every yield is a consistent state, so it can wait there while others compute. What is
the process's and not the training's goes with each: random generators, threads, and where output is written. A
training that raises, diverges or is stopped ends alone; when the process is lost, its runs go on from their last saved
states, each in a process of its own until it has got further (`core.runs.store.queue_order`).
"""

import contextlib
import gc
import logging
import os
import queue
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from core.compute.allocator import give_back
from core.errors import RunError
from core.runs import folders, sharing
from core.runs.executors.processes import process_handle
from core.runs.records import StaleWorkerError, StoreError
from core.runs.store.company import Company, TurnNote
from core.runs.store.lease import Lease
from core.runs.store.store import Store
from core.runs.worker.coming_up import import_all
from core.runs.worker.of_the_process import OfTheProcess
from core.runs.worker.recorder import LOOK_SECONDS, PULSE_SECONDS, Recorder
from core.runs.worker.rota import Key, Rota
from core.runs.worker.told_to_leave import when_told_to_leave
from core.runs.worker.turnstile import Turnstile
from core.runs.worker.worker import LAST_WORD_SECONDS, Outcome, Steps, Worker, left, next_of, say_last

log = logging.getLogger(__name__)

ROUND_SECONDS = 1.0  # in which everybody should have had a turn …
SHORTEST_TURN, LONGEST_TURN = 0.05, 0.25  # … of a length that is worth the change, and that nobody notices
ARRIVAL_SECONDS = 0.1


@dataclass(kw_only=True)
class _Member:
    """One training, and what it left when its last turn was over."""

    lease: Lease
    recorder: Recorder
    threads: int | None
    steps: Steps
    output: int | None
    state: OfTheProcess | None = None
    turned: float | None = None  # when its last turn began


def work_together(
    store: Store, run_id: str, fence: int, *, pulse: Callable[[], None] | None = None, own_output: bool = False
) -> bool:
    """Train a run, and all that are handed to this process meanwhile, until none is left; returns whether the store
    took every last word.

    With ``own_output`` whatever is written to standard output and error goes to the log of the run whose turn it is.
    """
    together = Together(store, pulse=pulse, own_output=own_output)
    with when_told_to_leave(together.tell_all_to_leave):
        return together.work((run_id, fence))


class Together:
    """The runs of this process, and the thread that speaks to the store for all of them."""

    def __init__(self, store: Store, *, pulse: Callable[[], None] | None = None, own_output: bool = False) -> None:
        self.store = store
        self.handle = process_handle(os.getpid())
        self.company = Company(store, self.handle)
        self.rota = Rota()
        self._note = TurnNote(store.home, self.handle)
        self._members: dict[Key, _Member] = {}
        self._known: set[Key] = set()
        self._waiting: dict[Key, Recorder] = {}  # for their first turn; that of another may decode a data set
        self._through: set[Key] = set()
        self._again: list[Key] = []  # that could not be begun just now
        self._pressed_since: float | None = None
        self._looking = threading.Lock()
        self._arrivals: queue.SimpleQueue[Key] = queue.SimpleQueue()
        self._pulse, self._own_output = pulse or (lambda: None), own_output
        self._takes_in: bool | None = None
        self._all_said, self._store_refused, self._leaving = True, False, False
        self._done = threading.Event()
        self._turnstile = Turnstile(store, in_a_hurry=self._in_a_hurry)

    def tell_all_to_leave(self) -> None:
        """Have every run save and leave after its next step, and those that still come at once."""
        self._leaving = True
        for recorder in self._recorders():
            recorder.ask_to_leave("terminated")

    def work(self, first: Key) -> bool:
        """See `work_together`."""
        self._note.write(*first)  # until the first turn it answers for what becomes of this process
        self._arrive(first)
        self._take_in(first)
        self._say_whether_there_is_room()
        desk = threading.Thread(target=self._attend, name="desk", daemon=True)
        desk.start()
        try:
            import_all()
            with self._turnstile:
                while self._members or not self._may_end():
                    self._take_in_all()
                    if not self._members:  # one that was handed over cannot be begun just now
                        time.sleep(ARRIVAL_SECONDS)
                        continue
                    self._turn(self._next())
                    self._turnstile.weight = self.rota.owners
                    self._turnstile.pass_on()
        finally:
            self._done.set()
            desk.join()
        self._note.remove()
        return self._all_said

    def _may_end(self) -> bool:
        """Whether the store has let this process go: no run is left that it could do anything for, and none is handed
        to it any more. One that is told to leave, and one whose store refuses, ask for a while and no longer."""
        pressed = self._leaving or bool(self._again)
        try:
            if not self._again and self.company.leave(but=self._through):
                return True
        except StoreError:
            pressed = True
        if not pressed:
            return False
        self._pressed_since = self._pressed_since or time.monotonic()
        if time.monotonic() - self._pressed_since < LAST_WORD_SECONDS:
            return False
        self._all_said = False
        return True

    def _take_in_all(self) -> None:
        if not self._members:
            self._look_for_arrivals()
        while self._again:
            self._arrivals.put(self._again.pop(0))
        with contextlib.suppress(queue.Empty):
            while True:
                self._take_in(self._arrivals.get_nowait())
                self._say_whether_there_is_room()

    def _take_in(self, key: Key) -> None:
        recorder = self._waiting.pop(key, None)
        if recorder is None:  # it was let go while it waited
            return
        lease = Lease(self.store, *key)
        try:
            config, threads = lease.begin(self.handle)
            owner = self.store.get(key[0]).owner
            output = _open_log(self.store, key) if self._own_output else None
        except (StoreError, OSError) as error:  # it is still this process's, and waited for: look for it again
            log.warning("%s", error)
            self._waiting[key] = recorder
            self._again.append(key)
            return
        except RunError as error:  # stopped, deleted or taken back meanwhile
            log.warning("%s", error)
            return
        worker = Worker(lease, recorder, config, threads, between=self._turnstile.pass_on, shares=True)
        self._members[key] = _Member(
            lease=lease, recorder=recorder, threads=threads, steps=worker.outcome(), output=output
        )
        if self._leaving:  # it was said while the run was neither here nor there
            recorder.ask_to_leave("terminated")
        self.rota.join(key, owner)
        self._pressed_since = None

    def _next(self) -> Key:
        """Those that are asked to leave first: somebody waits for that."""
        leaving = (key for key, member in self._members.items() if member.recorder.leave)
        return next(leaving, None) or self.rota.next()

    def _turn(self, key: Key) -> None:
        """Let one run compute as long as its turn lasts, at least up to its next event."""
        import torch

        member = self._members[key]
        began = time.monotonic()
        alone = len(self._members) == 1
        if member.turned is not None:
            member.recorder.turn_every = None if alone else began - member.turned
        member.turned = began
        self._note.write(*key)
        if member.output is not None:
            _write_to(member.output)
        if member.state is not None:
            member.state.put_back()
        if member.threads is not None and member.threads != torch.get_num_threads():
            torch.set_num_threads(member.threads)
        lasts = max(SHORTEST_TURN, min(LONGEST_TURN, ROUND_SECONDS / len(self._members)))
        outcome = next_of(member.steps)
        while outcome is None and time.monotonic() - began < lasts and not self._in_a_hurry():
            outcome = next_of(member.steps)
        member.state = OfTheProcess.now()
        self.rota.took(key, time.monotonic() - began)
        if outcome is not None:
            self._end(key, outcome)

    def _end(self, key: Key, outcome: Outcome) -> None:
        member = self._members.pop(key)
        self._through.add(key)
        self.rota.leave(key)
        try:
            patience = 0.0 if self._store_refused else None  # one run has waited for it, on behalf of all
            say_last(member.lease, member.recorder, outcome, process_goes_on=True, patience=patience)
            self._store_refused = False
        except StaleWorkerError as error:
            log.warning("%s", error)
            self._all_said = False
        except StoreError as error:  # without its last word a run would be waited for: better to go, and be missed
            log.warning("%s", error)
            self._all_said, self._store_refused = False, True
            self.tell_all_to_leave()
        if member.output is not None:
            os.close(member.output)
        del member
        gc.collect()
        give_back()
        self._say_whether_there_is_room()

    def _say_whether_there_is_room(self) -> None:
        more = not self._leaving and sharing.has_room()
        if more != self._takes_in:
            with contextlib.suppress(StoreError):
                self.company.take_in(more)
                self._takes_in = more

    def _in_a_hurry(self) -> bool:
        return self._leaving or any(member.recorder.leave for member in self._members.values())

    def _attend(self) -> None:
        """What goes on beside the training: orders and figures of every run, and runs that are handed over."""
        looked = pulsed = time.monotonic()
        while not self._done.wait(ARRIVAL_SECONDS):
            self._look_for_arrivals()
            now = time.monotonic()
            if now - looked >= LOOK_SECONDS:
                looked = now
                for recorder in self._recorders():
                    recorder.attend()
                self._let_go_of_those_that_wait()
            if now - pulsed >= PULSE_SECONDS:
                pulsed = now
                with contextlib.suppress(RunError):
                    self._pulse()

    def _look_for_arrivals(self) -> None:
        with self._looking, contextlib.suppress(RunError):
            for key in self.company.runs():
                if key not in self._known:
                    self._arrive(key)
                    self._arrivals.put(key)

    def _arrive(self, key: Key) -> None:
        """From here on a run has signs of life and hears orders, whosever turn lasts meanwhile."""
        self._known.add(key)
        recorder = Recorder(Lease(self.store, *key))
        if self._leaving:
            recorder.ask_to_leave("terminated")
        self._waiting[key] = recorder

    def _recorders(self) -> list[Recorder]:
        return [*list(self._waiting.values()), *(member.recorder for member in list(self._members.values()))]

    def _let_go_of_those_that_wait(self) -> None:
        """Those that are asked to leave need no turn for that: nothing of them is here yet."""
        for key, recorder in list(self._waiting.items()):
            if recorder.leave is None or self._waiting.pop(key, None) is None:
                continue
            try:
                say_last(recorder.lease, recorder, left(recorder), process_goes_on=True, patience=0.0)
            except StoreError:  # it refuses just now
                self._waiting[key] = recorder
                continue
            except StaleWorkerError as error:
                log.warning("%s", error)
            self._through.add(key)  # not before: this process could end without its last word


def _open_log(store: Store, key: Key) -> int:
    path = folders.log_file(store.home, *key)
    path.parent.mkdir(parents=True, exist_ok=True)
    return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)


def _write_to(output: int) -> None:
    """Let standard output and error, native code's included, go to a run's own log."""
    sys.stdout.flush()
    sys.stderr.flush()
    for descriptor in (1, 2):
        os.dup2(output, descriptor)
