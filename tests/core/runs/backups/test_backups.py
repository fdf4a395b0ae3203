"""A home becomes one file while it is at work, and a lab elsewhere goes on from it."""

import hashlib
import io
import os
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner

from core.command_line.program import main
from core.config import TrainingConfig
from core.data.own import OwnPictures, OwnSets
from core.runs import leftovers
from core.runs.backups import BackupError, back_up, backup, restore
from core.runs.backups.parts import files_in
from core.runs.executors.processes import process_handle
from core.runs.records import Run
from core.runs.store.lease import Lease
from core.runs.store.queue_writes import Queue
from core.runs.store.store import STORE_NAME, Store
from core.runs.worker.worker import Worker, work
from core.whole_files import write_folder
from tests.core.data.own.conftest import OPERATOR, new
from tests.core.runs.conftest import epoch

Submit = Callable[..., Run]
NO_PROCESS = 2**22 - 1


def at_work(store: Store, submit: Submit) -> Lease:
    """A run whose worker is this process, with one epoch, and a state of it."""
    run = submit()
    claim = Queue(store).claim(slots=9)
    assert claim is not None
    lease = Lease(store, run.id, claim.fence)
    lease.begin(process_handle(os.getpid()))
    lease.record([], [(40, epoch(1))], pace=None)
    save(lease, 40)
    return lease


def save(lease: Lease, step: int) -> Path:
    folder = lease.folder / f"state-{step:08d}-0001"
    write_folder(folder, {"state.safetensors": bytes([step]) * 1_000})
    lease.saved(folder, kind="state", step=step, epoch=1)
    return folder


def contents(home: Path) -> dict[str, bytes]:
    return {name: path.read_bytes() for path, name in files_in(home, ("runs", "sets", "experiments", "trained"))}


@pytest.fixture
def elsewhere(tmp_path: Path) -> Path:
    return tmp_path / "elsewhere" / "home"


@pytest.fixture
def file(store: Store, submit: Submit, tmp_path: Path) -> Path:
    """A backup of a lab with a run and a state of it."""
    at_work(store, submit)
    back_up(store.home, tmp_path / "lab.backup")
    return tmp_path / "lab.backup"


def test_pictures_runs_and_experiments_come_back_as_they_were(
    store: Store, submit: Submit, elsewhere: Path, tmp_path: Path
) -> None:
    run = at_work(store, submit).store.list()[0]
    with_pictures = OwnSets(store.home)
    own = with_pictures.create("On our desks", by=OPERATOR, classes=["mug", "shoe"])
    for seed in range(3):
        OwnPictures(with_pictures).add(own.id, own.classes[0].id, new(seed), by=OPERATOR)
    (store.home / "experiments").mkdir()
    (store.home / "experiments" / "one.json").write_text("{}")
    (store.home / "prepared").mkdir()
    (store.home / "prepared" / "decoded.npy").write_bytes(b"pixels")
    told = CliRunner().invoke(main, ["backup", str(tmp_path / "lab.backup")])
    assert told.output.startswith("1 run and 1 own set are in "), told.output
    assert (tmp_path / "lab.backup").stat().st_mode & 0o077 == 0, "pictures of people are for nobody else"

    told = CliRunner().invoke(main, ["restore", str(tmp_path / "lab.backup")], env={"CNN_LAB_HOME": str(elsewhere)})
    assert "Trainings that go on when the lab is started: 1." in told.output
    assert contents(elsewhere) == contents(store.home)
    assert len([name for name in contents(elsewhere) if name.startswith("sets/")]) == 3
    assert not (elsewhere / "prepared").exists()
    assert sorted(path.name for path in elsewhere.glob(".*")) == []
    restored = Store(elsewhere / STORE_NAME)
    assert (restored.get(run.id).name, len(restored.epochs(run.id))) == (run.name, 1)
    assert [own.title for own in OwnSets(elsewhere).list()] == ["On our desks"]
    restored.close()


def test_what_is_decoded_comes_along_where_it_is_asked_for_and_leaves_what_is_there(
    store: Store, elsewhere: Path, tmp_path: Path
) -> None:
    for home, names in ((store.home, ("mnist", "digits")), (elsewhere, ("digits",))):
        for name in names:
            (home / "prepared" / name).mkdir(parents=True)
            (home / "prepared" / name / "images.npy").write_text(f"of {home.parent.name}")
    back_up(store.home, tmp_path / "lab.backup", prepared=True)
    restore(tmp_path / "lab.backup", elsewhere)
    found = {path.parent.name: path.read_text() for path in elsewhere.glob("prepared/*/images.npy")}
    assert found == {"mnist": f"of {store.home.parent.name}", "digits": "of elsewhere"}


