from collections.abc import Callable
from pathlib import Path

import pytest

from core.runs import folders
from core.runs.doctor import Finding, examine
from core.runs.executors.processes import lost_handle
from core.runs.records import Run
from core.runs.store.lease import Lease
from core.runs.store.queue_writes import Queue
from core.runs.store.store import STORE_NAME, Store
from core.runs.supervisor import _LOCK

Submit = Callable[..., Run]


def findings(home: Path, verdict: str = "", *, repair: bool = True) -> list[Finding]:
    return [found for found in examine(home, repair=repair) if verdict in ("", found.verdict)]


def claimed(store: Store, submit: Submit) -> Lease:
    run = submit()
    claim = Queue(store).claim(slots=9)
    assert claim is not None
    return Lease(store, run.id, claim.fence)


def test_a_home_without_a_store_is_fine(home: Path) -> None:
    assert [found.verdict for found in examine(home)] == ["fine"]
    assert list(home.iterdir()) == []


def test_a_sound_store_is_fine(store: Store, submit: Submit) -> None:
    submit()
    assert {found.verdict for found in examine(store.home)} == {"fine"}


def test_what_features_take_is_told(store: Store) -> None:
    kept = store.home / "features" / "abc"
    kept.mkdir(parents=True)
    (kept / "features.npy").write_bytes(bytes(3 * 2**20))
    (found,) = [found for found in findings(store.home) if found.check == "features"]
    assert (found.verdict, "take 3 MB" in found.message) == ("fine", True)


def test_a_damaged_store_is_found(store: Store, submit: Submit) -> None:
    for _ in range(50):
        submit(note="x" * 500)
    store.close()
    with store.path.open("r+b") as file:
        file.seek(3 * 4096)
        file.write(b"\xff" * 8192)
    problems = findings(store.home, "problem")
    assert [found.check for found in problems] == ["store"]


def test_a_newer_store_is_left_alone(store: Store) -> None:
    with store.database.writing() as connection:
        connection.execute("UPDATE schema SET version = 99")
    (found,) = findings(store.home)
    assert (found.verdict, "newer CNN Lab" in found.message) == ("problem", True)


def test_a_supervisor_that_died_is_taken_off_the_store(store: Store) -> None:
    Queue(store).appear(lost_handle(1))
    assert [found.check for found in findings(store.home, "repaired")] == ["supervisor"]
    assert Queue(store).present() is None


def test_a_run_whose_worker_died_is_interrupted(store: Store, submit: Submit) -> None:
    lease = claimed(store, submit)
    assert [found.check for found in findings(store.home, "repaired")] == ["workers"]
    assert store.get(lease.run_id).status == "interrupted"


def test_a_run_is_left_to_the_supervisor_that_leads(store: Store, submit: Submit) -> None:
    import filelock

    lease = claimed(store, submit)
    with filelock.FileLock(store.home / _LOCK):
        assert findings(store.home, "repaired") == []
    assert store.get(lease.run_id).status == "running"


def test_a_run_that_cannot_be_read_is_named(store: Store, submit: Submit) -> None:
    run = submit()
    with store.database.writing() as connection:
        connection.execute("UPDATE runs SET config = '{}'")
    (found,) = findings(store.home, "problem")
    assert run.id in found.message


def test_a_saved_folder_that_is_gone_is_forgotten(store: Store, submit: Submit) -> None:
    lease = claimed(store, submit)
    lease.saved(lease.folder / "state-1", kind="state", step=1, epoch=0)
    lease.end("stopped", reason="asked")
    assert [found.check for found in findings(store.home, "repaired")] == ["checkpoints"]
    assert store.get(lease.run_id).saved_step == 0


@pytest.mark.parametrize("kind", ["state", "best"])
def test_a_saved_folder_that_does_not_load_is_a_problem(store: Store, submit: Submit, kind: str) -> None:
    lease = claimed(store, submit)
    (lease.folder / f"{kind}-1").mkdir(parents=True)
    lease.saved(lease.folder / f"{kind}-1", kind=kind, step=1, epoch=0)
    lease.end("stopped", reason="asked")
    (found,) = findings(store.home, "problem")
    assert (found.check, lease.run_id in found.message) == ("checkpoints", True)


def test_half_written_folders_are_removed_and_whole_ones_kept(store: Store, submit: Submit) -> None:
    lease = claimed(store, submit)
    lease.end("stopped", reason="asked")  # and 4194305 is a process that no Linux can have
    for name in (".state-00000001-0000.0badcafe", ".best-0001.4194305.0badcafe", "state-00000002-0000"):
        (lease.folder / name).mkdir(parents=True)
    (store.home / "runs" / f"{folders.TEMPORARY}deleted-abc").mkdir()
    assert len(findings(store.home, "repaired")) == 3
    assert [path.name for path in lease.folder.iterdir()] == ["state-00000002-0000"]
    assert [path.name for path in (store.home / "runs").iterdir()] == [lease.run_id]


def test_a_run_at_work_keeps_its_half_written_folder(store: Store, submit: Submit) -> None:
    import filelock

    lease = claimed(store, submit)
    (lease.folder / ".state-00000001-0000.0badcafe").mkdir(parents=True)
    with filelock.FileLock(store.home / _LOCK):
        assert findings(store.home, "repaired") == []
    assert len(list(lease.folder.iterdir())) == 1


def test_a_folder_of_no_run_is_named_and_kept(store: Store) -> None:
    folder = store.home / "runs" / "abcdefghij"
    folder.mkdir(parents=True)
    (found,) = findings(store.home, "problem")
    assert "runs/abcdefghij" in found.message
    assert folder.exists()


def test_a_full_disk_is_a_problem(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(folders, "free_space", lambda _folder: 0)
    assert [found.check for found in findings(store.home, "problem")] == ["disk"]


def test_looking_only_changes_nothing(store: Store, submit: Submit) -> None:
    lease = claimed(store, submit)
    Queue(store).appear(lost_handle(1))
    lease.saved(lease.folder / "state-1", kind="state", step=1, epoch=0)
    (store.home / "runs" / f"{folders.TEMPORARY}deleted-abc").mkdir(parents=True)
    found = findings(store.home, "problem", repair=False)
    assert sorted(each.check for each in found) == ["checkpoints", "leftovers", "supervisor", "workers"]
    assert store.get(lease.run_id).status == "running"
    assert Store(store.home / STORE_NAME).get(lease.run_id).saved_step == 1
    assert findings(store.home, "repaired", repair=False) == []
