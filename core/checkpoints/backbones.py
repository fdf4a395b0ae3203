"""Backbones that have learned to see elsewhere: on ImageNet, or in the lab itself."""

import contextlib
import copy
import functools
import hashlib
import os
import threading
import urllib.request
from pathlib import Path
from pickle import UnpicklingError  # torch's way to say that a file is no file of weights
from typing import TYPE_CHECKING

import torch
from torch import nn

from core.checkpoints.card import Backbone
from core.checkpoints.networks import Checkpoint, find
from core.checkpoints.packaged import MEAN, STD, packaged_file, packaged_weights
from core.config import TrainingConfig
from core.disk import refusal
from core.errors import CheckpointError, ModelError
from core.models import models
from core.models.transfer import TransferNetwork
from core.slow_imports import torchvision

if TYPE_CHECKING:
    from torchvision.models import ResNet18_Weights

LAB_BACKBONE = "cifar10-resnet18"
PATIENCE = 2.0  # seconds for the first answer of a server far away
_WHERE = {  # by architecture and choice of weights
    ("resnet18", "imagenet"): "the ImageNet weights of ResNet-18",
    ("resnet18", "lab"): f"the weights of the lab's own backbone ({LAB_BACKBONE})",
    ("efficientnet_lite0", "imagenet"): "the ImageNet weights of EfficientNet-Lite0",
}

Normalisation = tuple[tuple[float, ...], tuple[float, ...]]


def imagenet_weights() -> "ResNet18_Weights":
    """Return torchvision's ImageNet weights of ResNet-18: their address, their preprocessing, their download."""
    weights: ResNet18_Weights = torchvision().models.ResNet18_Weights.DEFAULT
    return weights


def imagenet_file() -> Path:
    """Return where torch keeps the ImageNet weights once they have been downloaded."""
    return Path(torch.hub.get_dir()) / "checkpoints" / Path(imagenet_weights().url).name


def imagenet_on_hand(model: str) -> bool:
    """Say whether the ImageNet weights of a transfer model are on this machine: installed, or downloaded before."""
    return packaged_file() is not None if model == "efficientnet_lite0" else imagenet_file().is_file()


@functools.cache
def imagenet_reachable() -> bool:
    """Say whether torchvision could download ResNet-18's ImageNet weights now; asked once, for two seconds at most.

    False where HF_HUB_OFFLINE says that this machine keeps to itself.
    """
    if os.environ.get("HF_HUB_OFFLINE", "").lower() in ("1", "true", "yes", "on"):
        return False
    answered = threading.Event()
    asking = threading.Thread(target=_ask, args=(imagenet_weights().url, answered), daemon=True)
    asking.start()
    asking.join(PATIENCE)  # looking up a name has no patience of its own
    return answered.is_set()


def _ask(address: str, answered: threading.Event) -> None:
    with contextlib.suppress(OSError), urllib.request.urlopen(urllib.request.Request(address, method="HEAD")):
        answered.set()


def lab_backbone() -> Checkpoint | None:
    """Return the checkpoint whose backbone ships with the lab, or None where it is missing."""
    try:
        return find(LAB_BACKBONE)
    except CheckpointError:
        return None


def weights_choice(config: TrainingConfig) -> str | None:
    """Return ``imagenet``, ``lab`` or ``random`` for a transfer model, None for every other."""
    if not models[config.model].transfers:
        return None
    return str(config.model_arguments.get("weights", "imagenet"))


def backbones_seconds(config: TrainingConfig) -> float | None:
    """Return how long the backbone that a training begins with had been trained, by its card.

    0 where it begins with random weights, None for ImageNet's, whose time no card tells.
    """
    choice = weights_choice(config)
    if choice == "lab":
        backbone = lab_backbone()
        return None if backbone is None else backbone.card.seconds
    return None if choice == "imagenet" else 0.0


def pretrained_normalisation(config: TrainingConfig) -> Normalisation | None:
    """Return the mean and std that the chosen weights were trained with, None where there are none."""
    choice = weights_choice(config)
    if choice == "imagenet" and config.model == "efficientnet_lite0":
        return MEAN, STD
    if choice == "imagenet":
        preset = imagenet_weights().transforms()
        return tuple(preset.mean), tuple(preset.std)
    if choice == "lab" and (backbone := lab_backbone()) is not None:
        return backbone.card.mean, backbone.card.std
    return None


def load_backbone(model: nn.Module, config: TrainingConfig) -> None:
    """Fill the backbone of a transfer model with the weights that the config names; other models stay as they are.

    Raises ModelError, naming the choices left, where the weights cannot be had.
    """
    choice = weights_choice(config)
    if choice in (None, "random") or not isinstance(model, TransferNetwork):
        return
    _fill(model, str(choice))


