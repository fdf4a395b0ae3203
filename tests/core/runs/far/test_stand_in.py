"""A worker that knows nothing of the store, and its stand-in, in one process: what passes between them, or does not."""

import contextlib
import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

from core.config import TrainingConfig
from core.disk import LOW_DISK
from core.errors import RunError
from core.rights import OPERATOR
from core.runs import folders
from core.runs.far import workplace
from core.runs.far.clerk import Clerk
from core.runs.far.far_lease import KEPT_BESIDE, FarLease
from core.runs.far.place import Place, PlaceLostError, Training
from core.runs.far.questions import Answer, Desk, Question
from core.runs.far.stand_in import stand_in
from core.runs.far.workplace import Workplace
from core.runs.records import Run, StaleWorkerError
from core.runs.store.lease import Lease
from core.runs.store.queue_writes import Queue
from core.runs.store.store import Store
from core.runs.worker.recorder import Recorder, Why
from tests.core.runs import fake_worker
from tests.core.runs.conftest import Submit, wait_for

Work = Callable[[FarLease, Recorder, Training], None]


@pytest.fixture(autouse=True)
def _this_process_keeps_its_home(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Workplace, "_furnish", lambda *_: None)
    monkeypatch.setattr("core.runs.far.stand_in.LAST_LINES_SECONDS", 0.0)
    monkeypatch.setattr(fake_worker, "STEPS", 40)


@pytest.fixture
def node(tmp_path: Path) -> Path:
    return tmp_path / "node"


class Here:
    """A place in this very process."""

    def __init__(self, node: Path, work: Work = fake_worker.work, *, lost_after: int | None = None) -> None:
        self.workplace = Workplace(node, alone=lambda: None)
        self.work = work
        self.taken: list[str] = []
        self.visits_left = lost_after

    def ready(self, _seconds: float) -> str:
        return "a thread of this process"

    def lacking(self, keys: Sequence[str]) -> Sequence[str]:
        return self.workplace.lacking(keys)

    def take(self, where: str, part: bytes, *, offset: int, key: str = "") -> None:
        self.taken.append(where)
        self.workplace.take(where, part, offset=offset, key=key)

    def seal(self, key: str) -> None:
        self.workplace.seal(key)

    def begin(self, training: Training) -> None:
        self.workplace.begin(training, self.work)

    def exchange(self, answers: Sequence[Answer], leave: Why | None) -> tuple[Sequence[Question], bool]:
        if self.visits_left == 0:
            raise PlaceLostError("The machine is gone.")
        if self.visits_left:
            self.visits_left -= 1
        return self.workplace.exchange(answers, leave)


def claimed(store: Store, run: Run) -> int:
    claim = Queue(store).claim(slots=9, threads=1)
    assert claim is not None
    assert claim.run_id == run.id
    return claim.fence


def trained(store: Store, run: Run, place: Place) -> bool:
    """Have a queued run trained there, by the process's only thread."""

    @contextlib.contextmanager
    def hire(_config: TrainingConfig, _threads: int | None) -> Iterator[Place]:
        yield place

    return stand_in(store, run.id, claimed(store, run), hire)


def requeue(store: Store) -> None:
    (held,) = Queue(store).held()
    Queue(store).gone(held, log="", forced=False)
    Queue(store).again()


def test_a_run_is_trained_where_its_store_is_not_and_what_it_saved_is_here(
    store: Store, submit: Submit, node: Path
) -> None:
    run = submit()
    assert trained(store, run, Here(node))
    ended = store.get(run.id)
    assert (ended.status, ended.step, ended.saved_step) == ("finished", 40, 40)
    assert [each.step for each in store.steps(run.id)] == list(range(1, 41))
    states = sorted((store.home / "runs" / run.id).glob("[!.]*"))
    assert [path.name for path in states] == ["state-00000030-0000", "state-00000040-0000"]
    assert (states[-1] / "step").read_text() == "40"
    wait_for(lambda: not list((node / "at-work").iterdir()))  # what was the run's own has left with it


def test_a_run_goes_on_elsewhere_from_what_has_come_back(store: Store, submit: Submit, node: Path) -> None:
    run = submit()
    assert trained(store, run, Here(node, lost_after=12))
    lost = store.get(run.id)
    assert (lost.status, lost.reason, lost.message) == ("interrupted", "lost", "The machine is gone.")
    assert 0 < lost.saved_step < 40
    requeue(store)
    place = Here(node.with_name("another"))
    assert trained(store, run, place)
    assert store.get(run.id).status == "finished"
    assert f"runs/{run.id}/state-{lost.saved_step:08d}-0000/step" in place.taken
    assert [each.step for each in store.steps(run.id)] == list(range(1, 41))


def test_a_run_that_was_asked_to_stop_stops_although_its_machine_is_lost(
    store: Store, submit: Submit, node: Path
) -> None:
    run = submit()

    class Lost(Here):
        def exchange(self, answers: Sequence[Answer], leave: Why | None) -> tuple[Sequence[Question], bool]:
            store.request_stop(run.id, by=OPERATOR)
            raise PlaceLostError("The machine is gone.")

    assert trained(store, run, Lost(node))
    assert (store.get(run.id).status, store.get(run.id).reason) == ("stopped", "asked")


