"""Model files: what is written comes back, what was altered is refused, and nothing is ever half there."""

import dataclasses
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import safetensors.torch
import torch

from core import whole_files
from core.checkpoints import (
    Card,
    Checkpoint,
    Figures,
    Metrics,
    TrainerState,
    figures,
    find,
    load_state,
    read,
    save,
    save_state,
    shipped,
)
from core.checkpoints.backbones import load_network
from core.config import AugmentationStep, TrainingConfig
from core.errors import CheckpointError
from core.events import EpochDone
from core.home import checkpoints_folder
from core.models import build_model
from core.models.answers import Predictions
from tests import cards

CONFIG = TrainingConfig(
    dataset="digits",
    model="strided_cnn",
    image_size=28,
    model_arguments={"channels": (4, 8)},
    augmentation=(AugmentationStep(name="crop", settings={"padding": 2}),),
)


def card(**changes: Any) -> Card:
    epoch = EpochDone(
        epoch=1,
        train_loss=1.0,
        train_accuracy=0.5,
        val_loss=1.0,
        val_accuracy=0.5,
        learning_rate=0.1,
        seconds=1.0,
        is_best=True,
    )
    fields = {
        "name": "probe",
        "title": "A probe",
        "model": "strided_cnn",
        "arguments": {"channels": (4, 8)},
        "config": CONFIG,
        "history": (epoch,),
    }
    return cards.card(**fields | changes)


def network() -> torch.nn.Module:
    return build_model("strided_cnn", channels=1, image_size=28, classes=10, arguments={"channels": (4, 8)})


@pytest.fixture
def saved(tmp_path: Path) -> Checkpoint:
    return save(tmp_path / "probe", network(), card())


def alter(folder: Path, **changes: object) -> None:
    path = folder / "card.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))


def test_the_model_comes_back_as_it_was_in_evaluation_mode(tmp_path: Path) -> None:
    model = network()
    checkpoint = read(save(tmp_path / "probe", model, card()).folder)
    loaded = checkpoint.load_model()
    assert not loaded.training
    assert all(
        torch.equal(a, b) for a, b in zip(model.state_dict().values(), loaded.state_dict().values(), strict=True)
    )


def test_the_card_comes_back_as_it_was(saved: Checkpoint) -> None:
    assert read(saved.folder).card == dataclasses.replace(card(), sha256=saved.card.sha256)


def test_a_list_reads_of_a_card_what_the_card_says(saved: Checkpoint) -> None:
    assert figures(saved.folder) == Figures.of(saved.card)
    card = json.loads((saved.folder / "card.json").read_text())
    card["parameters"] = "many"
    (saved.folder / "card.json").write_text(json.dumps(card))
    with pytest.raises(CheckpointError, match="parameters is 'many', which is not a whole number"):
        figures(saved.folder)
    (saved.folder / "card.json").unlink()
    with pytest.raises(CheckpointError, match="There is no checkpoint"):
        figures(saved.folder)


def test_a_card_from_before_precision_was_noted_is_read(saved: Checkpoint) -> None:
    path = saved.folder / "card.json"
    fields = json.loads(path.read_text())
    assert "precision" in fields
    del fields["precision"]
    path.write_text(json.dumps(fields))
    assert read(saved.folder).card.precision == ""


def test_half_precision_halves_the_file_and_loads_as_float32(tmp_path: Path) -> None:
    model = network()
    whole = save(tmp_path / "whole", model, card())
    half = save(tmp_path / "half", model, card(), half=True)
    sizes = [(checkpoint.folder / "model.safetensors").stat().st_size for checkpoint in (whole, half)]
    assert sizes[1] < 0.75 * sizes[0]
    loaded = half.load_model()
    assert {weight.dtype for weight in loaded.parameters()} == {torch.float32}
    for a, b in zip(model.parameters(), loaded.parameters(), strict=True):
        assert torch.allclose(a, b, rtol=2**-10)  # float16 keeps eleven bits


def test_predictions_come_back(tmp_path: Path) -> None:
    metrics = Metrics(test_accuracy=0.5, test_n=2, test_ci95=(0.1, 0.9), test_loss=0.7, unseen=True)
    predictions = Predictions(
        labels=np.array([3, 9]), predicted=np.array([3, 1]), confidence=np.array([0.6, 1.0], dtype=np.float32), loss=0.7
    )
    stored = read(save(tmp_path / "probe", network(), card(metrics=metrics), predictions).folder).predictions()
    assert stored is not None
    assert stored.labels.tolist() == [3, 9]
    assert stored.predicted.tolist() == [3, 1]
    assert stored.confidence.tolist() == pytest.approx([0.6, 1.0], abs=1 / 255)
    assert stored.loss == 0.7


