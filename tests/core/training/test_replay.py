"""The batches of a finished training, made again, are those that its network was given: bit for bit."""

import dataclasses
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from core.checkpoints import Checkpoint
from core.config import AugmentationStep, TrainingConfig
from core.data import load
from core.errors import ConfigError, DataError
from core.models import models
from core.models.transfer import TransferNetwork
from core.recipes import fitting_models, recipe_config
from core.training import replay as replay_module
from core.training.kept_features import LOOK_BATCH, can_keep, keeps
from core.training.replay import Replay
from core.training.session import Session
from tests.core.small_backbone import SmallBackbone

CHAIN = (
    AugmentationStep(name="flip_alternating"),
    AugmentationStep(name="affine", probability=0.8),
    AugmentationStep(name="blur", probability=0.5),
    AugmentationStep(name="erasing", probability=0.5),
)


def config(model: str = "strided_cnn", dataset: str = "digits", **changes: object) -> TrainingConfig:
    fields: dict[str, object] = {"epochs": 2, "limit": 100, "batch_size": 32, "device": "cpu", "augmentation": CHAIN}
    return recipe_config("notebook", dataset=dataset, model=model, **fields | changes)


def trained(session: Session) -> Checkpoint:
    for _event in session.events():
        pass
    checkpoint = session.checkpoint()
    assert checkpoint is not None
    return checkpoint


def captured(session: Session) -> Iterator[Tensor]:
    """What the network of a training is given in training mode, batch by batch, in the order of time."""
    seen: list[Tensor] = []

    def keep(module: nn.Module, given: tuple[Tensor, ...]) -> None:
        if module.training:
            seen.append(given[0].clone())

    session.trainer.network.register_forward_pre_hook(keep)
    trained(session)
    return iter(seen)


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"augmentation": ()},
        {"seed": 7},
        {"dataset": "shapes"},
        {"dataset": "shapes", "greyscale": True},
        {"dataset": "shapes", "slips": ("no_normalisation",)},
        {"slips": ("validation_from_training", "shared_writers")},
        {
            "dataset": "shapes",
            "model": "fast_cnn",
            "start_size": 16,
            "epochs": 3,
            "model_arguments": {"widths": (8, 8)},
        },
    ],
    ids=str,
)
def test_every_batch_is_the_one_that_the_network_was_given(tmp_path: Path, changes: dict[str, object]) -> None:
    session = Session(config(**changes), tmp_path / "run")  # type: ignore[arg-type]
    batches = captured(session)
    checkpoint = session.checkpoint()
    assert checkpoint is not None
    again = Replay(checkpoint, load(session.config.dataset, size=session.config.image_size))
    assert (again.epochs, again.steps) == (session.config.epochs, 3)
    for epoch in range(again.epochs):
        for number in range(again.steps):
            assert torch.equal(again.batch(epoch, number).given, next(batches))
    assert next(batches, None) is None


def test_the_first_images_of_a_batch_are_those_of_the_whole_one(tmp_path: Path) -> None:
    checkpoint = trained(Session(config(), tmp_path / "run"))
    again = Replay(checkpoint, load("digits", size=checkpoint.card.image_size))
    whole, some = again.batch(1, 2), again.batch(1, 2, most=5)
    assert torch.equal(some.given, whole.given[:5])
    assert some.applied == whole.applied[:5]
    assert torch.equal(some.labels, torch.from_numpy(again.data.labels[some.indices.numpy()]))


def test_one_image_is_found_in_every_epoch_or_was_left_over(tmp_path: Path) -> None:
    checkpoint = trained(Session(config(), tmp_path / "run"))
    again = Replay(checkpoint, load("digits", size=checkpoint.card.image_size))
    found = 0
    for index in again.train.tolist()[:20]:
        for epoch in (0, 1):
            where, fed = again.find(index, epoch), again.one(index, epoch)
            assert (where is None) == (fed is None)
            if where is not None and fed is not None:
                whole = again.batch(epoch, where[0])
                assert whole.indices[where[1]] == index
                assert torch.equal(fed.given[0], whole.given[where[1]])
                found += 1
    assert found > 30  # 96 of 100 are used in each epoch