def test_no_supervisor_of_the_restored_lab_takes_a_living_process_for_its_own(
    store: Store, submit: Submit, elsewhere: Path, tmp_path: Path
) -> None:
    lease = at_work(store, submit)
    Queue(store).appear(process_handle(os.getpid()))
    with store.database.writing() as connection:
        connection.execute("INSERT INTO shared_workers (handle, open) VALUES (?, 1)", (process_handle(os.getpid()),))
    back_up(store.home, tmp_path / "lab.backup")
    assert restore(tmp_path / "lab.backup", elsewhere).going_on == 1
    restored = Store(elsewhere / STORE_NAME)
    queue, run = Queue(restored), restored.get(lease.run_id)
    assert (queue.held(), queue.present(), queue.shared_workers()) == ([], None, [])
    assert (run.status, run.reason, run.saved_step) == ("interrupted", "lost", 40)
    assert (queue.is_wanted(), queue.again(), restored.get(run.id).status) == (True, 1, "queued")
    assert store.get(lease.run_id).status == "running", "the lab that was backed up goes on"
    restored.close()


def test_runs_that_shared_a_process_share_one_again_where_they_are_put_back(
    store: Store, submit: Submit, elsewhere: Path, tmp_path: Path
) -> None:
    lease = at_work(store, submit)
    with store.database.writing() as connection:
        connection.execute("UPDATE runs SET shareable = 1, shared = 1")
    back_up(store.home, tmp_path / "lab.backup")
    restore(tmp_path / "lab.backup", elsewhere)
    restored = Store(elsewhere / STORE_NAME)
    queue = Queue(restored)
    assert queue.again() == 1
    assert queue.claim(slots=1, together=64) is not None
    with restored.database.reading() as connection:
        assert connection.execute("SELECT id, shared FROM runs").fetchall()[0][:] == (lease.run_id, 1)
    restored.close()