def test_a_model_that_was_not_judged_has_no_predictions(saved: Checkpoint) -> None:
    assert saved.predictions() is None


@pytest.mark.parametrize("place", [0, 8, 200, -1])
def test_one_flipped_byte_is_noticed(saved: Checkpoint, place: int) -> None:
    path = saved.folder / "model.safetensors"
    data = bytearray(path.read_bytes())
    data[place] ^= 1
    path.write_bytes(data)
    with pytest.raises(CheckpointError, match="altered since it was written"):
        read(saved.folder).load_model()


def replace_weights(saved: Checkpoint, weights: dict[str, torch.Tensor]) -> Checkpoint:
    """What somebody would do who also mends the hash: the content itself must be checked."""
    import hashlib

    data = safetensors.torch.save(weights)
    (saved.folder / "model.safetensors").write_bytes(data)
    alter(saved.folder, sha256=hashlib.sha256(data).hexdigest())
    return read(saved.folder)


def test_weights_of_another_shape_are_refused_with_both_shapes(saved: Checkpoint) -> None:
    weights = dict(saved.load_model().state_dict())
    weights["0.0.weight"] = torch.zeros(5, 1, 3, 3)
    with pytest.raises(CheckpointError, match=r"\(5, 1, 3, 3\); the network has \(4, 1, 3, 3\)"):
        replace_weights(saved, weights).load_model()


def test_a_missing_or_an_odd_tensor_is_refused_by_name(saved: Checkpoint) -> None:
    weights = dict(saved.load_model().state_dict())
    del weights["2.bias"]
    with pytest.raises(CheckpointError, match=r"2\.bias"):
        replace_weights(saved, weights).load_model()


def test_a_number_that_is_not_finite_is_refused(saved: Checkpoint) -> None:
    weights = {name: value.clone() for name, value in saved.load_model().state_dict().items()}
    weights["2.bias"][0] = float("nan")
    with pytest.raises(CheckpointError, match="not finite"):
        replace_weights(saved, weights).load_model()


def test_another_number_type_is_refused(saved: Checkpoint) -> None:
    weights = dict(saved.load_model().state_dict())
    weights["2.bias"] = weights["2.bias"].double()
    with pytest.raises(CheckpointError, match="float64"):
        replace_weights(saved, weights).load_model()


def test_a_file_that_is_not_safetensors_is_refused(saved: Checkpoint) -> None:
    import hashlib

    data = b"\x80\x04pickle"
    (saved.folder / "model.safetensors").write_bytes(data)
    alter(saved.folder, sha256=hashlib.sha256(data).hexdigest())
    with pytest.raises(CheckpointError, match="not a safetensors file"):
        read(saved.folder).load_model()


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"schema": 2}, "schema 2; this lab reads up to 1. Update"),
        ({"precision": 16}, "precision is 16, which is not text"),
        ({"surprise": 1}, "surprise"),
        ({"mean": [0.1, 0.2]}, "do not agree"),
        ({"std": [0.0]}, "above 0"),
        ({"classes": ["one"]}, "2 to 1,000"),
        ({"image_size": 100000}, "between 8 and 512"),
        ({"config": {}}, "missing"),
        ({"history": [{"epoch": 1}]}, "missing"),
    ],
)
def test_a_card_that_is_wrong_is_refused(saved: Checkpoint, changes: dict[str, object], words: str) -> None:
    alter(saved.folder, **changes)
    with pytest.raises(CheckpointError) as raised:
        read(saved.folder)
    assert words in str(raised.value)


@pytest.mark.parametrize("text", ["", "{", "[]", "null", '{"schema": NaN}', '{"schema": "1"}'])
def test_a_card_that_is_no_card_is_refused(saved: Checkpoint, text: str) -> None:
    (saved.folder / "card.json").write_text(text)
    with pytest.raises(CheckpointError):
        read(saved.folder)


def test_an_unknown_network_is_refused(saved: Checkpoint) -> None:
    alter(saved.folder, model="vgg")
    with pytest.raises(CheckpointError, match="There is no model 'vgg'"):
        read(saved.folder).load_model()


