"""Stands in for a worker on another machine: a small process here that holds the lease and speaks to the store.

For the supervisor it is the worker: it names itself to the store, shows signs of life, is asked to leave and ended by
force like one. When it is gone, so is the worker, or nothing of it can reach the store any more.
"""

import functools
import logging
import os
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing

from core.config import TrainingConfig
from core.errors import LabError
from core.intervals import percent
from core.runs import folders
from core.runs.executors.processes import process_handle
from core.runs.far.clerk import Clerk
from core.runs.far.far_lease import KEPT_BESIDE, parts
from core.runs.far.luggage import Luggage, Piece, packed
from core.runs.far.place import Place, Training
from core.runs.far.questions import Answer
from core.runs.records import StaleWorkerError, StoreError
from core.runs.store.lease import Lease
from core.runs.store.store import Store, open_store
from core.runs.summons import revive_supervisor
from core.runs.worker.process import log_to_standard_error
from core.runs.worker.recorder import Recorder
from core.runs.worker.told_to_leave import when_told_to_leave
from core.runs.worker.worker import LeaveError, Outcome, left, say_last

log = logging.getLogger(__name__)

LOOK_SECONDS = 0.25
LAST_LINES_SECONDS = 1.0
_VANISHED = "Its worker on another machine ended without a word; the run goes on from its last saved state."
Hire = Callable[[TrainingConfig, int | None], AbstractContextManager[Place]]


def stand_in(store: Store, run_id: str, fence: int, hire: Hire, *, pulse: Callable[[], None] | None = None) -> bool:
    """Have one run trained where ``hire`` says, to its end or to where it is asked to leave; returns whether the store
    took its last word. ``pulse`` is called every few seconds meanwhile."""
    lease = Lease(store, run_id, fence)
    try:
        config, threads = lease.begin(process_handle(os.getpid()))
        with (
            closing(Clerk(lease)) as clerk,
            Recorder(lease, pulse=pulse) as recorder,
            when_told_to_leave(lambda: recorder.ask_to_leave("terminated")),
        ):
            outcome = None
            try:
                with hire(config, threads) as place:
                    _send(place, lease, recorder, config, threads)
                    _attend(place, clerk, recorder)
            except LeaveError:
                outcome = left(recorder)
            except LabError as error:
                outcome = _lost(lease, str(error))
            if not clerk.ended:
                say_last(lease, recorder, outcome or _lost(lease, _VANISHED))
    except (StaleWorkerError, StoreError) as error:
        log.warning("%s", error)
        return False
    return True


def be_a_stand_in(run_id: str, fence: int, hire: Hire) -> bool:
    """`stand_in` as a process of its own, which has a supervisor started again where that has died."""
    log_to_standard_error()
    store = open_store()
    return stand_in(store, run_id, fence, hire, pulse=functools.partial(revive_supervisor, store))


def _lost(lease: Lease, why: str) -> Outcome:
    """The last word for a worker that is gone; what it wrote last comes a moment later, and stands in this log."""
    time.sleep(LAST_LINES_SECONDS)
    if lease.orders().stop:
        return Outcome(status="stopped", reason="asked", message=why)
    lines = folders.last_lines(folders.log_file(lease.store.home, lease.run_id, lease.fence))
    return Outcome(status="interrupted", reason="lost", message=why, log=lines, again=True)


def _send(place: Place, lease: Lease, recorder: Recorder, config: TrainingConfig, threads: int | None) -> None:
    """Wait for the place, bring what the training needs there, and have it begin; raises LeaveError where the run is
    asked to leave before that."""

    def tell(what: str, share: float = 0.0) -> None:
        if recorder.leave:
            raise LeaveError
        recorder.say(f"{what} ({percent(share)})" if share else what, share)

    tell("Waiting for a place in the cluster")
    while not (where := place.ready(LOOK_SECONDS)):
        if recorder.leave:
            raise LeaveError
    log.info("the worker is %s", where)
    with packed(lease.store.home, lease.run_id, config, tell) as luggage:
        _bring(place, luggage, tell)
        training = Training(
            run_id=lease.run_id,
            fence=lease.fence,
            title=lease.title(),
            config=config.to_json(),
            threads=threads,
            fingerprint=luggage.fingerprint,
            pixels=luggage.pixels,
            weights=luggage.weights,
        )
    tell("Starting there")
    recorder.flush()  # what the worker says from here on comes later
    place.begin(training)


def _bring(place: Place, luggage: Luggage, tell: Callable[[str, float], None]) -> None:
    lacking = place.lacking(list(luggage.lent))
    pieces = [("", piece) for piece in luggage.own]
    pieces += [(key, piece) for key in lacking for piece in luggage.lent[key]]
    whole = sum(piece.source.stat().st_size for _key, piece in pieces) or 1
    sent = 0
    for key, piece in pieces:
        for offset, part in _offsets(piece):
            tell("Sending what it needs to another machine", sent / whole)
            place.take(piece.where, part, offset=offset, key=key)
            sent += len(part)
    for key in lacking:
        place.seal(key)


def _offsets(piece: Piece) -> Iterator[tuple[int, bytes]]:
    offset = 0
    for part in parts(piece.source):
        yield offset, part
        offset += len(part)


def _attend(place: Place, clerk: Clerk, recorder: Recorder) -> None:
    """Bring questions here and answers there until the worker has ended; and photos that people lay beside the run."""
    answers: list[Answer] = []
    probes = clerk.lease.folder / KEPT_BESIDE[0]
    known = {path.name for path in probes.glob("photo-*")}
    while True:
        questions, ended = place.exchange(answers, recorder.leave)
        answers = [clerk.answer(question) for question in questions]
        if ended and not questions:
            return
        for path in probes.glob("photo-*"):
            if path.name not in known:
                known.add(path.name)
                place.take(f"runs/{clerk.lease.run_id}/{probes.name}/{path.name}", path.read_bytes(), offset=0)
