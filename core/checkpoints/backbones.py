"""Backbones that have learned to see elsewhere: on ImageNet, or in the lab itself."""

import copy
import hashlib
from dataclasses import dataclass
from weakref import WeakKeyDictionary, ref

import torch
from torch import Tensor, nn

from core.checkpoints.card import Backbone
from core.checkpoints.networks import Checkpoint
from core.checkpoints.weight_sources import Normalisation, WeightSource, lab_backbone, source_of
from core.config import TrainingConfig
from core.errors import CheckpointError, ModelError
from core.models import models
from core.models.transfer import TransferNetwork


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
    source = source_of(config.model, weights_choice(config))
    return None if source is None else source.normalisation()


def measures_its_images(config: TrainingConfig) -> bool:
    """Whether mean and std of the network's input are those of its training images: pretrained weights bring others,
    and without normalisation there are none."""
    return "no_normalisation" not in config.slips and source_of(config.model, weights_choice(config)) is None


def load_backbone(model: nn.Module, config: TrainingConfig) -> None:
    """Fill the backbone of a transfer model with the weights that the config names; other models stay as they are.

    Raises ModelError, naming the choices left, where the weights cannot be had.
    """
    source = source_of(config.model, weights_choice(config))
    if source is not None and isinstance(model, TransferNetwork):
        _fill(model.backbone, source)


def weights_hash(module: nn.Module) -> str:
    """Return a hash of a module's weights and buffers: names, types, shapes and every byte."""
    digest = hashlib.sha256()
    for name, value in sorted(module.state_dict().items()):
        values = value.detach().cpu().contiguous()
        digest.update(f"{name} {values.dtype} {tuple(values.shape)}\n".encode())
        digest.update(values.reshape(-1).view(torch.uint8).numpy())
    return digest.hexdigest()


def backbone_hash(model: TransferNetwork) -> str:
    """Return the `weights_hash` of a backbone; a frozen one, megabytes of it, is read through once until it changes.

    Where the weights came from a file that was checked to the byte, their hash is known, and nothing is read.
    """
    if not model.head_only:
        return weights_hash(model.backbone)  # a fused step of an optimizer leaves no mark on what it writes
    seen = _hashes.get(model.backbone)
    if seen is None or not seen.still_of(model.backbone):
        seen = _hashes[model.backbone] = _Hashed(_marks(model.backbone), weights_hash(model.backbone))
    return seen.sha256


@dataclass(frozen=True)
class _Hashed:
    """The hash of a backbone, and each of its tensors with the number of times that it had been written to."""

    marks: list[tuple[ref[Tensor], int]]
    sha256: str

    def still_of(self, backbone: nn.Module) -> bool:
        now = _marks(backbone)
        return len(now) == len(self.marks) and all(
            old() is new() and before == after for (old, before), (new, after) in zip(self.marks, now, strict=True)
        )


_hashes: WeakKeyDictionary[nn.Module, _Hashed] = WeakKeyDictionary()  # by the backbone


def _marks(backbone: nn.Module) -> list[tuple[ref[Tensor], int]]:
    return [(ref(value), value._version) for value in (*backbone.parameters(), *backbone.buffers())]


def _fill(backbone: nn.Module, source: WeightSource) -> None:
    """Fill a backbone with a source's weights; raises ModelError, naming the choices left, where they cannot be had."""
    backbone.load_state_dict(source.values(backbone))
    if source.sha256:
        _hashes[backbone] = _Hashed(_marks(backbone), source.sha256)


def refer_to_backbone(model: nn.Module, config: TrainingConfig) -> Backbone:
    """Return what stands for the frozen backbone of a trained model in a file that leaves it out.

    Raises CheckpointError where it has none, or one that is not the backbone on hand.
    """
    choice = weights_choice(config)
    if not isinstance(model, TransferNetwork) or not model.head_only or source_of(model.architecture, choice) is None:
        raise CheckpointError(
            "Only a head that was trained on a frozen backbone, with weights 'imagenet' or 'lab', can be stored alone."
        )
    reference = Backbone(weights=str(choice), sha256=backbone_hash(model))
    fill_backbone(copy.deepcopy(model), reference)
    return reference


def fill_backbone(model: nn.Module, backbone: Backbone) -> None:
    """Fill in the backbone that a checkpoint left out; raises CheckpointError where the same one is not on hand."""
    source = source_of(model.architecture, backbone.weights) if isinstance(model, TransferNetwork) else None
    if source is None or not isinstance(model, TransferNetwork):
        raise CheckpointError("This checkpoint leaves out a backbone that no network of this lab has.")
    needs = f"This checkpoint holds a head only and needs {source.title}, which"
    if not source.on_hand():
        raise CheckpointError(f"{needs} are not on this machine; {source.how}.")
    try:
        _fill(model.backbone, source)
    except ModelError:
        raise CheckpointError(f"{needs} cannot be read here; get a fresh copy of them.") from None
    if backbone_hash(model) != backbone.sha256:
        raise CheckpointError(
            f"This checkpoint holds a head only, trained on other weights than {source.title} on this machine; get the "
            "checkpoint and the backbone from the same version of CNN Lab, or train it again."
        )


def load_network(checkpoint: Checkpoint, device: torch.device | str = "cpu") -> nn.Module:
    """Return a checkpoint's network, a backbone that it leaves out filled in; see `Checkpoint.load_model`.

    Raises CheckpointError also where that backbone is missing or another one.
    """
    return checkpoint.load_model(device, fill=fill_backbone)
