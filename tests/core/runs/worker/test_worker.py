"""The real worker with the real trainer, inside this process: three epochs of 40 steps on the built-in digits."""

import dataclasses
import os
import shutil
import signal
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from core.config import TrainingConfig, training_size
from core.errors import DataError
from core.events import StepDone
from core.intervals import percent
from core.rights import OPERATOR
from core.runs import folders
from core.runs.records import Run, StoreError
from core.runs.store.lease import Lease
from core.runs.store.queue_writes import Queue
from core.runs.store.store import STORE_NAME, Store
from core.runs.worker.recorder import Recorder
from core.runs.worker.turnstile import Turnstile

torch = pytest.importorskip("torch")

from core.checkpoints import load_state, read  # noqa: E402  (they import torch)
from core.explain.filters.time_lapse import FOLDER as TIME_LAPSE  # noqa: E402
from core.explain.filters.time_lapse import read_time_lapse  # noqa: E402
from core.explain.probes import FOLDER as PROBES  # noqa: E402
from core.runs.worker.together import work_together  # noqa: E402
from core.runs.worker.worker import work  # noqa: E402

Act = Callable[[Recorder], object]


@pytest.fixture(scope="module")
def digits() -> TrainingConfig:
    from core.recipes import recipe_config

    return recipe_config("modern", dataset="digits", model="lenet", epochs=3, precision="fp32")


