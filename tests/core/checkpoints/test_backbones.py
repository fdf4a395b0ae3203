"""Backbones from elsewhere: the real torchvision path, fed by a weights file in torch's own cache."""

import hashlib
import threading
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest
import torch
from torchvision.models import ResNet18_Weights
from torchvision.models import resnet18 as torchvision_resnet18

from core.checkpoints import weight_sources
from core.checkpoints.backbones import load_backbone, pretrained_normalisation
from core.checkpoints.weight_sources import imagenet_file, imagenet_reachable, imagenet_weights
from core.data import load, make_split
from core.errors import ModelError
from core.models import build_model, models
from core.models.transfer import TransferNetwork
from core.recipes import recipe_config
from core.training.trainer import Trainer


def config(weights: str, **changes: object):  # type: ignore[no-untyped-def]
    return recipe_config(
        "notebook",
        dataset="shapes",
        model="resnet18",
        limit=64,
        epochs=1,
        model_arguments={"weights": weights, "input_size": 32},
        **changes,
    )


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty torch cache of our own."""
    monkeypatch.setattr(torch.hub, "_hub_dir", str(tmp_path / "hub"))
    return tmp_path / "hub" / "checkpoints"


@pytest.fixture
def weights_file(cache: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, torch.Tensor]:
    """Stand-in weights where torch looks for downloaded ones; the name carries their hash, as torchvision's does."""
    torch.manual_seed(5)
    state = torchvision_resnet18(weights=None).state_dict()
    cache.mkdir(parents=True)
    torch.save(state, cache / "stand-in.pth")
    digest = hashlib.sha256((cache / "stand-in.pth").read_bytes()).hexdigest()
    name = f"resnet18-{digest[:8]}.pth"
    (cache / "stand-in.pth").rename(cache / name)
    value = ResNet18_Weights.DEFAULT.value
    monkeypatch.setattr(type(ResNet18_Weights.DEFAULT), "url", f"https://example.invalid/{name}", raising=False)
    renamed = _Renamed(value, f"https://example.invalid/{name}")
    monkeypatch.setattr(weight_sources, "imagenet_weights", lambda: renamed)
    return state


class _Renamed:
    """ResNet18_Weights.DEFAULT, but for the file's name."""

    def __init__(self, value, url: str) -> None:  # type: ignore[no-untyped-def]
        self.url, self.transforms = url, value.transforms

    def get_state_dict(self, *, progress: bool, check_hash: bool) -> dict[str, torch.Tensor]:
        state: dict[str, torch.Tensor] = torch.hub.load_state_dict_from_url(
            self.url, progress=progress, check_hash=check_hash
        )
        return state


def test_imagenet_weights_come_from_torchs_cache_into_the_backbone(weights_file: dict[str, torch.Tensor]) -> None:
    data = load("shapes")
    learner = Trainer(config("imagenet"), data, make_split(data))
    assert isinstance(learner.model, TransferNetwork)
    state = learner.model.backbone.state_dict()
    assert all(torch.equal(value, weights_file[name]) for name, value in state.items())
    assert imagenet_file().is_file()


def test_imagenet_weights_bring_their_own_normalisation() -> None:
    assert pretrained_normalisation(config("imagenet")) == ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225))


def test_the_slip_leaves_imagenets_normalisation_out(weights_file: dict[str, torch.Tensor]) -> None:
    data = load("shapes")
    learner = Trainer(config("imagenet", slips=("no_normalisation",)), data, make_split(data))
    assert (learner.format.mean, learner.format.std) == ((0.0,) * 3, (1.0,) * 3)


def test_weights_that_cannot_be_downloaded_are_a_sentence_with_the_choices(
    cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unreachable(*_arguments: object, **_options: object) -> None:
        raise OSError("Name or service not known")

    monkeypatch.setattr(torch.hub, "download_url_to_file", unreachable)
    data = load("shapes")
    with pytest.raises(ModelError) as raised:
        Trainer(config("imagenet"), data, make_split(data))
    sentence = str(raised.value)
    assert "could not be downloaded" in sentence
    assert "'lab'" in sentence
    assert "'random'" in sentence


def test_a_missing_lab_backbone_is_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(weight_sources, "lab_backbone", lambda: None)
    data = load("shapes")
    with pytest.raises(ModelError, match=r"own backbone is missing.*'imagenet' or 'random'"):
        Trainer(config("lab"), data, make_split(data))


def test_random_weights_are_left_as_they_were_drawn() -> None:
    model = build_model("resnet18", channels=3, image_size=64, classes=2)
    assert isinstance(model, TransferNetwork)
    before = model.backbone.conv1.weight.clone()
    load_backbone(model, config("random"))
    assert torch.equal(model.backbone.conv1.weight, before)


@pytest.mark.skipif(weight_sources.lab_backbone() is None, reason="the lab's own backbone is not in checkpoints")
def test_the_labs_own_backbone_is_loaded_with_its_normalisation() -> None:
    backbone = weight_sources.lab_backbone()
    assert backbone is not None
    data = load("shapes")
    learner = Trainer(config("lab"), data, make_split(data))
    assert isinstance(learner.model, TransferNetwork)
    original = backbone.load_model()
    assert isinstance(original, TransferNetwork)
    assert torch.equal(learner.model.backbone.conv1.weight, original.backbone.conv1.weight)
    assert (learner.format.mean, learner.format.std) == (backbone.card.mean, backbone.card.std)


def test_every_choice_of_weights_has_its_source() -> None:
    offered = {
        (name, choice)
        for name, spec in models.items()
        for setting in spec.settings
        if setting.name == "weights"
        for choice in setting.choices
    }
    assert {pair for pair in offered if pair[1] != "random"} == set(weight_sources.SOURCES)
    assert {name for name, spec in models.items() if spec.transfers} == {name for name, _choice in offered}


class _Answer:
    status = 200

    def __enter__(self) -> "_Answer":
        return self

    def __exit__(self, *_error: object) -> None: ...


@pytest.mark.parametrize(("offline", "answers", "expected"), [("", True, True), ("", False, False), ("1", True, False)])
def test_whether_imagenets_weights_can_be_downloaded_is_asked_once_and_without_patience(
    offline: str, answers: bool, expected: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    slow = threading.Event()

    def urlopen(request: urllib.request.Request) -> _Answer:
        asked.append(f"{request.method} {request.full_url}")
        if slow.is_set():
            time.sleep(0.3)
        if not answers:
            raise urllib.error.URLError("no route")
        return _Answer()

    monkeypatch.setenv("HF_HUB_OFFLINE", offline)
    monkeypatch.setattr("urllib.request.urlopen", urlopen)
    imagenet_reachable.cache_clear()
    try:
        assert [imagenet_reachable(), imagenet_reachable()] == [expected, expected]
        assert asked == ([] if offline else [f"HEAD {imagenet_weights().url}"])
        monkeypatch.setattr("core.checkpoints.weight_sources.PATIENCE", 0.05)
        slow.set()
        imagenet_reachable.cache_clear()
        assert not imagenet_reachable()
    finally:
        imagenet_reachable.cache_clear()
