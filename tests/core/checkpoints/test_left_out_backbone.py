"""A checkpoint that holds its head only: it refers to a backbone, and believes no other one."""

import dataclasses
import json
import runpy
import sys
from pathlib import Path

import pytest
import torch

from core.checkpoints import Checkpoint, backbones, find, read, save, weight_sources
from core.checkpoints.backbones import backbone_hash, fill_backbone, load_network, refer_to_backbone, weights_hash
from core.checkpoints.card import Backbone, Card
from core.checkpoints.packaged import BACKBONE_SHA256
from core.config import TrainingConfig
from core.errors import CheckpointError, ModelError
from core.models import build_model
from core.models.transfer import TransferNetwork
from core.recipes import recipe_config
from core.training.session import Session
from tests import cards
from tests.core.small_backbone import SmallBackbone

CLASSES = ("circle", "cross")
SHIPS = Path(__file__).parents[3] / "scripts" / "ship_checkpoint.py"


def config(train: str = "head", weights: str = "lab") -> TrainingConfig:
    return recipe_config(
        "notebook",
        dataset="shapes",
        model="resnet18",
        model_arguments={"weights": weights, "train": train, "input_size": 0},
        epochs=1,
        limit=64,
        device="cpu",
        precision="fp32",
    )


def card(train: str = "head", **changes: object) -> Card:
    fields = {
        "name": "probe",
        "title": "A probe",
        "model": "resnet18",
        "arguments": config(train).model_arguments,
        "channels": 3,
        "image_size": 32,
        "classes": CLASSES,
        "mean": (0.5,) * 3,
        "std": (0.25,) * 3,
        "dataset": "shapes",
        "config": config(train),
    }
    return cards.card(**fields | changes)


def network(train: str = "head") -> TransferNetwork:
    model = build_model("resnet18", channels=3, image_size=32, classes=len(CLASSES), arguments={"train": train})
    assert isinstance(model, TransferNetwork)
    return model


