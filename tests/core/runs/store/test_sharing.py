"""Which runs are handed to a process that they share, and what becomes of them when that is lost; without torch."""

import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from core.config import TrainingConfig
from core.rights import OPERATOR
from core.runs import sharing
from core.runs.executors.port import Capacity, Job
from core.runs.executors.processes import lost_handle, process_handle
from core.runs.records import Run
from core.runs.store.company import Company, TurnNote, noted_turn
from core.runs.store.lease import Lease
from core.runs.store.queue_writes import Claim, Queue
from core.runs.store.store import Store
from core.runs.supervisor import Supervisor
from tests.core.runs.conftest import QUICK

Submit = Callable[..., Run]


def claim(queue: Queue, *, slots: int = 1, together: int = 64) -> Claim | None:
    queue.sort_out(lambda _config: True)
    return queue.claim(slots=slots, together=together, threads=1)


def company(store: Store, queue: Queue) -> tuple[Company, Claim]:
    """A process that has come up with the first run of the queue, and takes in more."""
    first = claim(queue)
    assert first is not None
    assert first.handle == ""  # there is no such process yet: this claim starts one
    handle = process_handle(os.getpid())
    Lease(store, first.run_id, first.fence).begin(handle)
    shared = Company(store, handle)
    shared.take_in(True)
    return shared, first


def test_a_class_is_handed_to_one_process(store: Store, queue: Queue, submit: Submit) -> None:
    runs = [submit(f"student {number}") for number in range(30)]
    shared, first = company(store, queue)
    taken = [first.run_id]
    while (found := claim(queue)) is not None:
        assert found.handle == shared.handle
        taken.append(found.run_id)
    assert taken == [run.id for run in runs]
    assert [run_id for run_id, _fence in shared.runs()] == taken
    assert {store.get(run.id).others for run in runs} == {29}


def test_nobody_is_handed_to_a_process_that_has_not_come_up_or_has_enough(
    store: Store, queue: Queue, submit: Submit
) -> None:
    submit("ada"), submit("bob")
    first = claim(queue)
    assert first is not None
    assert claim(queue) is None
    queue.started(first, process_handle(os.getpid()))
    assert claim(queue) is None  # started, and still importing
    shared = Company(store, process_handle(os.getpid()))
    shared.take_in(False)
    assert claim(queue) is None
    shared.take_in(True)
    assert claim(queue, together=1) is None
    assert claim(queue) is not None


def test_without_slots_runs_are_handed_over_and_no_process_is_started(
    store: Store, queue: Queue, submit: Submit
) -> None:
    runs = [submit(owner) for owner in ("ada", "bob")]
    assert claim(queue, slots=0) is None
    with store.database.writing() as connection:  # its last process was lost: it would go on alone
        connection.execute("UPDATE runs SET losses = 1 WHERE id = ?", (runs[0].id,))
    assert claim(queue, slots=0) is None
    with store.database.writing() as connection:
        connection.execute("UPDATE runs SET losses = 0")
    shared, _first = company(store, queue)
    taken = claim(queue, slots=0)
    assert taken is not None
    assert (taken.run_id, taken.handle) == (runs[1].id, shared.handle)


def test_of_one_owner_a_few_share_and_the_next_wait(store: Store, queue: Queue, submit: Submit) -> None:
    mine = [submit("busy").id for _ in range(4)]
    company(store, queue)
    theirs = submit("ada").id
    assert [found.run_id for found in (claim(queue), claim(queue)) if found] == [theirs, mine[1]]
    assert claim(queue) is None
    assert store.get(mine[2]).position == 1


def test_what_may_not_share_has_a_process_of_its_own_and_goes_on_beside(
    store: Store, queue: Queue, submit: Submit
) -> None:
    submit("ada")
    company(store, queue)
    large = [submit("bob"), submit("cid")]
    queue.sort_out(lambda _config: False)
    small = submit("dan")
    own = claim(queue)
    assert own is not None
    assert (own.run_id, own.handle, store.get(own.run_id).others) == (large[0].id, "", 0)
    beside = claim(queue)
    assert beside is not None
    assert beside.run_id == small.id
    assert claim(queue) is None  # the other large one waits for the slot


def test_a_process_ends_only_when_no_run_has_been_handed_over(store: Store, queue: Queue, submit: Submit) -> None:
    submit("ada"), submit("bob")
    shared, first = company(store, queue)
    second = claim(queue)
    assert second is not None
    Lease(store, first.run_id, first.fence).end("finished", reason="completed", process_goes_on=True)
    assert not shared.leave()
    assert [held.run_id for held in queue.held()] == [second.run_id]  # nobody waits for a process to end
    Lease(store, second.run_id, second.fence).end("stopped", reason="asked", process_goes_on=True)
    assert shared.leave()
    assert queue.held() == []
    store.resume(second.run_id, by=OPERATOR)
    again = claim(queue)
    assert again is not None
    assert (again.run_id, again.handle) == (second.run_id, "")  # the process is no longer handed any


