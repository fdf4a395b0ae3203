"""The LeNet-style network of the CIFAR-10 lesson, with its dense size written out: 16·5·5."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from core.models.spec import ModelSpec, models

IMAGE_SIZE = 32


class LeNet(nn.Module):
    """conv 3→6→16 of 5×5, each followed by 2×2 pooling, then fc 400-120-84-classes (after LeCun et al., 1998).

    32 − 5 + 1 = 28, halved 14; 14 − 5 + 1 = 10, halved 5: sixteen maps of 5×5 make 400 numbers. Any other image size
    crashes at ``fc1``, which is what the lesson shows.
    """

    def __init__(self, *, in_channels: int, classes: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(in_channels, 6, 5)
        self.pool = nn.MaxPool2d(2, 2)
        self.conv2 = nn.Conv2d(6, 16, 5)
        self.fc1 = nn.Linear(16 * 5 * 5, 120)
        self.fc2 = nn.Linear(120, 84)
        self.fc3 = nn.Linear(84, classes)

    def forward(self, x: Tensor) -> Tensor:
        """Map (N, C, 32, 32) to logits (N, classes)."""
        x = self.pool(F.relu(self.conv1(x)))
        x = self.pool(F.relu(self.conv2(x)))
        x = torch.flatten(x, 1)
        x = F.relu(self.fc1(x))
        x = F.relu(self.fc2(x))
        return self.fc3(x)  # type: ignore[no-any-return]


def lenet(*, in_channels: int, image_size: int, classes: int) -> LeNet:
    """Return the network for 32×32 images; ``image_size`` is checked by the registry's refusal."""
    return LeNet(in_channels=in_channels, classes=classes)


def refusal(*, channels: int, image_size: int) -> str | None:
    """Say, with the arithmetic, why an image of another size does not fit."""
    if image_size == IMAGE_SIZE:
        return None
    side = max(0, ((image_size - 4) // 2 - 4) // 2)
    given = f"give 16·{side}·{side} = {16 * side * side}" if side else "are too small for its two convolutions of 5×5"
    return (
        f"LeNet's first dense layer is written for 16·5·5 = 400 numbers, which 32×32 images give; "
        f"{image_size}×{image_size} images {given}. "
        f"Use 32-pixel images, or the Enhanced CNN, which computes its size."
    )


models.add(
    "lenet",
    ModelSpec(
        name="lenet",
        title="LeNet-style CNN",
        summary="Two 5×5 convolutions and three dense layers, as in the course. It is fed every image at 32×32 pixels.",
        build=lenet,
        settings=(),
        refusal=refusal,
        natural_size=IMAGE_SIZE,
    ),
)