@pytest.fixture
def lab(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> TransferNetwork:
    """The network whose backbone ships with the lab; small ones stand in for ResNet-18's."""
    monkeypatch.setattr("core.models.resnet18.untrained_backbone", SmallBackbone)
    return ship(tmp_path, monkeypatch, seed=1)


def ship(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, seed: int) -> TransferNetwork:
    torch.manual_seed(seed)
    model = network("all")
    shipped = save(tmp_path / f"lab-{seed}", model, card("all"))
    monkeypatch.setattr(weight_sources, "lab_backbone", lambda: shipped)
    return model


def trained(lab: TransferNetwork) -> TransferNetwork:
    """A head that was trained on the lab's backbone."""
    model = network()
    model.backbone.load_state_dict(lab.backbone.state_dict())
    return model


@pytest.fixture
def head_only(tmp_path: Path, lab: TransferNetwork) -> Checkpoint:
    model = trained(lab)
    return save(tmp_path / "probe", model, card(backbone=refer_to_backbone(model, config())))


def test_the_whole_network_comes_back_from_its_head(tmp_path: Path, lab: TransferNetwork) -> None:
    model = trained(lab)
    whole = save(tmp_path / "whole", model, card())
    alone = save(tmp_path / "alone", model, card(backbone=refer_to_backbone(model, config())))
    loaded = load_network(read(alone.folder))
    assert not loaded.training
    for name, value in model.state_dict().items():
        assert torch.equal(loaded.state_dict()[name], value)
    sizes = [(checkpoint.folder / "model.safetensors").stat().st_size for checkpoint in (whole, alone)]
    assert sizes[1] < 6_000 < sizes[0]  # 2 × 512 weights and 2 biases in float32


def test_the_card_names_the_backbone_and_comes_back(head_only: Checkpoint, lab: TransferNetwork) -> None:
    assert head_only.card.backbone == Backbone(weights="lab", sha256=weights_hash(lab.backbone))
    assert read(head_only.folder).card == head_only.card


def test_a_card_from_before_holds_the_whole_network(tmp_path: Path, lab: TransferNetwork) -> None:
    model = trained(lab)
    checkpoint = save(tmp_path / "old", model, card())
    path = checkpoint.folder / "card.json"
    fields = json.loads(path.read_text())
    del fields["backbone"]
    path.write_text(json.dumps(fields))
    old = read(checkpoint.folder)
    assert old.card.backbone is None
    assert torch.equal(load_network(old).state_dict()["backbone.conv1.weight"], model.backbone.conv1.weight)


def test_another_backbone_is_refused_with_what_to_do(
    tmp_path: Path, head_only: Checkpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    ship(tmp_path, monkeypatch, seed=2)
    with pytest.raises(CheckpointError, match=r"head only, trained on other weights.*same version of CNN Lab"):
        load_network(head_only)


def test_one_weight_that_differs_makes_another_backbone(
    tmp_path: Path, head_only: Checkpoint, lab: TransferNetwork, monkeypatch: pytest.MonkeyPatch
) -> None:
    with torch.no_grad():
        lab.backbone.bn1.running_mean[3] += 1e-6
    changed = save(tmp_path / "changed", lab, card("all"))
    monkeypatch.setattr(weight_sources, "lab_backbone", lambda: changed)
    with pytest.raises(CheckpointError, match="trained on other weights"):
        load_network(head_only)


def test_a_frozen_backbone_is_read_through_once_until_something_is_written_to_it(
    lab: TransferNetwork, monkeypatch: pytest.MonkeyPatch
) -> None:
    model, read_through = trained(lab), []
    monkeypatch.setattr(backbones, "weights_hash", lambda backbone: read_through.append(1) or weights_hash(backbone))
    first = backbone_hash(model)
    assert (backbone_hash(model), len(read_through)) == (first, 1)
    with torch.no_grad():
        model.backbone.bn1.running_mean[3] += 1e-6
    second = backbone_hash(model)
    model.backbone.bn1.running_mean = torch.ones(8)
    assert (len({first, second, backbone_hash(model)}), len(read_through)) == (3, 3)


def test_the_hash_of_a_file_that_was_checked_is_not_believed_of_other_weights() -> None:
    model = build_model("efficientnet_lite0", channels=3, image_size=32, classes=2)
    assert isinstance(model, TransferNetwork)
    known = Backbone(weights="imagenet", sha256=BACKBONE_SHA256)
    fill_backbone(model, known)
    assert backbone_hash(model) == BACKBONE_SHA256
    with torch.no_grad():
        next(model.backbone.parameters()).mul_(1.5)
    assert backbone_hash(model) == weights_hash(model.backbone) != BACKBONE_SHA256


def test_a_missing_backbone_is_a_sentence(head_only: Checkpoint, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(weight_sources, "lab_backbone", lambda: None)
    with pytest.raises(CheckpointError, match=r"head only and needs .*cifar10-resnet18.* fresh copy"):
        load_network(head_only)


def test_missing_imagenet_weights_say_how_to_fetch_them(
    tmp_path: Path, lab: TransferNetwork, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torch.hub, "_hub_dir", str(tmp_path / "hub"))
    checkpoint = save(tmp_path / "probe", trained(lab), card(backbone=Backbone(weights="imagenet", sha256="0" * 64)))
    with pytest.raises(CheckpointError, match="`python -m core fetch imagenet`"):
        load_network(checkpoint)


def test_weights_that_come_as_a_package_say_how_to_install_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = build_model("efficientnet_lite0", channels=3, image_size=32, classes=2)
    monkeypatch.setattr(weight_sources, "packaged_file", lambda: None)
    with pytest.raises(CheckpointError, match=r"Lite0, which are not on this machine; install them by `pip"):
        fill_backbone(model, Backbone(weights="imagenet", sha256="0" * 64))


@pytest.mark.parametrize("content", [b"", b"<html>no such file</html>", b"PK\x03\x04" + bytes(100)])
def test_damaged_imagenet_weights_are_a_sentence(
    tmp_path: Path, lab: TransferNetwork, monkeypatch: pytest.MonkeyPatch, content: bytes
) -> None:
    monkeypatch.setattr(torch.hub, "_hub_dir", str(tmp_path / "hub"))
    weight_sources.imagenet_file().parent.mkdir(parents=True)
    weight_sources.imagenet_file().write_bytes(content)
    checkpoint = save(tmp_path / "probe", trained(lab), card(backbone=Backbone(weights="imagenet", sha256="0" * 64)))
    with pytest.raises(CheckpointError, match=r"ImageNet weights of ResNet-18, which cannot be read here"):
        load_network(checkpoint)
    with pytest.raises(ModelError, match=r"are damaged .*Delete 'resnet18-.*\.pth'"):
        weight_sources.fetch_imagenet()


def test_the_backbone_that_others_refer_to_must_hold_its_own_weights(
    head_only: Checkpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(weight_sources, "lab_backbone", lambda: head_only)
    with pytest.raises(CheckpointError, match="head only and needs"):
        load_network(head_only)


@pytest.mark.parametrize(
    "backbone", [{"weights": "lab"}, {"weights": 1, "sha256": "a"}, "lab", {"weights": "lab", "sha256": "a", "x": 1}]
)
def test_a_reference_that_is_none_is_refused(head_only: Checkpoint, backbone: object) -> None:
    path = head_only.folder / "card.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"backbone": backbone}))
    with pytest.raises(CheckpointError):
        load_network(read(head_only.folder))


def test_a_reference_to_unknown_weights_is_refused(tmp_path: Path, lab: TransferNetwork) -> None:
    checkpoint = save(tmp_path / "probe", trained(lab), card(backbone=Backbone(weights="places", sha256="a")))
    with pytest.raises(CheckpointError, match="no network of this lab has"):
        load_network(checkpoint)


@pytest.mark.parametrize(("train", "weights"), [("all", "lab"), ("last_stage", "lab"), ("head", "random")])
def test_only_a_head_on_a_frozen_backbone_that_can_be_had_goes_alone(
    lab: TransferNetwork, train: str, weights: str
) -> None:
    with pytest.raises(CheckpointError, match="Only a head"):
        refer_to_backbone(network(train), config(train, weights))


def test_a_head_on_another_backbone_than_the_one_on_hand_does_not_go_alone(lab: TransferNetwork) -> None:
    with pytest.raises(CheckpointError, match="trained on other weights"):
        refer_to_backbone(network(), config())


@pytest.mark.parametrize("alone", [True, False])
def test_a_training_ships_with_or_without_its_backbone(
    tmp_path: Path, home: Path, lab: TransferNetwork, monkeypatch: pytest.MonkeyPatch, alone: bool
) -> None:
    list(Session(config(), tmp_path / "run").events())
    trained_here = find(str(tmp_path / "run"))
    assert trained_here.card.backbone is None  # a run's own folder holds the whole network
    monkeypatch.setattr("core.home.checkpoints_folder", lambda: tmp_path / "checkpoints")
    options = ["--head-only"] if alone else []
    monkeypatch.setattr(sys, "argv", [str(SHIPS), str(tmp_path / "run"), "mine", "--title", "Mine", "--half", *options])
    runpy.run_path(str(SHIPS), run_name="__main__")
    shipped = read(tmp_path / "checkpoints" / "mine")
    assert (shipped.card.backbone is not None) is alone
    assert shipped.card.metrics is not None
    assert shipped.card.metrics.test_accuracy == pytest.approx(trained_here.card.metrics.test_accuracy, abs=0.02)
    assert dataclasses.replace(shipped.card, backbone=None).title == "Mine"
    assert isinstance(load_network(shipped), TransferNetwork)
