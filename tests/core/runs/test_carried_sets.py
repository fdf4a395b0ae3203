"""A set with what was trained on it, as one zip and into another lab; nothing that the zip says is believed."""

import io
import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import safetensors.torch
import torch

from core.checkpoints import find
from core.checkpoints.backbones import load_network
from core.config import TrainingConfig
from core.data.own import NewPicture, OwnPictures, OwnSet, open_own_sets
from core.data.own.as_data_set import own_versions
from core.judging.evaluation import evaluate_checkpoint
from core.recipes import recipe_config
from core.runs.carried_sets import Opened, Saved, open_with_runs, save_with_runs
from core.runs.doctor import examine
from core.runs.records import Run
from core.runs.store.queue_writes import Queue
from core.runs.store.store import Store, open_store
from core.runs.worker.worker import work
from tests.core.data.own.conftest import ADA, BEN
from tests.core.data.own.generated import photograph

CARD, WEIGHTS, STEPS = "run-001.card.json", "run-001.model.safetensors", "run-001.steps.json"
Spoil = Callable[[dict[str, bytes]], None]


def add(own: OwnSet, seed: int) -> str:
    stream = io.BytesIO()
    photograph(seed, side=80, tint=1 if seed % 2 else -1).save(stream, "PNG")
    new = NewPicture(data=stream.getvalue(), file_name="a.png", contributor=f"person {seed // 2 % 4}")
    return OwnPictures(open_own_sets()).add(own.id, own.classes[seed % 2].id, new, by=ADA).picture.id


def photographed() -> OwnSet:
    own = open_own_sets().create("Warm & cold", by=ADA, classes=("cold", "warm"))
    for seed in range(24):
        add(own, seed)
    return open_own_sets().get(own.id)


def trained(own: OwnSet, name: str, *, model: str = "lenet", **more: Any) -> Run:
    fields = {"epochs": 2, "image_size": 32, "device": "cpu", "precision": "fp32", "augmentation": ()}
    store = open_store()
    config = recipe_config("modern", dataset=own.name, model=model, **fields | more)
    run = store.submit(config, ADA.owner, name, note="!")
    claim = Queue(store).claim(slots=1)
    assert claim is not None
    assert work(store, run.id, claim.fence)
    ended = store.get(run.id)
    assert ended.status == "finished", ended.message
    return ended


def save(own: OwnSet, *, expected: Saved) -> bytes:
    stream = io.BytesIO()
    assert save_with_runs(OwnPictures(open_own_sets()), open_store(), own.id, stream) == expected
    return stream.getvalue()


def opened(data: bytes) -> Opened:
    return open_with_runs(OwnPictures(open_own_sets()), open_store(), io.BytesIO(data), "x.zip", by=BEN)


@pytest.fixture(scope="module")
def carried(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A set with one run of the version that it was before two pictures changed, saved; and then its lab is gone."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CNN_LAB_HOME", str(tmp_path_factory.mktemp("first") / "home"))
        own = photographed()
        trained(own, "On <b>24</b>")
        OwnPictures(open_own_sets()).delete(own.id, [OwnPictures(open_own_sets()).list(own.id)[5].id], by=ADA)
        add(own, 99)
        return save(own, expected=Saved(pictures=24, networks=1))