@pytest.fixture(autouse=True)
def _prepared_digits(home: Path, shared_home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Decode once for all of these tests; the store is each test's own."""
    (shared_home / "prepared").mkdir(exist_ok=True)
    (home / "prepared").symlink_to(shared_home / "prepared", target_is_directory=True)
    before = torch.get_num_threads()
    yield
    torch.set_num_threads(before)


@pytest.fixture
def at_step(monkeypatch: pytest.MonkeyPatch) -> Callable[[int, Act], None]:
    """Do something when a step is recorded; the loop looks whether it should leave right after."""

    def arrange(number: int, act: Act) -> None:
        plain = Recorder.step

        def step(self: Recorder, event: StepDone, *, side: int) -> None:
            plain(self, event, side=side)
            if event.step == number:
                monkeypatch.setattr(Recorder, "step", plain)
                act(self)

        monkeypatch.setattr(Recorder, "step", step)

    return arrange


def queued(store: Store, config: TrainingConfig) -> Run:
    return store.submit(config, "ada", "digits")


def serve(store: Store) -> bool:
    claim = Queue(store).claim(slots=1, threads=1)
    assert claim is not None
    ended = work(store, claim.run_id, claim.fence)
    for held in Queue(store).held():
        if ended:  # what a supervisor does when the process has gone
            Queue(store).gone(held, log="", forced=False)
    return ended


def final_tensors(run: Run) -> dict[str, Any]:
    assert run.checkpoint is not None
    return dict(read(Path(run.checkpoint)).load_model().state_dict())


def last_state(store: Store, run: Run) -> dict[str, Any]:
    folder = folders.run_folder(store.home, run.id)
    state, _config = load_state(max(folder.glob("state-*")))
    return state.tensors


def assert_equal(a: dict[str, Any], b: dict[str, Any]) -> None:
    assert a.keys() == b.keys()
    assert [name for name in a if not torch.equal(a[name], b[name])] == []


@dataclasses.dataclass(frozen=True)
class Reference:
    """What an uninterrupted run came to."""

    model: dict[str, Any]
    state: dict[str, Any]
    losses: list[tuple[int, float]]


@pytest.fixture(scope="module")
def uninterrupted(shared_home: Path, digits: TrainingConfig) -> Iterator[Reference]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CNN_LAB_HOME", str(shared_home))
        store = Store(shared_home / STORE_NAME)
        run = queued(store, digits)
        serve(store)
        run = store.get(run.id)
        yield Reference(final_tensors(run), last_state(store, run), losses(store, run))
        store.close()


def losses(store: Store, run: Run) -> list[tuple[int, float]]:
    return [(each.step, each.loss) for each in store.steps(run.id)]


def test_a_run_is_trained_judged_and_kept(store: Store, digits: TrainingConfig) -> None:
    run = queued(store, digits)
    serve(store)
    run = store.get(run.id)
    assert (run.status, run.reason) == ("finished", "completed")
    assert (run.step, run.steps_total, run.epochs_done, run.saved_step) == (108, 108, 3, 108)
    assert [each.step for each in store.steps(run.id)] == list(range(1, 109))
    assert [each.epoch for each in store.epochs(run.id)] == [1, 2, 3]
    assert run.images_per_second is not None
    assert run.device.startswith("CPU")
    assert run.precision == "float32, as it was set"
    assert run.checkpoint is not None
    checkpoint = read(Path(run.checkpoint))
    metrics = checkpoint.card.metrics
    assert metrics is not None
    assert metrics.test_n == 367
    assert (
        run.message
        == f"Best epoch {checkpoint.card.epoch}: test accuracy {percent(metrics.test_accuracy, 1)} on 367 images."
    )
    assert checkpoint.predictions() is not None


def test_two_states_and_two_models_are_kept(store: Store, digits: TrainingConfig) -> None:
    run = queued(store, digits)
    serve(store)
    folder = folders.run_folder(store.home, run.id)
    kept = [path for path in folder.iterdir() if path.is_dir() and path.name not in (TIME_LAPSE, PROBES)]
    kinds = sorted(path.name.partition("-")[0] for path in kept)
    assert kinds == ["best", "final", "state", "state"]
    with store.database.reading() as connection:
        named = {row["folder"] for row in connection.execute("SELECT folder FROM checkpoints")}
    assert named == {path.name for path in kept} == {path.name for path in folder.iterdir()} - {TIME_LAPSE, PROBES}


@pytest.mark.parametrize("cut", [1, 40, 57])
def test_stopped_and_resumed_equals_uninterrupted(
    store: Store, digits: TrainingConfig, uninterrupted: Reference, at_step: Callable[[int, Act], None], cut: int
) -> None:
    run = queued(store, digits)
    at_step(cut, lambda recorder: recorder.ask_to_leave("asked"))
    serve(store)
    stopped = store.get(run.id)
    assert (stopped.status, stopped.step, stopped.saved_step) == ("stopped", cut, cut)
    store.resume(run.id, by=OPERATOR)
    serve(store)
    assert_equal(final_tensors(store.get(run.id)), uninterrupted.model)
    assert_equal(last_state(store, run), uninterrupted.state)
    assert losses(store, run) == uninterrupted.losses


def test_a_damaged_last_state_costs_some_steps_and_nothing_else(
    store: Store, digits: TrainingConfig, uninterrupted: Reference, at_step: Callable[[int, Act], None]
) -> None:
    run = queued(store, digits)
    at_step(57, lambda recorder: recorder.ask_to_leave("asked"))
    serve(store)
    last = max(folders.run_folder(store.home, run.id).glob("state-*")) / "state.safetensors"
    data = bytearray(last.read_bytes())
    data[len(data) // 2] ^= 1
    last.write_bytes(data)
    store.resume(run.id, by=OPERATOR)
    serve(store)
    assert store.get(run.id).status == "finished"
    assert_equal(final_tensors(store.get(run.id)), uninterrupted.model)
    assert [each.step for each in store.steps(run.id)] == list(range(1, 109))


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGTERM to be caught")
def test_a_worker_that_is_told_to_leave_saves_first(
    store: Store, digits: TrainingConfig, at_step: Callable[[int, Act], None]
) -> None:
    run = queued(store, digits)
    at_step(45, lambda _recorder: os.kill(os.getpid(), signal.SIGTERM))
    serve(store)
    left = store.get(run.id)
    assert (left.status, left.reason, left.saved_step) == ("interrupted", "terminated", 45)
    assert Queue(store).again() == 1


def test_a_superseded_worker_saves_and_leaves_without_a_word(
    store: Store, digits: TrainingConfig, at_step: Callable[[int, Act], None]
) -> None:
    run = queued(store, digits)

    def pass_on(recorder: Recorder) -> None:
        with store.database.writing() as connection:
            connection.execute("UPDATE runs SET fence = fence + 1 WHERE id = ?", (run.id,))
        recorder.ask_to_leave("superseded")

    at_step(45, pass_on)
    assert serve(store) is False
    assert (store.get(run.id).status, store.get(run.id).fence) == ("running", 2)
    assert max(folders.run_folder(store.home, run.id).glob("state-*")).name == "state-00000045-0001"


def test_a_superseded_worker_does_not_touch_the_best_model(
    store: Store, digits: TrainingConfig, at_step: Callable[[int, Act], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    run = queued(store, digits)
    monkeypatch.setattr("core.runs.worker.recorder.LOOK_SECONDS", 60.0)  # it has not noticed yet

    def pass_on(_recorder: Recorder) -> None:
        with store.database.writing() as connection:
            connection.execute("UPDATE runs SET fence = fence + 1 WHERE id = ?", (run.id,))

    at_step(70, pass_on)
    assert serve(store) is False
    assert [path.name for path in folders.run_folder(store.home, run.id).glob("best-*")] == ["best-0001"]


def test_a_failure_that_has_a_sentence_shows_it(
    store: Store, digits: TrainingConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unreachable(*_args: object, **_keywords: object) -> None:
        raise DataError("The Hub cannot be reached.")

    monkeypatch.setattr("core.training.session.load", unreachable)
    run = queued(store, digits)
    serve(store)
    failed = store.get(run.id)
    assert (failed.status, failed.message, failed.log) == ("failed", "The Hub cannot be reached.", "")


def test_an_exception_is_a_failure_with_its_last_lines(
    store: Store, digits: TrainingConfig, at_step: Callable[[int, Act], None]
) -> None:
    def fail(_recorder: Recorder) -> None:
        raise ZeroDivisionError("a bug")

    run = queued(store, digits)
    at_step(45, fail)
    serve(store)
    failed = store.get(run.id)
    assert (failed.status, failed.message) == ("failed", "The training raised ZeroDivisionError: a bug.")
    assert failed.log.splitlines()[-1] == "ZeroDivisionError: a bug"
    assert failed.step == 45
    assert failed.resumable


def test_a_loss_that_is_no_number_ends_a_run_as_diverged(
    store: Store, digits: TrainingConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    import torch.nn.functional as F

    plain = F.cross_entropy
    calls = iter(range(10_000))
    monkeypatch.setattr(
        F, "cross_entropy", lambda *args, **kw: plain(*args, **kw) * (float("nan") if next(calls) == 20 else 1)
    )
    run = queued(store, digits)
    serve(store)
    ended = store.get(run.id)
    assert (ended.status, ended.step) == ("diverged", 20)
    assert ended.message.startswith("The loss was no longer a finite number at step 21.")


def test_a_full_disk_interrupts_a_run_with_a_sentence_and_it_goes_on_later(
    store: Store, digits: TrainingConfig, at_step: Callable[[int, Act], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    run = queued(store, digits)
    with monkeypatch.context() as patch:
        at_step(45, lambda _recorder: patch.setattr(folders, "free_space", lambda _folder: 0))
        serve(store)
        paused = store.get(run.id)
    assert (paused.status, paused.reason) == ("interrupted", "disk_full")
    assert paused.message.startswith("The disk has 0 MB free")
    assert Queue(store).again() == 1
    serve(store)
    assert store.get(run.id).status == "finished"


def test_a_last_word_waits_for_a_store_that_cannot_be_written_just_now(
    store: Store, digits: TrainingConfig, at_step: Callable[[int, Act], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    run = queued(store, digits)
    tries = iter(range(3))
    plain = Lease.end

    def end(self: Lease, *words: object, **more: object) -> None:
        if next(tries, None) is not None:
            raise StoreError("The store cannot be used: the disk is full.")
        plain(self, *words, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(Lease, "end", end)
    monkeypatch.setattr("core.runs.worker.worker.SAY_SECONDS", 0.01)
    at_step(45, lambda recorder: recorder.ask_to_leave("asked"))
    assert serve(store)
    assert store.get(run.id).status == "stopped"


def test_images_for_which_the_disk_has_no_room_interrupt_a_run_and_it_goes_on_later(
    store: Store, digits: TrainingConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = queued(store, digits)

    def refuse(*_arguments: object, **_more: object) -> None:
        try:
            raise OSError(28, "184 MB are needed and 118 MB are free")
        except OSError as error:
            raise DataError("Digits could not be prepared: the disk is full.") from error

    with monkeypatch.context() as patch:
        patch.setattr("core.training.session.load", refuse)
        serve(store)
    paused = store.get(run.id)
    assert (paused.status, paused.reason) == ("interrupted", "disk_full")
    assert Queue(store).again() == 1


def test_a_best_model_that_the_disk_refuses_leaves_the_last_state(
    store: Store, digits: TrainingConfig, at_step: Callable[[int, Act], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    run = queued(store, digits)

    def refuse(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        at_step(45, lambda _recorder: patch.setattr(os, "fsync", refuse))
        serve(store)
    paused = store.get(run.id)
    assert (paused.status, paused.reason, paused.saved_step) == ("interrupted", "disk_full", 36)
    Queue(store).again()
    serve(store)
    assert store.get(run.id).status == "finished"


def test_a_run_whose_data_changed_does_not_go_on(
    store: Store, digits: TrainingConfig, at_step: Callable[[int, Act], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    from core.training import session

    run = queued(store, digits)
    at_step(45, lambda recorder: recorder.ask_to_leave("asked"))
    serve(store)
    plain = session.split_begun_with
    monkeypatch.setattr(
        session,
        "split_begun_with",
        lambda *data, **kw: dataclasses.replace(plain(*data, **kw), fingerprint="another"),
    )
    store.resume(run.id, by=OPERATOR)
    serve(store)
    assert store.get(run.id).status == "failed"
    assert "cannot go on" in store.get(run.id).message


def test_a_run_deleted_while_its_worker_comes_up_ends_quietly(store: Store, digits: TrainingConfig) -> None:
    run = queued(store, digits)
    claim = Queue(store).claim(slots=1)
    assert claim is not None
    with store.database.writing() as connection:
        connection.execute("DELETE FROM runs WHERE id = ?", (run.id,))
    assert work(store, run.id, claim.fence) is False
    shutil.rmtree(folders.run_folder(store.home, run.id), ignore_errors=True)


def test_a_run_keeps_a_page_of_its_kernels_and_maps_for_each_epoch(store: Store, digits: TrainingConfig) -> None:
    run = queued(store, digits)
    assert serve(store)
    found = read_time_lapse(folders.run_folder(store.home, run.id))
    assert found is not None
    assert list(found.pages) == [0, 1, 2, 3]
    first, last = found.pages[0]["conv1"], found.pages[3]["conv1"]
    assert abs(first.kernels - last.kernels).max() > 0
    assert first.maps.shape == (2, 6, 24, 24)


def test_a_worker_imports_before_it_waits_for_its_turn(
    store: Store, digits: TrainingConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Imported in a turn, torch keeps every other process of the lab from computing for seconds.
    order: list[str] = []

    def enter(_self: Turnstile) -> None:
        order.append("a turn")
        raise KeyboardInterrupt

    monkeypatch.setattr(Turnstile, "__enter__", enter)
    for way in (work, work_together):
        monkeypatch.setattr(f"{way.__module__}.import_all", lambda: order.append("imports"))
        store.submit(digits, "ada", "a run")
        claim = Queue(store).claim(slots=2)
        assert claim is not None
        with pytest.raises(KeyboardInterrupt):
            way(store, claim.run_id, claim.fence)
    assert order == ["imports", "a turn"] * 2


def test_the_pace_is_told_at_which_size_each_step_was_made(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    from core.recipes import recipe_config

    sides: dict[int, int] = {}
    config = recipe_config(
        "modern",
        dataset="shapes",
        model="fast_cnn",
        model_arguments={"widths": (8, 16, 16)},
        image_size=32,
        start_size=16,
        epochs=3,
        limit=64,
        batch_size=32,
    )
    monkeypatch.setattr(Recorder, "step", lambda _self, event, *, side: sides.update({event.epoch: side}))
    queued(store, config)
    assert serve(store)
    assert sides == {number: training_size(config, number - 1) for number in (1, 2, 3)}
    assert sides[1] == 16 < sides[3] == 32
