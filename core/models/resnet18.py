"""ResNet-18 (He et al., 2015; torchvision's) with a new head, for transfer learning."""

from typing import Annotated

from torch import nn

from core.models.spec import ModelSpec, models
from core.models.transfer import InputSize, Train, TransferNetwork
from core.registry import Setting, Value, settings_of
from core.slow_imports import torchvision

WEIGHTS = ("imagenet", "lab", "random")
FEATURES = 512  # numbers by which the backbone describes an image


def untrained_backbone() -> nn.Module:
    """Return torchvision's ResNet-18 without its last layer, with random weights: (N, 3, S, S) to (N, 512)."""
    backbone: nn.Module = torchvision().models.resnet18(weights=None)
    backbone.fc = nn.Identity()
    return backbone


def resnet18(
    *,
    in_channels: int,
    image_size: int,
    classes: int,
    weights: Annotated[
        str,
        Setting(
            choices=WEIGHTS,
            help="Where the backbone's weights come from: ImageNet (downloaded once), the lab's own (trained on "
            "CIFAR-10, ships with the lab), or random.",
        ),
    ] = "imagenet",
    train: Train = "head",
    input_size: InputSize = 0,
) -> TransferNetwork:
    """Return the network with random weights; `core.checkpoints.backbones` fills in those that ``weights`` names."""
    return TransferNetwork(
        untrained_backbone(),
        architecture="resnet18",
        width=FEATURES,
        last_stage=("layer4",),
        classes=classes,
        train=train,
        input_size=input_size,
    )


def suggest(*, channels: int, image_size: int) -> dict[str, Value]:
    """Enlarge small images: the stem divides the side by four before the first residual block."""
    return {"input_size": 64 if image_size < 64 else 0}


models.add(
    "resnet18",
    ModelSpec(
        name="resnet18",
        title="ResNet-18 (transfer)",
        summary="An 18-layer residual network with a new head for the classes.",
        build=resnet18,
        settings=settings_of(resnet18),
        suggest=suggest,
        needs_rgb=True,
        any_size=True,
    ),
)
