import contextlib
import dataclasses
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import psutil
import pytest

from core.config import TrainingConfig, training_size
from core.errors import ConfigError, RunError
from core.events import FeaturesKept
from core.recipes import recipe_config
from core.rights import OPERATOR
from core.runs import folders
from core.runs.executors.processes import ROOT
from core.runs.records import Run, StoreError
from core.runs.store.database import MIGRATIONS, SCHEMA
from core.runs.store.lease import Lease
from core.runs.store.queue_writes import Queue
from core.runs.store.store import WAITING_PER_OWNER, Store, open_store
from tests.core.runs.conftest import epoch, step

Submit = Callable[..., Run]


def at_work(store: Store, submit: Submit) -> Lease:
    run = submit()
    claim = Queue(store).claim(slots=99)
    assert claim is not None
    lease = Lease(store, run.id, claim.fence)
    lease.begin("{}")
    return lease


def test_listing_and_queueing_needs_no_torch(home: Path) -> None:
    code = (
        "import sys, core.command_line.runs; from core.config import TrainingConfig; from core.runs import open_store;"
        "config = TrainingConfig(dataset='digits', model='lenet', image_size=32);"
        "open_store().submit(config, 'ada', 'a run'); open_store().list(); print('torch' in sys.modules)"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert result.stdout.strip() == "False"


def test_a_submitted_run_comes_back_as_it_was_given(store: Store, config: TrainingConfig) -> None:
    run = store.submit(config, "ada", "first", note="a note")
    assert run == store.get(run.id)
    assert (run.config, run.owner, run.name, run.note) == (config, "ada", "first", "a note")
    assert (run.status, run.position, run.live) == ("queued", 1, True)


def test_a_configuration_is_checked_again_at_the_door(store: Store, config: TrainingConfig) -> None:
    forged = dataclasses.replace(config)
    object.__setattr__(forged, "epochs", 10**6)
    with pytest.raises(ConfigError, match="epochs is 1000000"):
        store.submit(forged, "ada", "forged")


def test_an_unknown_data_set_is_not_queued(store: Store, config: TrainingConfig) -> None:
    with pytest.raises(ConfigError, match="no data set 'imagenet'; there is mnist"):
        store.submit(dataclasses.replace(config, dataset="imagenet"), "ada", "too large")


def test_a_configuration_that_is_no_json_is_refused(store: Store, config: TrainingConfig) -> None:
    forged = dataclasses.replace(config, model_arguments={"dropout": float("nan")})
    with pytest.raises(ConfigError, match="cannot be stored"):
        store.submit(forged, "ada", "forged")


def test_one_owner_cannot_fill_the_queue(store: Store, submit: Submit) -> None:
    for _ in range(WAITING_PER_OWNER):
        submit("ada")
    with pytest.raises(RunError, match="ada has 100 runs waiting"):
        submit("ada")
    assert submit("bob").status == "queued"


def test_one_owner_cannot_fill_the_disk(store: Store, submit: Submit, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(folders, "QUOTA", 1000)
    lease = at_work(store, submit)
    folder = lease.folder / "state-1"
    folder.mkdir(parents=True)
    (folder / "file").write_bytes(bytes(1001))
    lease.saved(folder, kind="state", step=1, epoch=0)
    with pytest.raises(RunError, match="are allowed; delete some runs first"):
        submit("ada")


def test_nothing_is_queued_on_a_full_disk(store: Store, submit: Submit, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(folders, "free_space", lambda _folder: 100 * 2**20)
    with pytest.raises(RunError, match=r"100 MB free and 500 MB are needed"):
        submit()


def test_an_unknown_run_is_a_sentence(store: Store) -> None:
    with pytest.raises(RunError, match="There is no run 'abcdefghij'"):
        store.get("abcdefghij")


def test_runs_are_listed_newest_first(store: Store, submit: Submit) -> None:
    ids = [submit(owner).id for owner in ("ada", "bob", "ada")]
    assert [run.id for run in store.list()] == ids[::-1]


def test_runs_are_listed_by_owner_and_by_status(store: Store, submit: Submit) -> None:
    first, other, _ = submit("ada"), submit("bob"), submit("ada")
    store.request_stop(first.id, by=OPERATOR)
    assert [run.id for run in store.list("ada", statuses=["stopped"])] == [first.id]
    assert [run.id for run in store.list("bob")] == [other.id]


@pytest.fixture
def many(store: Store, submit: Submit, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """More runs than are read at once, oldest first; every tenth has kept a network."""
    monkeypatch.setattr("core.runs.store.store._READ_AT_ONCE", 7)
    ids = [submit("ada" if number % 2 else "bob", f"run {number}").id for number in range(30)]
    with store.database.writing() as connection:
        for run_id in ids[::10]:
            for kind in ("best", "state"):
                connection.execute("INSERT INTO checkpoints VALUES (?, ?, ?, 1, 1, 1, 0)", (run_id, kind, kind))
    return ids


def test_no_run_is_left_out_of_a_list_that_is_not_cut(store: Store, many: list[str]) -> None:
    assert [run.id for run in store.list()] == many[::-1]
    assert [run.id for run in store.list("ada")] == many[1::2][::-1]
    assert (store.count(), store.count("ada"), store.count(statuses=["running"])) == (30, 15, 0)


def test_runs_are_looked_for_before_the_list_is_cut(store: Store, many: list[str]) -> None:
    oldest = store.list(which=lambda run: run.name in ("run 0", "run 1"), at_most=1)
    assert [run.id for run in oldest] == [many[1]]
    assert [run.id for run in store.list(which=lambda run: run.name in ("run 0", "run 1"), after=1)] == [many[0]]
    assert [run.id for run in store.list(trained=True, at_most=2)] == [many[20], many[10]]
    assert store.count(trained=True) == 3


def test_a_list_is_read_in_parts_without_a_gap(store: Store, many: list[str]) -> None:
    parts = [[run.id for run in store.list(after=after, at_most=8)] for after in range(0, 32, 8)]
    assert [run_id for part in parts for run_id in part] == many[::-1]


def test_a_run_that_cannot_be_read_does_not_hide_the_others(store: Store, submit: Submit) -> None:
    broken, whole = submit(), submit()
    with store.database.writing() as connection:
        connection.execute("UPDATE runs SET config = '{}' WHERE id = ?", (broken.id,))
    assert [run.id for run in store.list()] == [whole.id]


def test_a_queued_run_that_is_stopped_leaves_the_queue_at_once(store: Store, submit: Submit) -> None:
    run = store.request_stop(submit().id, by=OPERATOR)
    assert (run.status, run.reason, run.position) == ("stopped", "asked", None)


def test_a_run_at_work_that_is_stopped_is_stopping(store: Store, submit: Submit) -> None:
    lease = at_work(store, submit)
    assert store.request_stop(lease.run_id, by=OPERATOR).status == "stopping"
    assert lease.orders().stop


def test_a_run_that_has_ended_is_not_stopped(store: Store, submit: Submit) -> None:
    lease = at_work(store, submit)
    lease.end("finished", reason="completed")
    assert store.request_stop(lease.run_id, by=OPERATOR).status == "finished"


@pytest.mark.parametrize("status", ["stopped", "failed", "interrupted"])
def test_a_run_that_did_not_get_to_its_end_can_be_resumed(store: Store, submit: Submit, status: str) -> None:
    lease = at_work(store, submit)
    lease.end(status, reason="asked", message="a sentence", log="a line")  # type: ignore[arg-type]
    assert store.get(lease.run_id).resumable
    run = store.resume(lease.run_id, by=OPERATOR)
    assert (run.status, run.message, run.log, run.ended) == ("queued", "", "", None)


@pytest.mark.parametrize("status", ["finished", "diverged"])
def test_a_run_at_its_end_cannot_be_resumed(store: Store, submit: Submit, status: str) -> None:
    lease = at_work(store, submit)
    lease.end(status, reason="x")  # type: ignore[arg-type]
    with pytest.raises(RunError, match="nothing to resume"):
        store.resume(lease.run_id, by=OPERATOR)


def test_a_run_that_is_still_stopping_cannot_be_resumed(store: Store, submit: Submit) -> None:
    lease = at_work(store, submit)
    store.request_stop(lease.run_id, by=OPERATOR)
    with pytest.raises(RunError, match="still stopping"):
        store.resume(lease.run_id, by=OPERATOR)


def test_a_run_is_renamed_and_annotated(store: Store, submit: Submit) -> None:
    run = submit()
    store.rename(run.id, "another name", by=OPERATOR)
    assert (store.note(run.id, "seen", by=OPERATOR).note, store.get(run.id).name) == ("seen", "another name")


def test_a_deleted_run_takes_its_figures_and_its_folder_along(store: Store, submit: Submit) -> None:
    lease = at_work(store, submit)
    (lease.folder / "best-0001").mkdir(parents=True)
    lease.record([step(1)], [(1, epoch(1))], pace=1.0)
    lease.end("finished", reason="completed")
    store.delete(lease.run_id, by=OPERATOR)
    assert list((store.home / "runs").iterdir()) == []
    with store.database.reading() as connection:
        tables = ("runs", "steps", "epochs", "checkpoints", "changes")
        assert [connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0] for table in tables] == [0] * 5


def test_a_run_at_work_is_not_deleted(store: Store, submit: Submit) -> None:
    lease = at_work(store, submit)
    with pytest.raises(RunError, match="stop it first"):
        store.delete(lease.run_id, by=OPERATOR)


def test_every_change_of_status_is_remembered(store: Store, submit: Submit) -> None:
    lease = at_work(store, submit)
    store.request_stop(lease.run_id, by=OPERATOR)
    lease.end("stopped", reason="asked")
    store.resume(lease.run_id, by=OPERATOR)
    changes = store.changes(lease.run_id)
    assert [change.status for change in changes] == ["queued", "running", "stopping", "stopped", "queued"]
    assert [change.fence for change in changes] == [0, 1, 1, 1, 1]
    assert [change.at for change in changes] == pytest.approx([time.time()] * 5, abs=5)


def test_steps_are_given_whole_and_in_order(store: Store, submit: Submit) -> None:
    lease = at_work(store, submit)
    given = [step(number, loss=1 / number) for number in range(1, 5001)]
    lease.record(given, [], pace=None)
    assert store.steps(lease.run_id) == given
    assert store.steps(lease.run_id, after=4998) == given[4998:]
    assert store.steps(lease.run_id, after=5000) == []
    assert store.steps(lease.run_id, after=10, at_most=3) == given[10:13]


def test_a_loss_that_is_no_number_comes_back_as_none_of_them(store: Store, submit: Submit) -> None:
    lease = at_work(store, submit)
    lease.record([step(1, loss=float("nan"))], [(1, epoch(1, val_loss=float("inf")))], pace=None)
    assert str(store.steps(lease.run_id)[0].loss) == "nan"
    assert str(store.epochs(lease.run_id)[0].val_loss) == "nan"


def test_the_time_left_counts_validation_once_an_epoch_is_known(store: Store, submit: Submit) -> None:
    lease = at_work(store, submit)
    lease.describe(device="CPU", steps_total=20, split="s")
    lease.record([step(5)], [], pace=640.0)
    assert store.get(lease.run_id).seconds_left == pytest.approx(15 * 64 / 640)  # 15 batches of 64 images
    lease.record([step(10)], [(10, epoch(1))], pace=640.0)
    # One epoch is left. The last one took 2 s; its steps take 1 s at this pace, so judging takes the other.
    assert store.get(lease.run_id).seconds_left == pytest.approx(2.0)


def test_the_time_left_follows_the_pace_that_is_shown_beside_it(store: Store, submit: Submit) -> None:
    lease = at_work(store, submit)
    lease.describe(device="CPU", steps_total=20, split="s")
    lease.record([step(10)], [(10, epoch(1))], pace=640.0)
    lease.record([step(11)], [], pace=64.0)  # others use the machine now
    assert store.get(lease.run_id).seconds_left == pytest.approx(9 * 64 / 64)


@pytest.mark.parametrize("resumed", [False, True])
@pytest.mark.parametrize("seen", [3, 6, 10, 15, 19])
def test_the_time_left_knows_that_images_are_going_to_grow(store: Store, seen: int, resumed: bool) -> None:
    config = TrainingConfig(dataset="shapes", model="fast_cnn", image_size=128, start_size=64, epochs=20, batch_size=64)
    run = store.submit(config, "ada", "grows")
    claim = Queue(store).claim(slots=1)
    assert claim is not None
    lease = Lease(store, run.id, claim.fence)
    lease.begin('{"pid": 1, "started": 0.0}')
    lease.describe(device="CPU", steps_total=20 * 10, split="s")
    took = [10 * (training_size(config, number) / 128) ** 2 + 1 for number in range(20)]  # ten steps, 1 s to judge
    for number, seconds in enumerate(took[:seen], start=1):
        done = replace(epoch(number), seconds=seconds)
        lease.record([step(number * 10)], [(number * 10, done)], pace=64 * 10 / (seconds - 1))
    if resumed:
        lease.end("interrupted", reason="lost", again=True)
        lease = at_work_again(store, run.id)
    # Without a pace yet, judging counts as growing with the images.
    assert store.get(run.id).seconds_left == pytest.approx(sum(took[seen:]), rel=0.2 if resumed else 0.01)


def at_work_again(store: Store, run_id: str) -> Lease:
    (held,) = Queue(store).held()
    Queue(store).gone(held, log="", forced=False)
    store.resume(run_id, by=OPERATOR)
    claim = Queue(store).claim(slots=1)
    assert claim is not None
    lease = Lease(store, run_id, claim.fence)
    lease.begin('{"pid": 2, "started": 0.0}')
    return lease


def test_after_the_last_step_no_time_is_promised(store: Store, submit: Submit) -> None:
    lease = at_work(store, submit)
    lease.describe(device="CPU", steps_total=10, split="s")
    lease.record([step(10)], [(10, epoch(1))], pace=64.0)
    assert store.get(lease.run_id).seconds_left is None


def test_words_and_how_far_they_are_end_where_the_loop_begins(store: Store, submit: Submit) -> None:
    lease = at_work(store, submit)
    lease.say("Decoding (25%)", 0.25)
    run = store.get(lease.run_id)
    assert (run.message, run.message_share) == ("Decoding (25%)", 0.25)
    lease.describe(device="CPU", steps_total=10, split="s")
    assert store.get(lease.run_id).message == ""


def test_what_is_written_is_seen_by_another_process_at_once(store: Store, submit: Submit) -> None:
    run = submit()
    other = Store(store.path)
    assert other.get(run.id) == run
    other.close()


def test_the_store_of_the_home_is_opened_once(home: Path) -> None:
    assert open_store() is open_store()
    assert open_store().home == home
    open_store().close()


def test_the_store_writes_ahead_and_waits_for_the_disk_where_it_matters(store: Store) -> None:
    with store.database.writing() as connection:
        assert connection.execute("PRAGMA journal_mode").fetchone()[0] == "wal"
        assert connection.execute("PRAGMA synchronous").fetchone()[0] == 2
    with store.database.writing(durable=False) as connection:
        assert connection.execute("PRAGMA synchronous").fetchone()[0] == 1


def test_a_newer_store_is_refused_with_both_numbers(store: Store) -> None:
    with store.database.writing() as connection:
        connection.execute("UPDATE schema SET version = ?", (SCHEMA + 1,))
    with pytest.raises(StoreError, match=f"schema {SCHEMA + 1} and this lab reads up to {SCHEMA}"):
        Store(store.path)


def test_a_store_of_the_first_schema_is_brought_up_to_date(home: Path, config: TrainingConfig) -> None:
    with contextlib.closing(sqlite3.connect(home / "lab.sqlite3", isolation_level=None)) as connection:
        connection.executescript(MIGRATIONS[0])
        connection.execute("CREATE TABLE schema (version INTEGER NOT NULL)")
        connection.execute("INSERT INTO schema VALUES (1)")
        connection.execute(
            "INSERT INTO runs (id, owner, name, config, created, ticket)"
            " VALUES ('abcdefghij', 'ada', 'old', ?, 1.0, 1)",
            (config.to_json(),),
        )
    run = Store(home / "lab.sqlite3").get("abcdefghij")
    assert (run.name, run.config, run.features, run.precision) == ("old", config, None, "")


@pytest.mark.parametrize(
    ("dataset", "split", "says"),
    [
        ("digits", "7774cc37fa84762b6f95918ffd6984e1", "accuracy on writers that it has seen, 97.5%"),
        ("digits", "by-writer-deac2d14c20e1e764963e5ded63ff1d2", "test accuracy 97.5%"),
        ("shapes", "7774cc37fa84762b6f95918ffd6984e1", "test accuracy 97.5%"),
    ],
)
def test_a_run_from_before_digits_were_split_by_writer_claims_no_test_accuracy(
    home: Path, dataset: str, split: str, says: str
) -> None:
    store = Store(home / "lab.sqlite3")
    run = store.submit(recipe_config("modern", dataset=dataset, model="lenet"), "ada", "old")
    with store.database.writing() as connection:
        connection.execute(
            "UPDATE runs SET status = 'finished', split = ?,"
            " message = 'Best epoch 12: test accuracy 97.5% on 359 images.' WHERE id = ?",
            (split, run.id),
        )
        connection.execute(MIGRATIONS[4])
    assert store.get(run.id).message == f"Best epoch 12: {says} on 359 images."


def test_a_network_file_system_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    part = SimpleNamespace(device="server:/share", mountpoint=str(tmp_path), fstype="nfs4", opts="rw")
    monkeypatch.setattr(psutil, "disk_partitions", lambda **_: [part])
    with pytest.raises(StoreError, match="network file system"):
        Store(tmp_path / "deep" / "lab.sqlite3")
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_is_no_store_is_a_sentence(home: Path) -> None:
    (home / "lab.sqlite3").write_bytes(b"this is no database, however long it may be" * 100)
    with pytest.raises(StoreError, match=r"The store lab\.sqlite3 cannot be used: file is not a database"):
        Store(home / "lab.sqlite3")


def test_a_home_that_cannot_be_made_is_a_sentence_without_a_path(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StoreError, match="cannot be used") as caught:
        Store(tmp_path / "file" / "lab.sqlite3")
    assert str(tmp_path) not in str(caught.value)


def test_a_store_that_turns_read_only_can_still_be_read(store: Store, submit: Submit) -> None:
    run = submit()
    with store.database.reading() as connection:
        connection.execute("PRAGMA query_only = ON")
    with pytest.raises(StoreError, match="the disk is read-only"):
        submit()
    assert store.get(run.id).name == run.name


def test_a_failed_write_leaves_nothing_behind(store: Store, submit: Submit) -> None:
    run = submit()

    def half_a_write() -> None:
        with store.database.writing() as connection:
            connection.execute("UPDATE runs SET name = 'half' WHERE id = ?", (run.id,))
            raise KeyError

    with pytest.raises(KeyError):
        half_a_write()
    assert store.get(run.id).name == run.name


def test_threads_share_a_store(store: Store, submit: Submit) -> None:
    failures: list[BaseException] = []

    def use() -> None:
        try:
            for _ in range(5):
                store.get(submit("ada").id)
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=use) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert len(store.list()) == 30


def test_stores_opened_at_the_same_moment_make_one_schema(home: Path) -> None:
    opened: list[Store] = []
    threads = [threading.Thread(target=lambda: opened.append(Store(home / "lab.sqlite3"))) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(opened) == 6
    for each in opened:
        each.close()


def test_the_time_of_a_run_leaves_out_what_it_lay_stopped(store: Store, submit: Submit) -> None:
    lease = at_work(store, submit)
    lease.end("stopped", reason="asked")
    with store.database.writing() as connection:
        for status, at in (("queued", 0.0), ("running", 100.0), ("stopped", 130.0)):
            connection.execute("UPDATE changes SET at = ? WHERE run = ? AND status = ?", (at, lease.run_id, status))
        for status, at in (("queued", 9_000.0), ("running", 9_100.0), ("finished", 9_112.0)):
            connection.execute("INSERT INTO changes VALUES (?, ?, ?, '', 2)", (lease.run_id, at, status))
    assert store.get(lease.run_id).seconds_at_work == pytest.approx(42.0)


def test_the_training_time_of_a_run_is_that_of_its_epochs_and_its_backbones_look(store: Store, submit: Submit) -> None:
    lease = at_work(store, submit)
    assert store.get(lease.run_id).training_seconds is None
    lease.record([], [(10, epoch(1)), (20, epoch(2))], pace=None)
    computed = epoch(1).seconds + epoch(2).seconds
    assert store.get(lease.run_id).training_seconds == pytest.approx(computed)
    looked = FeaturesKept(views=1, epoch_seconds=3.0, spent_seconds=0.0, look_seconds=25.0)  # by an earlier run
    lease.describe(device="CPU", steps_total=20, split="abc", features=looked)
    assert store.get(lease.run_id).training_seconds == pytest.approx(computed + 25.0)


def test_runs_that_belong_together_are_queued_together_or_not_at_all(
    store: Store, config: TrainingConfig, submit: Submit
) -> None:
    first, second = store.submit_together([(config, "with"), (config, "without")], "ada", note="both arms")
    assert [(run.name, run.position, run.note) for run in (first, store.get(second.id))] == [
        ("with", 1, "both arms"),
        ("without", 2, "both arms"),
    ]
    for _ in range(WAITING_PER_OWNER - 3):
        submit("ada")
    with pytest.raises(RunError, match="ada has 100 runs waiting"):
        store.submit_together([(config, "with"), (config, "without")], "ada")
    assert store.count("ada") == WAITING_PER_OWNER - 1
