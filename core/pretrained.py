"""Backbones that have learned to see elsewhere: torchvision's ImageNet weights, or the lab's own."""

from pathlib import Path

import torch
from torch import nn
from torchvision.models import ResNet18_Weights

from core.checkpoints import Checkpoint, find
from core.config import TrainingConfig
from core.errors import CheckpointError, ModelError
from core.models import models
from core.models.resnet18 import TransferResNet18

LAB_BACKBONE = "cifar10-resnet18"
IMAGENET = ResNet18_Weights.DEFAULT

Normalisation = tuple[tuple[float, ...], tuple[float, ...]]


def imagenet_file() -> Path:
    """Return where torch keeps the ImageNet weights once they have been downloaded."""
    return Path(torch.hub.get_dir()) / "checkpoints" / Path(IMAGENET.url).name


def lab_backbone() -> Checkpoint | None:
    """Return the checkpoint whose backbone ships with the lab, or None where it is missing."""
    try:
        return find(LAB_BACKBONE)
    except CheckpointError:
        return None


def weights_choice(config: TrainingConfig) -> str | None:
    """Return ``imagenet``, ``lab`` or ``random`` for a transfer model, None for every other."""
    if "weights" not in {setting.name for setting in models[config.model].settings}:
        return None
    return str(config.model_arguments.get("weights", "imagenet"))


def pretrained_normalisation(config: TrainingConfig) -> Normalisation | None:
    """Return the mean and std that the chosen weights were trained with, None where there are none."""
    choice = weights_choice(config)
    if choice == "imagenet":
        preset = IMAGENET.transforms()
        return tuple(preset.mean), tuple(preset.std)
    if choice == "lab" and (backbone := lab_backbone()) is not None:
        return backbone.card.mean, backbone.card.std
    return None


def load_backbone(model: nn.Module, config: TrainingConfig) -> None:
    """Fill the backbone of a transfer model with the weights that the config names; other models stay as they are.

    Raises ModelError, naming the choices left, where the weights cannot be had.
    """
    choice = weights_choice(config)
    if choice in (None, "random") or not isinstance(model, TransferResNet18):
        return
    weights = _imagenet() if choice == "imagenet" else _lab()
    model.backbone.load_state_dict({name: value for name, value in weights.items() if not name.startswith("fc.")})


def fetch_imagenet() -> str:
    """Download the ImageNet weights into torch's cache unless they are there; return a sentence."""
    _imagenet()
    return "the weights of ResNet-18 are ready"


def _imagenet() -> dict[str, torch.Tensor]:
    try:
        return dict(IMAGENET.get_state_dict(progress=False, check_hash=True))
    except (OSError, RuntimeError) as error:
        raise ModelError(
            f"The ImageNet weights could not be downloaded ({type(error).__name__}). Connect to the internet and try "
            f"again, or choose weights 'lab' (the backbone that ships with CNN Lab) or 'random'."
        ) from error


def _lab() -> dict[str, torch.Tensor]:
    backbone = lab_backbone()
    if backbone is None:
        raise ModelError(
            f"The lab's own backbone is missing: there is no folder {LAB_BACKBONE} in checkpoints. "
            f"Choose weights 'imagenet' or 'random'."
        )
    state = backbone.load_model().state_dict()
    return {name.removeprefix("backbone."): value for name, value in state.items() if name.startswith("backbone.")}