@pytest.mark.parametrize("augmentation", [CHAIN, ()])
def test_a_frozen_backbone_saw_these_very_images(
    tmp_path: Path, home: Path, monkeypatch: pytest.MonkeyPatch, augmentation: tuple[AugmentationStep, ...]
) -> None:
    monkeypatch.setattr("core.models.resnet18.untrained_backbone", SmallBackbone)
    looked: list[Tensor] = []
    features = TransferNetwork.features

    def keep(network: TransferNetwork, images: Tensor) -> Tensor:
        looked.append(images.clone())
        return features(network, images)

    monkeypatch.setattr(TransferNetwork, "features", keep)
    wanted = config(
        "resnet18",
        "shapes",
        augmentation=augmentation,
        epochs=6,
        model_arguments={"weights": "random", "input_size": 32},
        precision="fp32",
    )
    session = Session(wanted, tmp_path / "run")
    views = 4 if augmentation else 1
    seen = torch.cat(looked)[: 100 * views].view(views, 100, 3, wanted.image_size, wanted.image_size)
    again = Replay(trained(session), load("shapes", size=wanted.image_size))
    assert (again.looked_once, again.views) == (True, views)
    row = {index: place for place, index in enumerate(again.train.tolist())}
    for epoch in (0, 3, 5):
        fed = again.batch(epoch, 1)
        for index, given in zip(fed.indices.tolist(), fed.given, strict=True):
            assert torch.equal(given, seen[epoch % views, row[index]])
    assert len(again.train) > LOOK_BATCH  # or a look's second part was never tried


def test_other_images_are_refused_in_a_sentence(tmp_path: Path) -> None:
    checkpoint = trained(Session(config(), tmp_path / "run"))
    data = load("digits", size=checkpoint.card.image_size)
    for name in ("data_fingerprint", "split_fingerprint"):
        other = dataclasses.replace(checkpoint, card=dataclasses.replace(checkpoint.card, **{name: "another"}))
        with pytest.raises(DataError, match="are not the ones that this network was trained on"):
            Replay(other, data)


def test_another_device_or_version_may_have_rounded_otherwise_and_is_said(tmp_path: Path) -> None:
    checkpoint = trained(Session(config(), tmp_path / "run"))
    data = load("digits", size=checkpoint.card.image_size)
    assert Replay(checkpoint, data).doubt == ""
    for device, said in (("CPU, 1 thread, torch 0.1", "version of PyTorch"), ("NVIDIA H100", "not train on a CPU")):
        other = dataclasses.replace(checkpoint, card=dataclasses.replace(checkpoint.card, device=device))
        assert said in Replay(other, data).doubt


def test_a_batch_that_there_was_not_and_one_that_is_too_large_are_sentences(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    checkpoint = trained(Session(config(), tmp_path / "run"))
    data = load("digits", size=checkpoint.card.image_size)
    with pytest.raises(ConfigError, match="no batch 4 of epoch 1: 2 epochs of 3 batches"):
        Replay(checkpoint, data).batch(0, 3)
    monkeypatch.setattr(replay_module, "MOST_BYTES", 1000)
    with pytest.raises(ConfigError, match="32 images of 28×28 pixels"):
        Replay(checkpoint, data)


@pytest.mark.parametrize("name", models)
def test_whether_a_network_looks_once_is_known_without_building_it(name: str) -> None:
    dataset = next(one for one in ("digits", "shapes", "cats_vs_dogs") if name in fitting_models(one))
    for train in ("head", "all") if models[name].transfers else ("",):
        arguments = {"weights": "random", "train": train} if train else {}
        wanted = recipe_config("modern", dataset=dataset, model=name, model_arguments=arguments)
        if not models[name].transfers:
            assert not keeps(wanted)
            continue
        with torch.device("meta"):
            from core.models import build_model

            network = build_model(
                name, channels=3, image_size=wanted.image_size, classes=6, arguments=wanted.model_arguments
            )
        assert keeps(wanted) == can_keep(wanted, network)
