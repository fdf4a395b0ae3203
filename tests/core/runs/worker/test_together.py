"""Several real trainings in this process, taking turns: each ends as it would have ended alone, whatever others do."""

import dataclasses
import errno
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from core.config import TrainingConfig
from core.events import StepDone
from core.rights import OPERATOR
from core.runs import folders
from core.runs.records import Run, StoreError
from core.runs.store.company import Company, noted_turn
from core.runs.store.lease import Lease
from core.runs.store.queue_writes import Queue
from core.runs.store.store import Store
from core.runs.worker.recorder import Recorder
from core.runs.worker.rota import Rota
from tests.core.runs.conftest import trained_here, wait_for

torch = pytest.importorskip("torch")

from core.checkpoints import load_state, read  # noqa: E402  (they import torch)
from core.runs.worker import together  # noqa: E402
from core.runs.worker.together import work_together  # noqa: E402
from core.training.trainer import Trainer  # noqa: E402

Act = Callable[[Recorder], object]
HANDING_OVER = threading.Lock()  # a run that comes in the midst of it would have a process of its own


@pytest.fixture(scope="module")
def digits() -> TrainingConfig:
    """A network whose every step draws from torch's generator."""
    from core.recipes import recipe_config

    layers = {"layers": "conv-4-3x3-p1_relu_max-4x4_flatten_dropout-0.5_dense-classes"}
    settings = {"model": "sequential", "model_arguments": layers, "epochs": 2, "batch_size": 32, "precision": "fp32"}
    return recipe_config("modern", dataset="digits", limit=600, **settings)


@pytest.fixture(autouse=True)
def _prepared_digits(home: Path, shared_home: Path) -> Iterator[None]:
    (shared_home / "prepared").mkdir(exist_ok=True)
    (home / "prepared").symlink_to(shared_home / "prepared", target_is_directory=True)
    before = torch.get_num_threads()
    yield
    torch.set_num_threads(before)


@pytest.fixture
def at_step(monkeypatch: pytest.MonkeyPatch) -> Callable[[Run, int, Act], None]:
    """Do something when a step of a run is recorded; the loop looks whether it should leave right after."""
    acts: dict[tuple[str, int], Act] = {}
    plain = Recorder.step

    def step(self: Recorder, event: StepDone, *, side: int) -> None:
        plain(self, event, side=side)
        if (act := acts.pop((self.lease.run_id, event.step), None)) is not None:
            act(self)

    monkeypatch.setattr(Recorder, "step", step)
    return lambda run, number, act: acts.update({(run.id, number): act})


@pytest.fixture
def a_step_each(
    store: Store, monkeypatch: pytest.MonkeyPatch, at_step: Callable[[Run, int, Act], None]
) -> Callable[[list[Run]], None]:
    """Turns of a single step that all count alike, however long they take, so that runs change places as often as can
    be; the first waits for the others."""
    monkeypatch.setattr(together, "SHORTEST_TURN", 0.0)
    monkeypatch.setattr(together, "ROUND_SECONDS", 0.0)
    took = Rota.took
    monkeypatch.setattr(Rota, "took", lambda self, key, _seconds: took(self, key, 1.0))

    def come_in(runs: list[Run]) -> None:
        wait_for(lambda: all(store.get(run.id).status != "queued" for run in runs))
        time.sleep(2 * together.ARRIVAL_SECONDS)

    def meet(runs: list[Run]) -> None:
        at_step(runs[0], 1, lambda _recorder: come_in(runs))

    return meet


def submitted(store: Store, config: TrainingConfig, owners: str) -> list[Run]:
    """One run for each letter, which is its owner; each has a seed of its own."""
    return [
        store.submit(dataclasses.replace(config, seed=seed), owner, f"run {seed}") for seed, owner in enumerate(owners)
    ]


def serve(store: Store) -> bool:
    """Train all that waits in this process, handing over whatever comes meanwhile as a supervisor does."""
    queue = Queue(store)

    def claim() -> Any:
        with HANDING_OVER:
            queue.sort_out(lambda _config: True)
            return queue.claim(slots=1, threads=1, together=64)

    queue.again()
    first = claim()
    assert first is not None
    done = threading.Event()

    def hand_over() -> None:
        while not done.wait(0.02):
            claim()

    thread = threading.Thread(target=hand_over)
    thread.start()
    try:
        return work_together(store, first.run_id, first.fence)
    finally:
        done.set()
        thread.join()


def final_tensors(store: Store, run: Run) -> dict[str, Any]:
    checkpoint = store.get(run.id).checkpoint
    assert checkpoint is not None
    return dict(read(Path(checkpoint)).load_model().state_dict())