def test_a_state_that_a_training_clears_away_meanwhile_is_made_good_by_another_look(
    store: Store, submit: Submit, elsewhere: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lease = at_work(store, submit)
    looks = []

    def go_on_meanwhile(home: Path, folders: tuple[str, ...]) -> object:
        if not looks:
            for step in (41, 42):
                save(lease, step)
            for file in (lease.folder / "state-00000040-0001").iterdir():
                file.unlink()
            (lease.folder / "state-00000040-0001").rmdir()
        looks.append(home)
        return files_in(home, folders)

    monkeypatch.setattr(backup, "files_in", go_on_meanwhile)
    assert back_up(store.home, tmp_path / "lab.backup").missing == []
    restore(tmp_path / "lab.backup", elsewhere)
    states = sorted(path.name for path in elsewhere.glob("runs/*/state-*"))
    assert states == ["state-00000041-0001", "state-00000042-0001"]


def test_a_state_whose_figures_came_after_the_copy_of_the_store_stays_out(
    store: Store, submit: Submit, elsewhere: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lease = at_work(store, submit)

    def go_on_meanwhile(home: Path, folders: tuple[str, ...]) -> object:
        if home == store.home:
            save(lease, 41)
            young = store.home / "runs" / submit().id
            young.mkdir()
            (young / "worker-0001.log").write_text("begins")
        return files_in(home, folders)

    monkeypatch.setattr(backup, "files_in", go_on_meanwhile)
    back_up(store.home, tmp_path / "lab.backup")
    restore(tmp_path / "lab.backup", elsewhere)
    assert [path.name for path in elsewhere.glob("runs/*/*")] == ["state-00000040-0001"]


def test_what_is_missing_is_said_and_the_rest_is_kept(store: Store, submit: Submit, tmp_path: Path) -> None:
    lease = at_work(store, submit)
    (lease.folder / "state-00000040-0001" / "state.safetensors").unlink()
    (lease.folder / "state-00000040-0001").rmdir()
    told = CliRunner().invoke(main, ["backup", str(tmp_path / "lab.backup")])
    assert told.exit_code == 0
    assert f"runs/{lease.run_id}/state-00000040-0001 (1 in all); see python -m core doctor." in told.output


def test_a_file_system_without_second_names_gets_copies(
    store: Store, submit: Submit, elsewhere: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_names: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(os, "link", refuse)
    at_work(store, submit)
    back_up(store.home, tmp_path / "lab.backup")
    restore(tmp_path / "lab.backup", elsewhere)
    assert contents(elsewhere) == contents(store.home)


def test_a_backup_that_was_killed_leaves_nothing_that_stays(store: Store) -> None:
    left = store.home / f".backup.{NO_PROCESS}.0123abcd"
    (left / "runs").mkdir(parents=True)
    assert leftovers.sweep(store.home, at_work=[]) == [left.name]
    assert not left.exists()


def test_a_lab_that_is_there_is_never_written_over(store: Store, file: Path) -> None:
    before = contents(store.home)
    with pytest.raises(BackupError, match=r"There is a lab in .* already \(lab.sqlite3, runs\)"):
        restore(file, store.home)
    with pytest.raises(BackupError, match=r"There is a 'lab\.backup' already"):
        back_up(store.home, file)
    assert contents(store.home) == before


def test_where_there_is_no_lab_there_is_nothing_to_back_up(home: Path, tmp_path: Path) -> None:
    with pytest.raises(BackupError, match="There is nothing to back up"):
        back_up(home, tmp_path / "lab.backup")
    assert list(home.iterdir()) == []


@pytest.mark.parametrize(
    ("spoil", "sentence"),
    [
        (lambda data: data[:-20_000], "is not whole: its end is missing|no whole backup"),
        (lambda data: data[:700], "no whole backup"),
        (lambda data: data.replace(bytes([40]) * 1_000, bytes([41]) * 1_000), "is damaged: it does not hold what"),
        (lambda data: data.replace(b'{"schema": 1', b'{"schema": 2'), "written by a newer CNN Lab"),
        (lambda data: data.replace(b'{"schema": 1', b'{"schema"; 1'), "its end cannot be read"),
        (lambda _data: b"PK, and no tar archive at all", "no whole backup"),
        (lambda _data: b"", "no whole backup"),
    ],
)
def test_what_is_not_whole_is_not_put_back(
    file: Path, elsewhere: Path, spoil: Callable[[bytes], bytes], sentence: str
) -> None:
    file.write_bytes(spoil(file.read_bytes()))
    with pytest.raises(BackupError, match=sentence):
        restore(file, elsewhere)
    assert list(elsewhere.glob("*")) == list(elsewhere.glob(".*")) == []


@pytest.mark.parametrize("name", ["../lab.sqlite3", "/runs/a", "runs/../../a", "runs/.ssh", "notes.txt", "runs\\a"])
def test_nothing_but_a_labs_files_is_unpacked(tmp_path: Path, elsewhere: Path, name: str) -> None:
    with tarfile.open(tmp_path / "other.tar", "w") as archive:
        entry = tarfile.TarInfo(name)
        entry.size = 4
        archive.addfile(entry, io.BytesIO(b"text"))
    with pytest.raises(BackupError, match="which no backup of a lab does"):
        restore(tmp_path / "other.tar", elsewhere)
    assert list(elsewhere.glob("*")) == []


def test_a_link_is_neither_taken_along_nor_unpacked(store: Store, submit: Submit, elsewhere: Path, file: Path) -> None:
    at_work(store, submit)
    (store.home / "runs" / "elsewhere").symlink_to(store.home.parent)
    back_up(store.home, file.with_name("second.backup"))
    with tarfile.open(file.with_name("second.backup")) as archive:
        assert {entry.type for entry in archive} == {tarfile.REGTYPE}
    with tarfile.open(file.with_name("other.tar"), "w") as archive:
        entry = tarfile.TarInfo("runs/a")
        entry.type, entry.linkname = tarfile.SYMTYPE, "runs/b"
        archive.addfile(entry)
    with pytest.raises(BackupError, match="which no backup of a lab does"):
        restore(file.with_name("other.tar"), elsewhere)


def test_a_newer_labs_store_is_refused_and_nothing_is_left(store: Store, file: Path, elsewhere: Path) -> None:
    with store.database.writing() as connection:
        connection.execute("UPDATE schema SET version = 99")
    told = CliRunner().invoke(main, ["backup", str(file.with_name("newer.backup"))])
    assert (told.exit_code, "newer CNN Lab" in told.output) == (1, True)
    assert sorted(path.name for path in store.home.glob(".*")) == []


def test_a_training_backed_up_half_way_ends_elsewhere_as_it_does_here(
    store: Store, elsewhere: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("torch")
    from core.recipes import recipe_config

    config = recipe_config("modern", dataset="digits", model="lenet", epochs=2, limit=200, precision="fp32")
    saved = Worker._saved

    def back_up_behind(worker: Worker, kind: str, folder: Path) -> None:
        saved(worker, kind, folder)
        if kind == "state" and not (tmp_path / "lab.backup").exists():
            back_up(store.home, tmp_path / "lab.backup")

    monkeypatch.setattr(Worker, "_saved", back_up_behind)
    monkeypatch.setattr("core.training.session.FIRST_SAVE_SECONDS", 1e9)  # a slow machine would save in mid-epoch
    here = trained(store, config)
    assert restore(tmp_path / "lab.backup", elsewhere).going_on == 1
    monkeypatch.setenv("CNN_LAB_HOME", str(elsewhere))
    restored = Store(elsewhere / STORE_NAME)
    (run,) = restored.list()
    assert (run.status, run.epochs_done, run.id) == ("interrupted", 1, here.id)
    assert Queue(restored).again() == 1
    there = trained(restored)
    assert (there.status, weights(there), figures(restored)) == ("finished", weights(here), figures(store))
    restored.close()


def trained(store: Store, config: TrainingConfig | None = None) -> Run:
    if config is not None:
        store.submit(config, "ada", "half-way")
    claim = Queue(store).claim(slots=1, threads=1)
    assert claim is not None
    assert work(store, claim.run_id, claim.fence)
    return store.get(claim.run_id)


def weights(run: Run) -> str:
    assert run.checkpoint is not None
    return hashlib.sha256((Path(run.checkpoint) / "model.safetensors").read_bytes()).hexdigest()


def figures(store: Store) -> list[tuple[object, ...]]:
    (run,) = store.list()
    return [(one.epoch, one.train_loss, one.val_loss, one.val_accuracy) for one in store.epochs(run.id)]