class Gone:
    """An executor whose workers have all died."""

    def submit(self, job: Job) -> str:
        return lost_handle(2**22 - 1)

    def poll(self, handle: str) -> bool:
        return False

    def cancel(self, handle: str, *, force: bool) -> None: ...

    def is_coming_up(self, run_id: str, fence: int) -> bool:
        return False

    def reattach(self, handle: str) -> bool:
        return False


class Going(Gone):
    """An executor whose workers are there at its first look, and gone at the next."""

    def __init__(self) -> None:
        self.looks = 0

    def capacity(self) -> Capacity:
        return Capacity(slots=1, threads=1, together=64)

    def poll(self, handle: str) -> bool:
        self.looks += 1
        return self.looks == 1


def in_one_process(store: Store, queue: Queue, submit: Submit) -> tuple[list[str], str]:
    """Three runs in one process that is gone, and its handle."""
    with subprocess.Popen([sys.executable, "-c", ""]) as process:
        pass
    runs = [submit(owner).id for owner in ("ada", "bob", "cid")]
    first = claim(queue)
    assert first is not None
    handle = lost_handle(process.pid)
    Lease(store, first.run_id, first.fence).begin(handle)
    Company(store, handle).take_in(True)
    assert claim(queue) is not None
    assert claim(queue) is not None
    return runs, handle


def lost_together(store: Store, queue: Queue, submit: Submit, *, noted: bool) -> tuple[str, list[str]]:
    """Three runs whose process was killed; the first had its turn. Returns it and the others."""
    runs, handle = in_one_process(store, queue, submit)
    if noted:
        TurnNote(store.home, handle).write(runs[0], 1)
        assert noted_turn(store.home, handle) == (runs[0], 1)
    supervisor = Supervisor(store, Gone(), patience=QUICK)
    for held in queue.held():
        supervisor._watch(held)
    assert queue.again() == 3
    for each in queue.shared_workers():
        queue.forget(each)
    return runs[0], runs[1:]


def got_further(store: Store, run_id: str) -> None:
    """The run saves a state, and makes room for those that wait."""
    lease = Lease(store, run_id, store.get(run_id).fence)
    saved = store.get(run_id).saved_step + 1
    lease.saved(store.home / f"state-{saved}", kind="state", step=saved, epoch=0)
    lease.end("interrupted", reason="turn", again=True)


def state(store: Store, run_id: str) -> tuple[int, int]:
    with store.database.reading() as connection:
        return connection.execute("SELECT losses, shareable FROM runs WHERE id = ?", (run_id,)).fetchone()[:]  # type: ignore[no-any-return]


def test_the_run_that_took_a_process_with_it_goes_on_alone_until_it_has_got_further(
    store: Store, queue: Queue, submit: Submit
) -> None:
    killer, others = lost_together(store, queue, submit, noted=True)
    assert state(store, killer) == (1, 2)
    assert [state(store, run_id) for run_id in others] == [(0, 1)] * 2
    found = [claim(queue), claim(queue)]
    assert [(each.run_id, store.get(each.run_id).status) for each in found if each] == [
        (killer, "running"),
        (others[0], "running"),  # beside it: in a process that the other one will share
    ]
    assert claim(queue) is None
    got_further(store, killer)
    assert queue.again() == 1
    assert state(store, killer) == (0, 2)


def test_all_runs_of_a_process_that_goes_while_it_is_looked_at_are_missed_at_once(
    store: Store, queue: Queue, submit: Submit
) -> None:
    (first, killer, third), handle = in_one_process(store, queue, submit)
    TurnNote(store.home, handle).write(killer, 1)
    Supervisor(store, Going(), patience=QUICK).tick()
    assert [state(store, run_id)[0] for run_id in (first, killer, third)] == [0, 1, 0]
    assert [change.status for change in store.changes(first)][-2:] == ["queued", "running"]
    with store.database.reading() as connection:  # nobody has been handed to it again
        assert not connection.execute("SELECT 1 FROM runs WHERE handle = ?", (handle,)).fetchone()


def test_the_run_that_took_two_processes_with_it_never_shares_again(store: Store, queue: Queue, submit: Submit) -> None:
    killer, _others = lost_together(store, queue, submit, noted=True)
    for _time in range(2):
        assert claim(queue) is not None
    got_further(store, killer)
    queue.again()
    with store.database.writing() as connection:  # as though the others had gone on to their ends
        connection.execute("UPDATE runs SET status = 'finished', handle = '' WHERE id <> ?", (killer,))
    assert claim(queue) is not None
    (held,) = queue.held()
    assert held.shared
    queue.gone(held, log="", forced=False, blamed=True)
    assert state(store, killer) == (1, 3)
    queue.again()
    assert claim(queue) is not None
    got_further(store, killer)
    queue.again()
    assert claim(queue) is not None
    assert not queue.held()[0].shared


def test_a_run_that_goes_on_alone_waits_for_no_large_one(store: Store, queue: Queue, submit: Submit) -> None:
    large = submit("dan")
    queue.sort_out(lambda _config: False)
    assert claim(queue) is not None
    killer, others = lost_together(store, queue, submit, noted=True)
    assert [each.run_id for each in (claim(queue), claim(queue)) if each] == [killer, others[0]]
    submit("eva")
    queue.sort_out(lambda _config: False)
    assert claim(queue) is None  # a second large one waits for the first
    assert store.get(large.id).status == "running"


