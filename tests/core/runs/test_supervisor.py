import errno
import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import filelock
import psutil
import pytest

from core.rights import OPERATOR
from core.runs import folders
from core.runs.executors.local import LocalExecutor
from core.runs.executors.port import Capacity, Job
from core.runs.executors.processes import NICE, find_process, lost_handle, process_handle
from core.runs.records import Run, StoreError
from core.runs.store.database import Database
from core.runs.store.lease import Lease
from core.runs.store.queue_writes import Queue
from core.runs.store.store import Store
from core.runs.summons import ensure_supervisor
from core.runs.supervisor import Supervisor, is_led, supervise
from tests.core.runs.conftest import QUICK, until, until_clear, wait_for, weight_of_session

Submit = Callable[..., Run]
posix = pytest.mark.skipif(sys.platform == "win32", reason="signals and sessions are POSIX")


def handle(process: psutil.Process, started: float) -> str:
    return json.dumps({"pid": process.pid, "started": started})


def process_of(supervisor: Supervisor, run: Run) -> psutil.Process:
    """The worker of a run, once it has trained a little."""
    wait_for(lambda: supervisor.store.get(run.id).step > 0, act=supervisor.tick)
    return only_worker(supervisor)


def raising(error: Exception) -> Callable[..., Any]:
    def refuse(*_arguments: object, **_more: object) -> None:
        raise error

    return refuse


def this_process() -> str:
    return process_handle(os.getpid())


def only_worker(supervisor: Supervisor) -> psutil.Process:
    (held,) = supervisor.queue.held()
    return psutil.Process(json.loads(held.handle)["pid"])


def test_runs_wait_for_the_slot(supervisor: Supervisor, submit: Submit) -> None:
    first, second = submit(), submit()
    process_of(supervisor, first)
    assert supervisor.store.get(second.id).position == 1
    until(supervisor, first, "finished")
    until(supervisor, second, "finished")


@posix
def test_a_worker_has_a_session_of_its_own_and_gives_way(supervisor: Supervisor, submit: Submit) -> None:
    process = process_of(supervisor, submit())
    assert os.getsid(process.pid) == process.pid
    assert process.nice() == NICE
    assert weight_of_session(process.pid) in (NICE, None)


@posix
def test_a_worker_that_is_told_to_leave_saves_and_is_replaced(supervisor: Supervisor, submit: Submit) -> None:
    run = submit()
    process_of(supervisor, run).terminate()
    assert until(supervisor, run, "finished").fence == 2
    assert "terminated" in [change.reason for change in supervisor.store.changes(run.id)]


@posix
def test_a_silent_worker_is_given_up(supervisor: Supervisor, submit: Submit) -> None:
    supervisor.patience = replace(QUICK, silence=1.5, ask=0.1, force=0.3)
    run = submit(name="is silent")
    until(supervisor, run, "running")
    wait_for(lambda: supervisor.store.get(run.id).fence == 2, act=supervisor.tick)
    supervisor.store.request_stop(run.id, by=OPERATOR)
    until(supervisor, run, "stopped")