def last_state(store: Store, run: Run) -> dict[str, Any]:
    state, _config = load_state(max(folders.run_folder(store.home, run.id).glob("state-*")))
    return dict(state.tensors)


def assert_as_alone(store: Store, run: Run, alone: Run) -> None:
    """Weights, momenta, random generators and every recorded loss are those of a run that had the machine to itself."""
    for of in (final_tensors, last_state):
        mine, theirs = of(store, run), of(store, alone)
        assert mine.keys() == theirs.keys()
        assert [name for name in theirs if not torch.equal(mine[name], theirs[name])] == []
    assert [step.loss for step in store.steps(run.id)] == [step.loss for step in store.steps(alone.id)]
    assert store.get(run.id).message == store.get(alone.id).message


def test_runs_that_take_turns_end_as_each_would_alone(
    store: Store, digits: TrainingConfig, a_step_each: Callable[[list[Run]], None]
) -> None:
    runs = submitted(store, digits, "abb")
    a_step_each(runs)
    assert serve(store)
    assert [store.get(run.id).status for run in runs] == ["finished"] * 3
    for run in runs:
        assert_as_alone(store, run, trained_here(store, run.config))


def test_what_becomes_of_one_run_is_nothing_to_the_others(
    store: Store, digits: TrainingConfig, at_step: Callable[[Run, int, Act], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    quiet, raising, stopped, hungry, diverging = submitted(store, digits, "abcde")
    plain = Trainer._step

    def step(self: Trainer, *batch: Any) -> StepDone:
        if (self.config.seed, self.progress.step) == (diverging.config.seed, 6):
            next(self.model.parameters()).data.fill_(float("nan"))
        return plain(self, *batch)

    monkeypatch.setattr(Trainer, "_step", step)

    def fail(_recorder: Recorder) -> None:
        raise ZeroDivisionError("a bug")

    def no_memory(_recorder: Recorder) -> None:
        raise RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate 99 bytes.")

    at_step(raising, 5, fail)
    at_step(hungry, 7, no_memory)
    at_step(stopped, 8, lambda _recorder: store.request_stop(stopped.id, by=OPERATOR))
    at_step(stopped, 9, lambda recorder: wait_for(lambda: recorder.leave is not None))  # the thread beside sees it
    assert serve(store)
    now = {run.id: store.get(run.id) for run in (quiet, raising, stopped, hungry, diverging)}
    assert [run.status for run in now.values()] == ["finished", "failed", "stopped", "failed", "diverged"]
    assert now[raising.id].message == "The training raised ZeroDivisionError: a bug."
    assert now[raising.id].log.splitlines()[-1] == "ZeroDivisionError: a bug"
    assert now[hungry.id].message.startswith("There was not enough memory for this training")
    assert now[stopped.id].saved_step == now[stopped.id].step == 9
    assert Queue(store).held() == []
    store.resume(stopped.id, by=OPERATOR)
    assert serve(store)
    for run in (quiet, stopped):
        assert_as_alone(store, run, trained_here(store, run.config))


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGTERM to be caught")
def test_a_process_that_is_told_to_leave_saves_all_of_its_runs_and_they_go_on(
    store: Store,
    digits: TrainingConfig,
    at_step: Callable[[Run, int, Act], None],
    a_step_each: Callable[[list[Run]], None],
) -> None:
    runs = submitted(store, digits, "ab")
    a_step_each(runs)
    at_step(runs[1], 5, lambda _recorder: os.kill(os.getpid(), signal.SIGTERM))
    assert serve(store)
    left = [store.get(run.id) for run in runs]
    assert [(run.status, run.reason) for run in left] == [("interrupted", "terminated")] * 2
    assert [run.saved_step for run in left] == [run.step for run in left]
    assert serve(store)
    for run in runs:
        assert_as_alone(store, run, trained_here(store, run.config))


@pytest.fixture
def handed_over_last(store: Store, monkeypatch: pytest.MonkeyPatch) -> Callable[[Run], None]:
    """Have a run handed to the process when it has no other one any more, and asks the store whether it may end."""
    coming: list[Run] = []
    plain = Company.leave

    def leave(self: Company, *about: Any, **more: Any) -> bool:
        if coming:
            run, queue = coming.pop(), Queue(store)
            queue.sort_out(lambda _config: True)
            claim = queue.claim(slots=1, threads=1, together=64)
            assert claim is not None
            assert (claim.run_id, claim.handle) == (run.id, self.handle)
        return plain(self, *about, **more)

    monkeypatch.setattr(Company, "leave", leave)
    return coming.append


def test_a_run_that_is_handed_over_while_a_process_leaves_is_no_lost_one(
    store: Store, digits: TrainingConfig, handed_over_last: Callable[[Run], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    first, late = submitted(store, digits, "ab")
    handed_over_last(late)
    plain = together.Together._take_in

    def take_in(self: together.Together, key: tuple[str, int]) -> None:
        plain(self, key)
        self.company.take_in(True)  # as it stood in the store until now
        self.tell_all_to_leave()

    monkeypatch.setattr(together.Together, "_take_in", take_in)
    monkeypatch.setattr(together.Together, "_say_whether_there_is_room", lambda _self: None)
    queue = Queue(store)
    queue.sort_out(lambda _config: True)
    claim = queue.claim(slots=1, threads=1, together=64)
    assert claim is not None
    assert work_together(store, claim.run_id, claim.fence)
    left = [store.get(run.id) for run in (first, late)]
    assert [(run.status, run.reason) for run in left] == [("interrupted", "terminated")] * 2
    assert (queue.held(), queue.shared_workers(), queue.again()) == ([], [], 2)


def test_a_process_waits_a_while_for_a_store_that_cannot_say_whether_it_may_end(
    store: Store,
    digits: TrainingConfig,
    at_step: Callable[[Run, int, Act], None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    (run,) = submitted(store, digits, "a")
    refusals = iter([StoreError("the store is busy")])
    plain = Company.leave

    def leave(self: Company, *about: Any, **more: Any) -> bool:
        if (refusal := next(refusals, None)) is not None:
            raise refusal
        return plain(self, *about, **more)

    monkeypatch.setattr(Company, "leave", leave)
    at_step(run, 1, lambda recorder: recorder.ask_to_leave("asked"))
    assert serve(store)
    assert Queue(store).shared_workers() == []


def test_a_store_that_refuses_is_waited_for_once_not_by_each_run(
    store: Store,
    digits: TrainingConfig,
    at_step: Callable[[Run, int, Act], None],
    a_step_each: Callable[[list[Run]], None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("core.runs.worker.worker.LAST_WORD_SECONDS", 0.5)
    monkeypatch.setattr("core.runs.worker.worker.SAY_SECONDS", 0.05)
    tried: list[str] = []

    def end(self: Lease, *_words: object, **_more: object) -> None:
        tried.append(self.run_id)
        raise StoreError("The disk is full.")

    runs = submitted(store, digits, "abc")
    a_step_each(runs)
    monkeypatch.setattr(Lease, "end", end)
    at_step(runs[1], 5, lambda recorder: recorder.ask_to_leave("disk_full"))
    assert serve(store) is False
    assert sorted(tried.count(run.id) > 1 for run in runs) == [False, False, True]
    assert tried[-1] != tried[0]


def test_before_the_first_turn_the_run_that_a_process_was_started_for_answers_for_it(
    store: Store, digits: TrainingConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    (run,) = submitted(store, digits, "a")
    noted: list[tuple[str, int] | None] = []
    plain = together.Together._take_in

    def take_in(self: together.Together, key: tuple[str, int]) -> None:
        noted.append(noted_turn(store.home, self.handle))
        store.request_stop(run.id, by=OPERATOR)
        plain(self, key)

    monkeypatch.setattr(together.Together, "_take_in", take_in)
    assert serve(store)
    assert noted == [(run.id, 1)]


def test_a_network_too_large_to_share_is_given_back_to_the_queue(
    store: Store, digits: TrainingConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("core.runs.worker.worker.MOST_WEIGHTS", 1_000)
    (run,) = submitted(store, digits, "a")
    assert serve(store)
    assert (store.get(run.id).status, store.get(run.id).reason) == ("interrupted", "turn")
    queue = Queue(store)
    assert queue.again() == 1
    queue.sort_out(lambda _config: True)
    assert queue.claim(slots=1, together=64) is not None
    with store.database.reading() as connection:
        assert connection.execute("SELECT shared FROM runs").fetchone()[0] == 0


def test_a_run_says_how_often_it_has_its_turn_while_it_has_others(
    store: Store,
    digits: TrainingConfig,
    at_step: Callable[[Run, int, Act], None],
    a_step_each: Callable[[list[Run]], None],
) -> None:
    runs = submitted(store, digits, "ab")
    a_step_each(runs)
    seen: list[Run] = []

    def look(recorder: Recorder) -> None:
        recorder.flush()
        seen.append(store.get(runs[0].id))

    at_step(runs[0], 20, look)
    assert serve(store)
    assert seen[0].others == 1
    assert seen[0].turn_every is not None
    assert 0 < seen[0].turn_every < 5
    assert store.get(runs[0].id).turn_every is None


def test_a_run_that_cannot_be_begun_at_once_is_begun_a_little_later(
    store: Store,
    digits: TrainingConfig,
    a_step_each: Callable[[list[Run]], None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    runs = submitted(store, digits, "ab")
    a_step_each(runs)
    refusals = iter([StoreError("the store is busy"), OSError(errno.ENOSPC, "no room for its log")])
    plain = Lease.begin

    def begin(self: Lease, handle: str) -> tuple[TrainingConfig, int | None]:
        begun = plain(self, handle)
        if self.run_id == runs[1].id and (refusal := next(refusals, None)) is not None:
            raise refusal
        return begun

    monkeypatch.setattr(Lease, "begin", begin)
    assert serve(store)
    assert [store.get(run.id).status for run in runs] == ["finished"] * 2


def test_a_run_that_waits_for_the_end_of_a_long_turn_is_alive_and_can_be_stopped(
    store: Store, digits: TrainingConfig, at_step: Callable[[Run, int, Act], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A turn lasts as long as one event, and where pages come first a data set's decoding took two minutes."""
    monkeypatch.setattr("core.runs.worker.recorder.BEAT_SECONDS", 0.0)
    (busy,) = submitted(store, digits, "a")
    handed_over: list[Run] = []

    def beats() -> dict[str, float]:
        return {held.run_id: held.beat for held in Queue(store).held()}

    def turn(_recorder: Recorder) -> None:
        with HANDING_OVER:
            waits, unwanted = handed_over[:] = submitted(store, digits, "bc")
        wait_for(lambda: beats().keys() == {busy.id, waits.id, unwanted.id})
        before = beats()[waits.id]
        wait_for(lambda: beats()[waits.id] >= before + 3)
        store.request_stop(unwanted.id, by=OPERATOR)
        wait_for(lambda: store.get(unwanted.id).status == "stopped")

    at_step(busy, 1, turn)
    assert serve(store)
    assert [store.get(run.id).status for run in [busy, *handed_over]] == ["finished", "finished", "stopped"]
    assert [store.get(run.id).reason for run in handed_over] == ["completed", "asked"]


def test_a_process_may_not_end_before_the_store_has_taken_the_last_word_of_a_run_that_waited(
    store: Store, digits: TrainingConfig, at_step: Callable[[Run, int, Act], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    (busy,) = submitted(store, digits, "a")
    unwanted: list[Run] = []
    houses: list[together.Together] = []
    might_end: list[bool] = []
    arrive, end = together.Together._arrive, Lease.end

    def arrives(self: together.Together, key: tuple[str, int]) -> None:
        houses.append(self)
        arrive(self, key)

    def refuses_once(self: Lease, *words: Any, **more: Any) -> None:
        if [self.run_id] == [run.id for run in unwanted] and not might_end:
            might_end.append((self.run_id, self.fence) in houses[0]._through)
            raise StoreError("the store is busy")
        end(self, *words, **more)

    def turn(_recorder: Recorder) -> None:
        with HANDING_OVER:
            unwanted[:] = submitted(store, digits, "b")
        wait_for(lambda: unwanted[0].id in {held.run_id for held in Queue(store).held()})
        store.request_stop(unwanted[0].id, by=OPERATOR)
        wait_for(lambda: store.get(unwanted[0].id).status == "stopped")

    monkeypatch.setattr(together.Together, "_arrive", arrives)
    monkeypatch.setattr(Lease, "end", refuses_once)
    at_step(busy, 1, turn)
    assert serve(store)
    assert might_end == [False]
    assert [store.get(run.id).status for run in (busy, *unwanted)] == ["finished", "stopped"]


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGTERM to be caught")
def test_a_process_that_is_told_to_leave_while_it_takes_a_run_in_leaves_at_once(
    store: Store, digits: TrainingConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    (run,) = submitted(store, digits, "a")
    plain = Lease.begin

    def begin(self: Lease, handle: str) -> tuple[TrainingConfig, int | None]:
        os.kill(os.getpid(), signal.SIGTERM)
        return plain(self, handle)

    monkeypatch.setattr(Lease, "begin", begin)
    assert serve(store)
    left = store.get(run.id)
    assert (left.status, left.reason, left.step) == ("interrupted", "terminated", 0)