def weights_hash(module: nn.Module) -> str:
    """Return a hash of a module's weights and buffers: names, types, shapes and every byte."""
    digest = hashlib.sha256()
    for name, value in sorted(module.state_dict().items()):
        values = value.detach().cpu().contiguous()
        digest.update(f"{name} {values.dtype} {tuple(values.shape)}\n".encode())
        digest.update(values.reshape(-1).view(torch.uint8).numpy())
    return digest.hexdigest()


def refer_to_backbone(model: nn.Module, config: TrainingConfig) -> Backbone:
    """Return what stands for the frozen backbone of a trained model in a file that leaves it out.

    Raises CheckpointError where it has none, or one that is not the backbone on hand.
    """
    choice = weights_choice(config)
    if not isinstance(model, TransferNetwork) or not model.head_only or (model.architecture, choice) not in _WHERE:
        raise CheckpointError(
            "Only a head that was trained on a frozen backbone, with weights 'imagenet' or 'lab', can be stored alone."
        )
    reference = Backbone(weights=str(choice), sha256=weights_hash(model.backbone))
    fill_backbone(copy.deepcopy(model), reference)
    return reference


def fill_backbone(model: nn.Module, backbone: Backbone) -> None:
    """Fill in the backbone that a checkpoint left out; raises CheckpointError where the same one is not on hand."""
    if not isinstance(model, TransferNetwork) or (model.architecture, backbone.weights) not in _WHERE:
        raise CheckpointError("This checkpoint leaves out a backbone that no network of this lab has.")
    name = _WHERE[model.architecture, backbone.weights]
    if (model.architecture, backbone.weights) == ("resnet18", "imagenet") and not imagenet_file().is_file():
        raise CheckpointError(
            f"This checkpoint holds a head only and needs {name}, which are not on this machine; fetch them, with a "
            "network, by `python -m core fetch imagenet`."
        )
    try:
        _fill(model, backbone.weights)
    except ModelError:
        raise CheckpointError(
            f"This checkpoint holds a head only and needs {name}, which cannot be read here; get a fresh copy of them."
        ) from None
    if weights_hash(model.backbone) != backbone.sha256:
        raise CheckpointError(
            f"This checkpoint holds a head only, trained on other weights than {name} on this machine; get the "
            "checkpoint and the backbone from the same version of CNN Lab, or train it again."
        )


def load_network(checkpoint: Checkpoint, device: torch.device | str = "cpu") -> nn.Module:
    """Return a checkpoint's network, a backbone that it leaves out filled in; see `Checkpoint.load_model`.

    Raises CheckpointError also where that backbone is missing or another one.
    """
    return checkpoint.load_model(device, fill=fill_backbone)


def fetch_imagenet() -> str:
    """Download the ImageNet weights into torch's cache unless they are there; return a sentence."""
    _imagenet()
    return "the weights of ResNet-18 are ready"


def _fill(model: TransferNetwork, choice: str) -> None:
    if model.architecture == "efficientnet_lite0":
        weights = packaged_weights(model.backbone)
    else:
        stored = _imagenet() if choice == "imagenet" else _lab()
        weights = {name: value for name, value in stored.items() if not name.startswith("fc.")}
    model.backbone.load_state_dict(weights)


def _imagenet() -> dict[str, torch.Tensor]:
    try:
        return dict(imagenet_weights().get_state_dict(progress=False, check_hash=True))
    except (OSError, RuntimeError, EOFError, UnpicklingError) as error:
        if refused := refusal(error):
            raise ModelError(f"The ImageNet weights could not be kept on this machine: {refused}.") from error
        if imagenet_file().is_file():  # what could not be downloaded leaves no file
            raise ModelError(
                f"The ImageNet weights on this machine are damaged ({type(error).__name__}). Delete "
                f"'{imagenet_file().name}' from torch's cache and fetch them again by `python -m core fetch imagenet`, "
                f"or choose weights 'lab' (the backbone that ships with CNN Lab) or 'random'."
            ) from error
        raise ModelError(
            f"The ImageNet weights could not be downloaded ({type(error).__name__}). Connect to the internet and try "
            f"again, or choose weights 'lab' (the backbone that ships with CNN Lab) or 'random'."
        ) from error


def _lab() -> dict[str, torch.Tensor]:
    backbone = lab_backbone()
    if backbone is None or backbone.card.backbone is not None:  # what others refer to must not itself refer
        raise ModelError(
            f"The lab's own backbone is missing: there is no folder {LAB_BACKBONE} in checkpoints. "
            f"Choose weights 'imagenet' or 'random'."
        )
    state = backbone.load_model().state_dict()
    return {name.removeprefix("backbone."): value for name, value in state.items() if name.startswith("backbone.")}
