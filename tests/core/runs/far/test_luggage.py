"""What goes along with a training: found by it in a home that knows nothing of the lab's."""

import io
import shutil
import subprocess
import sys
import zipfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from core.config import TrainingConfig
from core.data import availability, datasets, kept_name, load, make_split
from core.data.own import OwnPictures, open_own_sets
from core.errors import RunError
from core.names import new_id
from core.runs.cluster.code import checkpoints_for, packed_code, versions
from core.runs.far import luggage
from core.runs.far.far_lease import FarLease
from core.runs.far.place import Training
from core.runs.far.questions import Desk
from core.runs.far.stand_in import _bring
from core.runs.far.workplace import Workplace, train_far
from core.runs.worker.recorder import Recorder
from tests.core.data.own.conftest import ADA, new

torch = pytest.importorskip("torch")
CONFIG = TrainingConfig(dataset="digits", model="lenet", image_size=16, epochs=1)


class Direct(Workplace):
    """A workplace that is spoken to without a cluster between."""

    def ready(self, _seconds: float) -> str:
        return "here"


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Direct:
    for name in ("TORCH_HOME", "CNN_LAB_DATA"):  # a workplace is a process's own, and sets what it likes
        monkeypatch.setenv(name, str(tmp_path / name))
    return Direct(tmp_path / "node", alone=lambda: None)


def sent(place: Direct, config: TrainingConfig, lab: Path, run_id: str) -> Training:
    """Send what a training needs, and let the process find it as the worker's does."""
    with luggage.packed(lab, run_id, config, lambda *_: None) as packed:
        _bring(place, packed, lambda *_: None)  # type: ignore[arg-type]
        training = Training(
            run_id=run_id,
            fence=1,
            title="a run",
            config=config.to_json(),
            threads=1,
            fingerprint=packed.fingerprint,
            pixels=packed.pixels,
            weights=packed.weights,
        )
    place._furnish(training)
    return training


def test_own_pictures_are_what_they_are_in_the_lab_and_leave_with_their_training(
    home: Path, place: Direct, monkeypatch: pytest.MonkeyPatch
) -> None:
    sets = open_own_sets()
    own = sets.create("Mugs", by=ADA, classes=("cup", "mug"))
    for seed in range(24):
        brought = new(seed, contributor=f"person {seed // 2 % 4}")
        OwnPictures(sets).add(own.id, own.classes[seed % 2].id, brought, by=ADA)
    other = sets.create("Nobody's business", by=ADA, classes=("a", "b"))
    config = replace(CONFIG, dataset=kept_name(own.name))
    here = load(config.dataset, size=16)
    split = make_split(here)
    training = sent(place, config, home, new_id())
    shutil.rmtree(home)
    there = load(config.dataset, size=16)
    assert (there.fingerprint, there.spec.classes, there.spec.size) == (
        here.fingerprint,
        here.spec.classes,
        here.spec.size,
    )
    assert training.fingerprint == here.fingerprint
    assert np.array_equal(there.images, here.images)
    assert make_split(there).fingerprint == split.fingerprint
    assert kept_name(config.dataset) == config.dataset
    assert other.name not in datasets
    assert not (place.root / "lent").exists()
    place._leave_behind()
    assert [path.name for path in place.root.rglob("*") if path.is_file()] == []


def test_a_published_set_goes_along_decoded_and_stays_for_the_next(home: Path, place: Direct) -> None:
    spec = datasets["mnist"]
    here = laid(home, "mnist")
    training = sent(place, replace(CONFIG, dataset="mnist"), home, new_id())
    shutil.rmtree(home)
    assert availability("mnist", 16) == "prepared"
    there = load("mnist", size=16)
    assert there.fingerprint == training.fingerprint == "f" * 32
    assert np.array_equal(there.images, here)
    assert there.spec is spec
    assert list(place.lacking([training.pixels])) == []


def laid(home: Path, name: str) -> np.ndarray:
    """Lay a small prepared copy of a set where the lab looks for it."""
    from core.data.prepared import place_of

    folder = place_of(datasets[name], 16)
    folder.mkdir(parents=True)
    images = np.random.default_rng(0).integers(0, 256, (20, 1, 16, 16), dtype=np.uint8)
    np.save(folder / "images.npy", images)
    np.save(folder / "labels.npy", np.arange(20) % 10)
    text = f'{{"fingerprint": "{"f" * 32}", "official_test_start": 10, "by_name": true}}'
    (folder / "about.json").write_text(text)
    return images