def test_where_nobody_knows_whose_turn_it_was_each_goes_on_alone_until_it_has_got_further(
    store: Store, queue: Queue, submit: Submit, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("core.runs.store.queue_writes.ALONE", 1)
    first, others = lost_together(store, queue, submit, noted=False)
    assert [state(store, run_id) for run_id in (first, *others)] == [(1, 1)] * 3
    alone = claim(queue)
    assert alone is not None
    assert (alone.run_id, claim(queue)) == (first, None)
    lease = Lease(store, alone.run_id, alone.fence)
    queue.make_room(lambda *_claim: False, together=64)
    assert not lease.orders().make_room  # it has not got further yet
    lease.saved(store.home / "state-1", kind="state", step=1, epoch=0)
    queue.make_room(lambda *_claim: False, together=64)
    assert lease.orders().make_room
    lease.end("interrupted", reason="turn", again=True)
    assert queue.again() == 1
    assert state(store, first) == (0, 1)  # back to those that share
    assert store.get(first).reason == "turn"


def test_a_large_run_makes_room_after_its_turn_and_goes_to_the_end_of_the_line(
    store: Store, queue: Queue, submit: Submit
) -> None:
    first, second = submit("ada").id, submit("bob").id
    queue.sort_out(lambda _config: False)
    own = claim(queue)
    assert own is not None
    lease = Lease(store, own.run_id, own.fence)
    lease.saved(store.home / "state-1", kind="state", step=1, epoch=0)
    queue.make_room(lambda *_claim: False, together=64)
    assert not lease.orders().make_room
    queue.make_room(lambda *_claim: True, together=64)
    assert lease.orders().make_room
    lease.end("interrupted", reason="turn", again=True)
    queue.again()
    following = claim(queue)
    assert following is not None
    assert following.run_id == second
    assert store.get(first).position == 1


def test_where_none_share_a_small_run_makes_room_after_its_turn_as_a_large_one_does(
    store: Store, queue: Queue, submit: Submit
) -> None:
    submit("ada"), submit("bob")
    queue.sort_out(lambda _config: True)
    own = queue.claim(slots=1, together=0)
    assert own is not None
    lease = Lease(store, own.run_id, own.fence)
    lease.saved(store.home / "state-1", kind="state", step=1, epoch=0)
    turns = iter([False, True])
    asked = [queue.make_room(lambda *_claim: next(turns), together=0) or lease.orders().make_room for _look in range(2)]
    assert asked == [False, True]


def test_nobody_makes_room_for_nobody(store: Store, queue: Queue, submit: Submit) -> None:
    submit("ada")
    queue.sort_out(lambda _config: False)
    own = claim(queue)
    assert own is not None
    lease = Lease(store, own.run_id, own.fence)
    lease.saved(store.home / "state-1", kind="state", step=1, epoch=0)
    queue.make_room(lambda *_claim: True, together=64)
    assert not lease.orders().make_room


SMALL = TrainingConfig(dataset="digits", model="lenet", image_size=32)


@pytest.mark.parametrize(
    ("config", "small"),
    [
        (SMALL, True),
        (replace(SMALL, dataset="mnist", model="strided_cnn", image_size=28, batch_size=512), True),
        (replace(SMALL, image_size=128), False),
        (replace(SMALL, image_size=64, batch_size=512), False),
        (replace(SMALL, model="resnet18"), False),
        (replace(SMALL, model="efficientnet_lite0"), False),
    ],
)
def test_small_trainings_share(config: TrainingConfig, small: bool) -> None:
    assert sharing.is_small(config) is small


def test_what_has_to_be_decoded_first_keeps_nobody_waiting(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def availability(name: str, _size: int) -> str:
        asked.append(name)
        return "builtin" if name == "digits" else "folder"

    monkeypatch.setattr("core.data.availability", availability)
    may_share = sharing.judge()
    mnist = replace(SMALL, dataset="mnist")
    assert [may_share(each) for each in (SMALL, mnist, replace(mnist, seed=1))] == [True, None, None]
    assert asked == ["digits", "mnist"]
    assert may_share(replace(mnist, model="resnet18")) is False


def test_networks_with_a_backbone_are_the_registrys() -> None:
    pytest.importorskip("torch")
    from core.models import models

    assert tuple(sorted(name for name in models if models[name].transfers)) == sharing.WITH_BACKBONE


def test_a_process_takes_in_more_until_it_has_its_share_of_the_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sharing, "LEAST", 0)
    monkeypatch.setattr(sharing, "SPARE", 0)
    assert sharing.has_room()
    monkeypatch.setattr(sharing, "_most_allowed", lambda: 2**20)
    assert not sharing.has_room()
    monkeypatch.setattr(sharing, "_most_allowed", lambda: 2**62)
    monkeypatch.setattr(sharing, "SPARE", 2**62)
    assert not sharing.has_room()