@posix
def test_a_machine_that_slept_gives_nobody_up(
    supervisor: Supervisor, submit: Submit, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = submit(name="is silent")
    until(supervisor, run, "running")
    supervisor.patience = replace(QUICK, silence=20.0)
    supervisor.tick()
    slept = [0.0]
    monkeypatch.setattr("core.runs.supervisor.time.monotonic", lambda now=time.monotonic: now() + slept[0])
    for _night in range(2):
        slept[0] += 36_000.0
        supervisor.tick()
        assert supervisor._forced == set()

    def a_second_later() -> None:
        slept[0] += 1.0
        supervisor.tick()

    wait_for(lambda: supervisor.store.get(run.id).fence == 2, act=a_second_later, seconds=300)
    supervisor.store.request_stop(run.id, by=OPERATOR)
    wait_for(lambda: supervisor.store.get(run.id).status == "stopped", act=supervisor.tick)


@posix
def test_a_process_that_outlives_its_run_is_ended(supervisor: Supervisor, submit: Submit) -> None:
    supervisor.patience = replace(QUICK, linger=0.2)
    run = submit(name="lingers")
    until(supervisor, run, "finished")
    until_clear(supervisor)
    assert supervisor.store.get(run.id).status == "finished"


def test_a_claim_that_no_worker_came_of_is_taken_back(supervisor: Supervisor, submit: Submit) -> None:
    supervisor.patience = replace(QUICK, word=0.2)
    run = submit()
    Queue(supervisor.store).claim(slots=1)  # by a supervisor that died at once
    assert until(supervisor, run, "finished").fence == 2


def test_a_worker_that_can_be_seen_coming_up_is_given_its_time(supervisor: Supervisor, submit: Submit) -> None:
    supervisor.patience = replace(QUICK, word=0.05, start=0.6)
    run = submit()
    claim = Queue(supervisor.store).claim(slots=1)
    assert claim is not None
    slow = [sys.executable, "-c", "import time; time.sleep(60)", run.id, "--fence", str(claim.fence)]
    with subprocess.Popen(slow) as worker:  # started by a supervisor that died before it could say so
        began = time.monotonic()
        assert until(supervisor, run, "finished").fence == 2
        assert time.monotonic() - began > supervisor.patience.start
        worker.kill()


def test_a_worker_that_cannot_be_started_is_a_sentence(store: Store, submit: Submit) -> None:
    run = submit()
    Supervisor(store, LocalExecutor(lambda job: ["/nowhere/python", job.run_id])).tick()
    assert store.get(run.id).status == "failed"
    assert store.get(run.id).message == "A worker could not be started: No such file or directory."


def test_nothing_is_started_while_the_disk_is_full(
    supervisor: Supervisor, submit: Submit, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = submit()
    with monkeypatch.context() as patch:
        patch.setattr(folders, "free_space", lambda _folder: 0)
        supervisor.tick()
        assert supervisor.store.get(run.id).status == "queued"
    supervisor.tick()
    assert supervisor.store.get(run.id).status == "running"


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EROFS])
def test_a_worker_that_the_disk_keeps_from_starting_starts_when_there_is_room(
    supervisor: Supervisor, submit: Submit, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    run = submit()

    def refuse(*_arguments: object, **_more: object) -> None:
        raise OSError(number, os.strerror(number))

    with monkeypatch.context() as patch:
        patch.setattr("core.runs.executors.local.start_detached", refuse)
        supervisor.tick()
        paused = supervisor.store.get(run.id)
        assert (paused.status, paused.reason) == ("interrupted", "disk_full")
        assert paused.message.startswith("A worker could not be started: the disk is ")
    assert until(supervisor, run, "running").fence == 2


def test_a_supervisor_outlives_a_disk_that_refuses_everything(
    store: Store, executor: LocalExecutor, submit: Submit, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = submit()
    full = threading.Event()
    full.set()
    plain = Database.writing

    def writing(self: Database, *, durable: bool = True) -> object:
        if full.is_set():
            raise StoreError("The store cannot be used: the disk is full.")
        return plain(self, durable=durable)

    monkeypatch.setattr(Database, "writing", writing)
    supervisor = Supervisor(store, executor, patience=replace(QUICK, idle=60.0, tick=0.02))
    thread = threading.Thread(target=supervise, args=(supervisor,))
    thread.start()
    wait_for(lambda: is_led(store))
    time.sleep(0.2)
    assert thread.is_alive()
    full.clear()
    wait_for(lambda: store.get(run.id).status == "finished")
    supervisor.leaving.set()
    thread.join(timeout=30)
    assert not thread.is_alive()


def test_a_worker_lost_while_the_disk_is_full_says_so_and_is_not_held_against_the_run(
    store: Store, supervisor: Supervisor, submit: Submit, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = submit()
    process = process_of(supervisor, run)
    (held,) = supervisor.queue.held()
    monkeypatch.setattr(folders, "free_space", lambda _folder: 0)
    process.kill()
    wait_for(lambda: find_process(held.handle) is None)
    unnoted = store.get(run.id)
    assert (unnoted.status, unnoted.message[:22]) == ("running", "The disk has 0 MB free")
    supervisor.tick()
    paused = store.get(run.id)
    assert (paused.status, paused.reason) == ("interrupted", "disk_full")
    assert paused.message.startswith(
        "The disk has 0 MB free, and 500 MB are needed: runs pause, and go on by themselves"
    )
    with store.database.reading() as connection:
        assert connection.execute("SELECT losses, again FROM runs").fetchone()[:] == (0, 1)


def test_processes_lost_while_the_store_could_not_be_written_are_held_against_none_of_their_runs(
    store: Store, supervisor: Supervisor, submit: Submit, monkeypatch: pytest.MonkeyPatch
) -> None:
    supervisor.executor.slots = 0  # type: ignore[attr-defined]
    supervisor.patience = replace(QUICK, word=0.0, start=0.0)
    together, alone, unheard = [submit(), submit()], submit(), submit()
    gone = []
    for _process in range(2):
        with subprocess.Popen([sys.executable, "-c", ""]) as process:
            gone.append(lost_handle(process.pid))
    handles = {**{run.id: gone[0] for run in together}, alone.id: gone[1], unheard.id: ""}
    with store.database.writing() as connection:
        for run_id, named in handles.items():
            connection.execute(
                "UPDATE runs SET status = 'running', fence = 1, handle = ? WHERE id = ?", (named, run_id)
            )
    again = Queue.again
    monkeypatch.setattr(Queue, "again", lambda _self: 0)
    with monkeypatch.context() as full:
        full.setattr(folders, "free_space", lambda _folder: 0)
        full.setattr(Database, "writing", raising(StoreError("The store cannot be used: the disk is full.")))
        for _look in range(2):
            with pytest.raises(StoreError):
                supervisor.tick()
    for _look in range(2):
        supervisor.tick()
    with store.database.reading() as connection:
        rows = connection.execute("SELECT status, reason, losses, again FROM runs").fetchall()
    assert [row[:] for row in rows] == [("interrupted", "disk_full", 0, 1)] * 4
    again(supervisor.queue)
    assert [(run.status, run.message) for run in store.list()] == [("queued", "")] * 4  # there is room again


def test_a_worker_that_is_alive_when_there_is_room_again_answers_for_itself(
    store: Store, supervisor: Supervisor, submit: Submit, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = submit()
    with store.database.writing() as connection:
        connection.execute("UPDATE runs SET status = 'running', fence = 1")
    with monkeypatch.context() as full:
        full.setattr(folders, "free_space", lambda _folder: 0)
        supervisor.tick()  # nobody has heard of its worker yet
    with store.database.writing() as connection:
        connection.execute("UPDATE runs SET handle = ?", (this_process(),))
    supervisor.tick()
    with store.database.writing() as connection:
        connection.execute("UPDATE runs SET handle = ?", (lost_handle(os.getpid()),))
    monkeypatch.setattr(Queue, "again", lambda _self: 0)
    supervisor.tick()
    assert store.get(run.id).reason == "lost"


class Closed(LocalExecutor):
    """Has no room at all, and says why."""

    trouble = "The cluster does not answer."

    def capacity(self) -> Capacity:
        return replace(super().capacity(), trouble=self.trouble)


def test_what_keeps_every_worker_from_starting_is_said_by_those_that_wait_and_taken_back(
    store: Store, submit: Submit
) -> None:
    closed = Closed()
    supervisor = Supervisor(store, closed, patience=QUICK)
    first, second = submit(), submit("bob")
    for _look in range(2):
        supervisor.tick()
        assert {store.get(each.id).message for each in (first, second)} == {"The cluster does not answer."}
    assert store.request_stop(second.id, by=OPERATOR).message == ""
    closed.trouble = ""
    closed.slots = 0
    supervisor.tick()
    assert (store.get(first.id).status, store.get(first.id).message) == ("queued", "")


def test_nobody_makes_room_while_no_process_can_be_started(
    supervisor: Supervisor, submit: Submit, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Queue, "make_room", lambda *_words, **_more: pytest.fail("asked to make room"))
    supervisor.executor.slots = 0  # type: ignore[attr-defined]
    submit()
    supervisor.tick()
    assert not supervisor.queue.held()


@pytest.mark.parametrize(
    ("status", "again", "says"),
    [
        ("queued", 0, "The disk has 0 MB free"),
        ("running", 0, "The disk has 0 MB free"),  # its process may be there, and unable to write its last word
        ("stopping", 0, "The disk has 0 MB free"),
        ("interrupted", 1, "The disk has 0 MB free"),
        ("interrupted", 0, "Its process was lost"),
        ("stopped", 0, "Its process was lost"),
    ],
)
def test_a_run_that_waits_for_room_says_so(
    store: Store, submit: Submit, monkeypatch: pytest.MonkeyPatch, status: str, again: int, says: str
) -> None:
    run = submit()
    with store.database.writing() as connection:
        state = {"status": status, "again": again, "message": "Its process was lost.", "handle": this_process()}
        connection.execute("UPDATE runs SET message_share = 0.97")
        connection.execute(
            "UPDATE runs SET (status, again, message, handle) = (:status, :again, :message, :handle)", state
        )
    assert store.get(run.id).message == "Its process was lost."
    monkeypatch.setattr(folders, "free_space", lambda _folder: 0)
    seen = store.get(run.id)
    assert seen.message.startswith(says)
    assert seen.message_share == (0.97 if says.startswith("Its") else 0.0)  # of what the message before said


def test_what_was_lost_while_nobody_led_is_noted_once(
    store: Store, supervisor: Supervisor, submit: Submit, caplog: pytest.LogCaptureFixture
) -> None:
    run = submit(name="dies")
    supervisor.tick()
    (held,) = supervisor.queue.held()
    wait_for(lambda: find_process(held.handle) is None)
    heir = Supervisor(store, supervisor.executor, patience=QUICK)
    with caplog.at_level("INFO"):
        heir._appear(process_handle(os.getpid()))
        heir.tick()
    assert caplog.messages.count(f"run {run.id}, worker 1: gone") == 1


def test_of_two_supervisors_one_leads(store: Store, executor: LocalExecutor, submit: Submit) -> None:
    submit()
    first, second = (Supervisor(store, executor, patience=QUICK) for _ in range(2))
    thread = threading.Thread(target=supervise, args=(first,))
    thread.start()
    wait_for(lambda: is_led(store))
    assert supervise(second, wait=0.1) is False
    first.leaving.set()
    thread.join()
    assert not is_led(store)
    wait_for(lambda: not store.list(statuses=["running"]), act=first.tick)


def test_a_supervisor_leaves_when_there_is_nothing_to_do(store: Store, executor: LocalExecutor) -> None:
    assert supervise(Supervisor(store, executor, patience=QUICK)) is True
    assert Queue(store).present() is None


def test_a_supervisor_leaves_when_its_store_is_removed(store: Store, executor: LocalExecutor) -> None:
    supervisor = Supervisor(store, executor, patience=replace(QUICK, idle=60.0))
    thread = threading.Thread(target=supervise, args=(supervisor,))
    thread.start()
    wait_for(lambda: is_led(store))
    store.path.rename(store.path.with_name("moved"))
    thread.join(timeout=30)
    assert not thread.is_alive()
    store.path.with_name("moved").rename(store.path)


def test_a_supervisor_that_is_there_is_not_started_again(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[list[str]] = []
    monkeypatch.setattr("core.runs.summons._children", [])  # the fake leaves no process behind
    monkeypatch.setattr("core.runs.summons.start_detached", lambda command, **_: started.append(command))
    Queue(store).appear(process_handle(os.getpid()))
    ensure_supervisor(store)
    assert started == []


def test_a_supervisor_that_died_is_replaced(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    with subprocess.Popen([sys.executable, "-c", ""]) as gone:
        pass
    Queue(store).appear(lost_handle(gone.pid))
    started: list[list[str]] = []

    def start(command: list[str], *, log: Path, environment: dict[str, str]) -> "subprocess.Popen[bytes]":
        assert (log.parent, environment["CNN_LAB_HOME"]) == (store.home, str(store.home))
        started.append(command[1:])
        return gone

    monkeypatch.setattr("core.runs.summons.start_detached", start)
    with filelock.FileLock(store.home / "summons.lock"):  # another process has just started one
        ensure_supervisor(store)
    assert started == []
    monkeypatch.setattr("core.runs.summons.COMING_UP_SECONDS", 0.3)
    ensure_supervisor(store)
    ensure_supervisor(store)  # a second page, before the new one has come up
    assert started == [["-m", "core", "supervise"]]
    wait_for(lambda: len(started) == 2, act=lambda: ensure_supervisor(store))  # it did not come up


def test_a_locked_store_is_led(store: Store) -> None:
    with filelock.FileLock(store.home / "supervisor.lock"):
        assert is_led(store)
    assert not is_led(store)


@posix
@pytest.mark.parametrize("text", ['{"pid": 0, "started": 0}', '{"pid": 1, "started": 0}', "ray:abc", "{}", ""])
def test_a_handle_that_names_no_worker_ends_nobody(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    # In a container every process of a session outside it has session 0.
    killed: list[int] = []
    monkeypatch.setattr(os, "kill", lambda pid, _signal: killed.append(pid))
    monkeypatch.setattr(os, "killpg", lambda pid, _signal: killed.append(pid))
    executor = LocalExecutor()
    executor.cancel(text, force=True)
    assert not executor.poll(text)
    assert killed == []


@posix
@pytest.mark.parametrize("force", [False, True])
def test_a_worker_started_by_hand_can_be_ended_too(force: bool) -> None:
    with subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"]) as process:
        LocalExecutor().cancel(process_handle(process.pid), force=force)
        assert process.wait(timeout=30) < 0


@posix
def test_a_process_with_a_used_number_is_not_taken_for_the_worker(job: Job) -> None:
    process = psutil.Process()
    executor = LocalExecutor()
    before = handle(process, process.create_time() - 100)
    assert not executor.poll(before)
    executor.cancel(before, force=True)  # and this test goes on
    assert find_process(process_handle(process.pid)) is not None


def test_a_worker_finds_its_run_and_fence_in_its_command(store: Store, job: Job) -> None:
    from core.runs.executors.local import worker_command

    assert worker_command(job)[1:] == ["-m", "core", "worker", job.run_id, "--fence", "1"]


def test_a_worker_that_comes_late_finds_the_run_taken(store: Store, queue: Queue, submit: Submit) -> None:
    from core.runs.worker.worker import work

    run = submit()
    first = queue.claim(slots=1)
    assert first is not None
    Lease(store, run.id, first.fence).end("interrupted", reason="terminated", again=True)
    queue.again()
    queue.claim(slots=1)
    assert work(store, run.id, first.fence) is False
    assert store.get(run.id).status == "running"


def test_what_a_killed_worker_left_half_written_is_swept_when_its_loss_is_noticed(
    store: Store, supervisor: Supervisor, submit: Submit
) -> None:
    run = submit()
    process = process_of(supervisor, run)
    folder = store.home / "runs" / run.id
    for name in (f".state-00000001-0000.{process.pid}.0badcafe", ".final.0badcafe"):
        (folder / name).mkdir()
    process.kill()
    until(supervisor, run, "queued", "running")
    wait_for(lambda: not list(folder.glob(".*")), act=supervisor.tick)


def test_a_supervisor_sweeps_the_whole_home_when_it_comes_up(store: Store, executor: LocalExecutor) -> None:
    dead = f"{2**22 - 1}.0badcafe"
    half = [
        store.home / f".precision.json.{dead}",
        store.home / "runs" / ".tmp-deleted-abcdefghij-4194303",
        store.home / "runs" / "abcdefghij" / f".state-00000001-0000.{dead}",
        store.home / "trained" / "digits-lenet-1" / f".final.{dead}",
        store.home / "features" / f".abc.{dead}",
        store.home / "prepared" / f".digits-28-abc.{dead}",
    ]
    for path in half:
        path.mkdir(parents=True)
    living = store.home / "features" / f".abc.{os.getpid()}.0badcafe"
    living.mkdir()
    assert supervise(Supervisor(store, executor, patience=QUICK)) is True
    assert [path for path in half if path.exists()] == []
    assert living.exists()