def test_what_is_too_large_is_made_there_or_said(home: Path, place: Direct, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(luggage, "MOST_SENT", 100)
    laid(home, "mnist")
    assert sent(place, replace(CONFIG, dataset="mnist"), home, new_id()).pixels == ""
    with pytest.raises(RunError, match="choose smaller images"):
        luggage._check_size(CONFIG, 101)


def test_built_in_sets_are_made_there(home: Path, place: Direct) -> None:
    here = load("digits", size=16)
    training = sent(place, CONFIG, home, new_id())
    assert (training.pixels, training.fingerprint) == ("", here.fingerprint)
    shutil.rmtree(home)
    assert load("digits", size=16).fingerprint == here.fingerprint
    assert len(list((place.root / "prepared").glob("digits-16-*"))) == 1


def test_another_copy_of_a_data_set_is_refused_there(home: Path, place: Direct) -> None:
    training = replace(sent(place, CONFIG, home, new_id()), fingerprint="0" * 32)
    desk = Desk()
    lease = FarLease(training.run_id, 1, title="a run", folder=place.home, desk=desk)
    with pytest.raises(RunError, match="is another copy than the lab's"):
        train_far(lease, Recorder(lease), training)


def test_the_network_that_a_training_goes_on_from_and_its_own_states_go_along(home: Path, place: Direct) -> None:
    run_id, other = new_id(), new_id()
    for name in ("state-00000001-0000/state.json", "best-0001/card.json", "worker-0001.log", ".half.1.0badcafe/x"):
        path = home / "runs" / run_id / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("kept")
    for name in ("final/card.json", "state-00000009-0001/state.json"):
        path = home / "runs" / other / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("begun with")
    sent(place, replace(CONFIG, begins_from=f"{other}@3"), home, run_id)
    found = sorted(str(path.relative_to(place.home / "runs")) for path in (place.home / "runs").rglob("*.*"))
    assert [name for name in found if (place.home / "runs" / name).is_file()] == sorted(
        [f"{run_id}/best-0001/card.json", f"{run_id}/state-00000001-0000/state.json", f"{other}/final/card.json"]
    )


def test_imagenets_weights_go_along_where_torch_has_them(
    home: Path, place: Direct, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    kept = tmp_path / "torch-here" / "hub" / "checkpoints" / "resnet18-f37072fd.pth"
    kept.parent.mkdir(parents=True)
    kept.write_bytes(b"weights")
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "torch-here"))
    training = sent(place, replace(CONFIG, model="resnet18"), home, new_id())
    assert training.weights == "resnet18-f37072fd"
    assert (Path(torch.hub.get_dir()) / "checkpoints" / kept.name).read_bytes() == b"weights"
    assert str(place.home) in torch.hub.get_dir()
    assert luggage._imagenet(CONFIG) is None


def test_the_code_that_travels_is_whole_and_always_the_same(tmp_path: Path) -> None:
    name, data = packed_code(("digits-lenet",))
    assert packed_code(("digits-lenet",))[0] == name != packed_code()[0]
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        archive.extractall(tmp_path)
    code = (
        "import core.runs.far.workplace as found; print(found.__file__); from core.home import checkpoints_folder as f"
    )
    code += "; print(sorted(p.name for p in f().iterdir()))"
    said = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True).stdout
    assert said.split("\n")[0] == str(tmp_path / "core" / "runs" / "far" / "workplace.py")
    assert "['digits-lenet']" in said
    assert versions()["torch"] == torch.__version__.partition("+")[0]


def test_what_ships_with_the_lab_goes_with_the_code() -> None:
    lab = replace(CONFIG, model="resnet18", model_arguments={"weights": "lab"}, begins_from="digits-lenet@8")
    assert checkpoints_for(lab) == ("cifar10-resnet18", "digits-lenet")
    assert checkpoints_for(CONFIG) == ()
    from core.checkpoints.weight_sources import LAB_BACKBONE

    assert LAB_BACKBONE in checkpoints_for(lab)