@pytest.fixture
def another_lab(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    def move() -> None:
        monkeypatch.setenv("CNN_LAB_HOME", str(tmp_path / "another home"))

    return move


def test_a_set_with_its_runs_is_in_another_lab_what_it_was(home: Path, another_lab: Callable[[], None]) -> None:
    own = photographed()
    runs = [trained(own, "First"), trained(own, "Second", epochs=3)]
    left = OwnPictures(open_own_sets()).list(own.id)[5].id
    OwnPictures(open_own_sets()).delete(own.id, [left], by=ADA)
    add(own, 99)
    runs.append(trained(own, "After the change"))
    store, now = open_store(), own_versions().now(own.id)
    steps = [store.steps(run.id) for run in runs]
    epochs = [store.epochs(run.id) for run in runs]
    states = [find(run.id).load_model().state_dict() for run in runs]
    data = save(own, expected=Saved(pictures=24, networks=3))

    another_lab()
    found = opened(data)
    assert (found.own.id, found.skipped, own_versions().now(own.id)) == (own.id, (), now)
    assert [each.id for each in OwnPictures(open_own_sets()).list_aside(own.id)] == [left]
    store = open_store()
    assert [store.steps(run.id) for run in found.runs] == steps
    assert [store.epochs(run.id) for run in found.runs] == epochs
    for before, run, state in zip(runs, found.runs, states, strict=True):
        assert (run.name, run.note, run.config, run.owner) == (before.name, before.note, before.config, BEN.owner)
        assert (run.status, run.reason, run.message) == ("finished", "brought", before.message)
        assert run.training_seconds == pytest.approx(before.training_seconds, abs=0.11)  # of a card, to a tenth
        assert (run.step, run.steps_total, run.epochs_done) == (before.step, before.steps_total, before.epochs_done)
        assert abs((run.ended or 0) - (before.ended or 0)) < 1e-3
        checkpoint = find(run.id)
        assert all(torch.equal(value, state[name]) for name, value in checkpoint.load_model().state_dict().items())
        judged = evaluate_checkpoint(checkpoint)
        assert checkpoint.card.metrics == judged.metrics, "its version is here, and judges as it did"
        assert judged.unseen
    assert [finding.message for finding in examine(tmp(home), repair=False) if finding.verdict != "fine"] == []


def tmp(home: Path) -> Path:
    return home.parent / "another home"


def test_opened_again_in_its_own_lab_the_runs_are_of_the_new_set(
    carried: bytes, another_lab: Callable[[], None]
) -> None:
    another_lab()
    first, second = opened(carried), opened(carried)
    assert first.own.id != second.own.id
    (run,) = second.runs
    assert (second.skipped, run.config.dataset.partition("@")[0]) == ((), second.own.name)
    card = find(run.id).card
    assert card.dataset == card.config.dataset == run.config.dataset
    assert evaluate_checkpoint(find(run.id)).metrics == card.metrics


def test_who_brought_a_run_can_delete_it_and_nobody_else(carried: bytes, another_lab: Callable[[], None]) -> None:
    from core.rights import RightsError

    another_lab()
    (run,) = opened(carried).runs
    with pytest.raises(RightsError):
        open_store().delete(run.id, by=ADA)
    open_store().delete(run.id, by=BEN)
    assert open_store().list() == []


def test_a_backbone_that_every_lab_has_stays_behind(home: Path, another_lab: Callable[[], None]) -> None:
    own = photographed()
    arguments = {"input_size": 32}
    run = trained(own, "A head", model="efficientnet_lite0", image_size=32, model_arguments=arguments)
    state = load_network(find(run.id)).state_dict()
    data = save(own, expected=Saved(pictures=24, networks=1))
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert archive.getinfo(WEIGHTS).file_size < 20_000
    files = files_of(data)
    says(CARD, seconds=find(run.id).card.seconds + 25)(files)  # of a look as long as one at large pictures
    another_lab()
    (brought,) = opened(zipped(files)).runs
    assert run.training_seconds is not None
    assert brought.training_seconds == pytest.approx(run.training_seconds + 25, abs=0.11), "its look was made elsewhere"
    assert all(torch.equal(value, state[name]) for name, value in load_network(find(brought.id)).state_dict().items())


def test_to_any_other_program_the_zip_is_class_folders_of_pictures(carried: bytes) -> None:
    with zipfile.ZipFile(io.BytesIO(carried)) as archive:
        names = archive.namelist()
    assert {name.partition("/")[0] for name in names if "/" in name} == {"cold", "warm"}
    beside = [name for name in names if "/" not in name]
    assert not [name for name in beside if name.endswith((".jpg", ".png"))]
    assert {"set.json", "runs.json", CARD, WEIGHTS, STEPS} < set(beside)


def files_of(data: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def zipped(files: dict[str, bytes]) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return stream.getvalue()


def says(name: str, **changes: object) -> Spoil:
    """Have a JSON file of the zip say something else."""

    def spoil(files: dict[str, bytes]) -> None:
        files[name] = json.dumps(json.loads(files[name]) | changes).encode()

    return spoil


def metrics(**changes: object) -> Spoil:
    def spoil(files: dict[str, bytes]) -> None:
        says(CARD, metrics=json.loads(files[CARD])["metrics"] | changes)(files)

    return spoil


def trained_with(**changes: object) -> Spoil:
    def spoil(files: dict[str, bytes]) -> None:
        says(CARD, config=json.loads(files[CARD])["config"] | changes)(files)

    return spoil


def called(**changes: object) -> Spoil:
    def spoil(files: dict[str, bytes]) -> None:
        (run,) = json.loads(files["runs.json"])["runs"]
        says("runs.json", runs=[run | changes])(files)

    return spoil


def other_weights(files: dict[str, bytes]) -> None:
    tensors = safetensors.torch.load(files[WEIGHTS])
    files[WEIGHTS] = safetensors.torch.save({name: value + 1 for name, value in tensors.items()})


def version_says(change: Callable[[dict[str, Any]], None]) -> Spoil:
    def spoil(files: dict[str, bytes]) -> None:
        (name,) = (name for name in files if name.startswith("version-"))
        about = json.loads(files[name])
        change(about)
        files[name] = json.dumps(about).encode()

    return spoil


def cut_predictions(files: dict[str, bytes]) -> None:
    name = "run-001.predictions.safetensors"
    tensors = safetensors.torch.load(files[name])
    files[name] = safetensors.torch.save({key: value.flip(0).contiguous() for key, value in tensors.items()})


@pytest.mark.parametrize(
    ("spoil", "sentence"),
    [
        (says(CARD, dataset="own-aaaaaaaaaa"), "did not learn from a version of this set"),
        (says(CARD, dataset="digits"), "did not learn from a version of this set"),
        (trained_with(dataset="own-aaaaaaaaaa@0123456789ab"), "did not learn from a version of this set"),
        (says(CARD, classes=["cold", "hot"]), "other pictures than those of the version"),
        (says(CARD, data_fingerprint="0" * 32), "other pictures than those of the version"),
        (says(CARD, device="a\x1bb"), "holds a control character"),
        (says(CARD, schema=99), "schema 99"),
        (says(CARD, more=1), "a field 'more' that is unknown here"),
        (lambda files: files.__setitem__(CARD, b"{"), "card cannot be read: it is not JSON"),
        (metrics(test_accuracy=1.0, test_ci95=[0.5, 1.0]), "figures are not those of its answers"),
        (cut_predictions, "figures are not those of its answers"),
        (lambda files: files.pop("run-001.predictions.safetensors"), "not the answers that they are counted from"),
        (other_weights, "was altered since it was written"),
        (lambda files: files.__setitem__(WEIGHTS, bytes(3_000_000)), "has more than"),
        (lambda files: files.__setitem__(WEIGHTS, b""), "was altered since it was written"),
        (lambda files: files.pop(WEIGHTS), "is not in the zip"),
        (lambda files: files.pop(CARD), "is not in the zip"),
        (called(key="../../x"), "not called as those of a run are"),
        (called(key="run-002"), "is not in the zip"),
        (called(name="a\x1bb"), "holds a control character"),
        (called(name=""), "name is empty"),
        (called(note="x" * 2_001), "it may have 2,000"),
        (called(ended="now"), "cannot be read"),
        (says("runs.json", schema=2), "cannot be read"),
        (lambda files: files.__setitem__("runs.json", b"[]"), "it is not a JSON object"),
        (says(STEPS, steps=[[2, 1, 0.5, 0.1, 8, 0.1], [1, 1, 0.5, 0.1, 8, 0.1]]), "its steps are not in order"),
        (says(STEPS, steps=[[1, 9, 0.5, 0.1, 8, 0.1]]), "a step is none"),
        (lambda files: files.__setitem__(STEPS, b'{"steps": NaN}'), "not a number of strict JSON"),
        (version_says(lambda about: about.__setitem__("sides", "l")), "sides are not those of its pictures"),
        (version_says(lambda about: about["pictures"][0].__setitem__(0, "../../etc/passwd")), "none that a lab keeps"),
        (version_says(lambda about: about["pictures"][0].__setitem__(1, "sh")), "none that a lab keeps"),
        (version_says(lambda about: about["pictures"][0].__setitem__(2, 5)), "of a class that is not there"),
        (version_says(lambda about: about["pictures"].append(about["pictures"][0])), "sides are not those"),
        (version_says(lambda about: about.__setitem__("classes", ["a\x1b", "b"])), "holds a control character"),
    ],
)
def test_what_a_zip_says_of_its_runs_is_looked_at(
    carried: bytes, another_lab: Callable[[], None], spoil: Spoil, sentence: str
) -> None:
    another_lab()
    files = files_of(carried)
    spoil(files)
    found = opened(zipped(files))
    assert found.own.pictures == 24, "the pictures come all the same"
    assert found.runs == ()
    assert any(sentence in each.error for each in found.skipped), found.skipped
    assert open_store().list() == []
    home = Path(open_store().home)
    assert not list(home.glob("runs/*"))


def test_a_version_may_not_say_otherwise_of_what_the_set_is(home: Path, another_lab: Callable[[], None]) -> None:
    own = photographed()
    trained(own, "First")
    files = files_of(save(own, expected=Saved(pictures=24, networks=1)))

    def other_label(about: dict[str, Any]) -> None:
        about["pictures"][0][2] = 1 - about["pictures"][0][2]

    version_says(other_label)(files)
    another_lab()
    found = opened(zipped(files))
    assert any("is not what the set is; it was left out" in each.error for each in found.skipped)
    (run,) = found.runs  # it learned from what the set is, which is here
    assert own_versions().get(own.id, run.config.dataset.partition("@")[2]).pictures[0].label == 0
    assert evaluate_checkpoint(find(run.id)).metrics == find(run.id).card.metrics


def test_times_that_no_clock_could_mean_are_not_taken(carried: bytes, another_lab: Callable[[], None]) -> None:
    another_lab()
    for ended in (-5.0, 1e300):
        files = files_of(carried)
        called(ended=ended)(files)
        (run,) = opened(zipped(files)).runs
        assert 1.7e9 < (run.ended or 0) < 1e10


def test_a_training_of_the_command_line_comes_along_and_a_damaged_one_stays(
    home: Path, another_lab: Callable[[], None]
) -> None:
    from core.checkpoints import note_training, trained_folder
    from core.training.session import Session

    own = photographed()
    kept = own_versions().keep(own.id).name
    config = TrainingConfig(dataset=kept, model="lenet", image_size=32, epochs=1, batch_size=4)
    for name in ("by-hand", "damaged"):
        assert list(Session(config, trained_folder() / name, title="By hand").events())
        note_training(trained_folder() / name)
    (trained_folder() / "damaged" / "final" / "model.safetensors").write_bytes(b"")
    data = save(own, expected=Saved(pictures=24, networks=1))
    another_lab()
    (run,) = opened(data).runs
    assert (run.name, run.epochs_done, list(Store(open_store().path).steps(run.id))) == ("by-hand", 1, [])
    assert np.isfinite([epoch.val_loss for epoch in open_store().epochs(run.id)]).all()