@pytest.mark.parametrize("name", ["model.pt", "model.pth", "weights.ckpt", "model.pkl"])
def test_a_pickled_file_is_refused_with_the_reason(name: str) -> None:
    with pytest.raises(CheckpointError, match="runs whatever code it holds"):
        find(name)


def test_a_checkpoint_is_found_by_folder_card_and_run(tmp_path: Path, home: Path) -> None:
    save(home / "runs" / "abc123" / "best-0002", network(), card(epoch=2))
    save(home / "runs" / "abc123" / "best-0007", network(), card(epoch=7))
    assert find("abc123").card.epoch == 7
    save(home / "runs" / "abc123" / "final", network(), card(epoch=9))
    assert find("abc123").card.epoch == 9
    folder = home / "runs" / "abc123" / "best-0002"
    assert find(str(folder)).card.epoch == find(str(folder / "card.json")).card.epoch == 2


def test_an_unknown_name_lists_what_ships() -> None:
    with pytest.raises(CheckpointError) as raised:
        find("nothing-like-it")
    assert all(checkpoint.folder.name in str(raised.value) for checkpoint in shipped())


def test_saving_again_replaces_the_old_one_and_leaves_nothing_beside(tmp_path: Path) -> None:
    save(tmp_path / "probe", network(), card(epoch=1))
    save(tmp_path / "probe", network(), card(epoch=2))
    assert read(tmp_path / "probe").card.epoch == 2
    assert [path.name for path in tmp_path.iterdir()] == ["probe"]


def test_a_write_that_fails_keeps_the_old_checkpoint(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    save(tmp_path / "probe", network(), card(epoch=1))

    def full(path: Path, data: bytes, *, durable: bool) -> None:
        path.write_bytes(data[:10])
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(whole_files, "_write_file", full)
    with pytest.raises(CheckpointError, match="the disk is full"):
        save(tmp_path / "probe", network(), card(epoch=2))
    assert read(tmp_path / "probe").load_model() is not None
    assert read(tmp_path / "probe").card.epoch == 1
    assert [path.name for path in tmp_path.iterdir()] == ["probe"]


def test_the_folder_appears_only_when_it_is_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[bool] = []
    rename = Path.rename

    def spy(source: Path, target: Path) -> Path:
        seen.append((tmp_path / "probe").exists())
        assert {path.name for path in source.iterdir()} == {"model.safetensors", "card.json"}
        return rename(source, target)

    monkeypatch.setattr(Path, "rename", spy)
    save(tmp_path / "probe", network(), card())
    assert seen == [False]


STATE = TrainerState(tensors={"model.weight": torch.arange(3.0)}, values={"progress": {"epoch": 1}})


def test_a_state_comes_back_with_its_config(tmp_path: Path) -> None:
    state, config = load_state(save_state(tmp_path / "state", STATE, CONFIG))
    assert torch.equal(state.tensors["model.weight"], torch.arange(3.0))
    assert state.values == {"progress": {"epoch": 1}}
    assert config == CONFIG


@pytest.mark.parametrize("name", ["state.json", "state.safetensors"])
def test_a_damaged_state_is_refused(tmp_path: Path, name: str) -> None:
    folder = save_state(tmp_path / "state", STATE, CONFIG)
    data = (folder / name).read_bytes()
    (folder / name).write_bytes(data[: len(data) // 2])
    with pytest.raises(CheckpointError):
        load_state(folder)


@pytest.mark.parametrize("checkpoint", shipped(), ids=lambda checkpoint: str(checkpoint.folder.name))
def test_every_shipped_checkpoint_loads_and_its_figures_agree_with_its_predictions(checkpoint: Checkpoint) -> None:
    card = checkpoint.card
    model = load_network(checkpoint)
    assert sum(weight.numel() for weight in model.parameters()) == card.parameters
    predictions = checkpoint.predictions()
    assert card.metrics is not None
    assert predictions is not None
    assert card.metrics.unseen
    accuracy = float((predictions.labels == predictions.predicted).mean())
    assert accuracy == pytest.approx(card.metrics.test_accuracy)
    low, high = card.metrics.test_ci95
    assert low < accuracy < high


def test_shipped_checkpoints_are_small() -> None:
    folder = checkpoints_folder()
    assert sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()) < 60e6