def test_a_stop_reaches_the_worker_and_its_state_comes_back(store: Store, submit: Submit, node: Path) -> None:
    run = submit()

    class Stopped(Here):
        def exchange(self, answers: Sequence[Answer], leave: Why | None) -> tuple[Sequence[Question], bool]:
            store.request_stop(run.id, by=OPERATOR)
            return super().exchange(answers, leave)

    fake_worker.STEPS = 4000
    assert trained(store, run, Stopped(node))
    stopped = store.get(run.id)
    assert stopped.status == "stopped"
    assert 0 < stopped.step == stopped.saved_step < 4000


def test_a_run_that_has_passed_on_keeps_nothing_that_its_old_worker_sends(
    store: Store, submit: Submit, node: Path
) -> None:
    run = submit()
    fence = claimed(store, run)
    lease = Lease(store, run.id, fence)
    clerk = Clerk(lease)
    ask(clerk, "begin_folder", "state-00000010-0000")
    ask(clerk, "take_part", "state-00000010-0000", "step", b"10")
    lease.end("interrupted", reason="lost", again=True)
    with pytest.raises(StaleWorkerError):
        ask(clerk, "saved", "state-00000010-0000", kind="state", step=10, epoch=0)
    with pytest.raises(StaleWorkerError):
        ask(clerk, "record", [], [], pace=None)
    clerk.close()
    assert list((store.home / "runs" / run.id).iterdir()) == []


def ask(clerk: Clerk, what: str, *given: object, **named: object) -> None:
    """Ask as a far worker does, with the clerk coming by."""
    desk = Desk()
    failed: list[Exception] = []

    def worker() -> None:
        try:
            desk.ask(what, *given, **named)
        except Exception as error:
            failed.append(error)

    thread = threading.Thread(target=worker)
    thread.start()
    (question,) = desk.questions()
    desk.answer([clerk.answer(question)])
    thread.join()
    if failed:
        raise failed[0]


@pytest.mark.parametrize(
    ("folder", "file"),
    [("../../lab", "x"), ("state-1", "x"), ("final", "../x"), ("final", ".x"), ("final", "a/b"), ("prepared", "x")],
)
def test_names_that_no_training_has_are_refused(store: Store, submit: Submit, folder: str, file: str) -> None:
    run = submit()
    clerk = Clerk(Lease(store, run.id, claimed(store, run)))
    with pytest.raises(RunError, match="has sent a file that no training has"):  # noqa: PT012
        ask(clerk, "begin_folder", folder)
        ask(clerk, "take_part", folder, file, b"")
    clerk.close()


@pytest.mark.parametrize("name", ["../x", "/etc/x", "runs/.x", "a\\b", "", "runs/../../x"])
def test_a_workplace_writes_in_its_own_home_only(node: Path, name: str) -> None:
    with pytest.raises(RunError, match="is no name of a file of a training"):
        Workplace(node, alone=lambda: None).take(name, b"", offset=0)


def test_a_full_disk_here_pauses_the_run_there(
    store: Store, submit: Submit, node: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = submit()
    clerk = Clerk(Lease(store, run.id, claimed(store, run)))
    monkeypatch.setattr(folders, "free_space", lambda _folder: LOW_DISK - 1)
    with pytest.raises(folders.DiskFullError, match="500 MB are needed to go on"):
        ask(clerk, "begin_folder", "state-00000010-0000")


def test_a_worker_for_whom_nobody_comes_by_ends_itself(node: Path) -> None:
    ended = threading.Event()
    place = Workplace(node, alone=ended.set, seconds=0.05)
    assert ended.wait(10)
    assert not place.home.exists()


def test_what_is_lent_is_sent_once_and_found_by_those_who_follow(node: Path) -> None:
    first, second = (Workplace(node, alone=lambda: None) for _ in range(2))
    assert list(first.lacking(["pixels-digits"])) == ["pixels-digits"]
    for part, offset in ((b"12", 0), (b"34", 2)):
        first.take("images.npy", part, offset=offset, key="pixels-digits")
    assert list(second.lacking(["pixels-digits"])) == ["pixels-digits"]  # not before it is whole
    second.take("images.npy", b"1234", offset=0, key="pixels-digits")
    first.seal("pixels-digits")
    second.seal("pixels-digits")
    assert list(second.lacking(["pixels-digits"])) == []
    assert (node / "lent" / "pixels-digits" / "images.npy").read_bytes() == b"1234"


def test_homes_of_killed_workers_are_cleared_away(node: Path) -> None:
    dead = node / "at-work" / f"{2**22 - 1}-0badcafe"
    dead.mkdir(parents=True)
    alive = Workplace(node, alone=lambda: None).home
    assert Workplace(node, alone=lambda: None).home.exists()
    assert (dead.exists(), alive.exists()) == (False, True)


def test_pages_and_probes_are_where_they_are_kept() -> None:
    pytest.importorskip("torch")
    from core.explain import probes
    from core.explain.filters import time_lapse

    assert KEPT_BESIDE == (probes.FOLDER, time_lapse.FOLDER)


def test_a_node_keeps_its_things_where_it_is_told_to(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("CNN_LAB_NODE_HOME", str(tmp_path / "there"))
    assert workplace.node_home() == tmp_path / "there"
    monkeypatch.delenv("CNN_LAB_NODE_HOME")
    assert workplace.node_home().name == "cnn-lab-node"
