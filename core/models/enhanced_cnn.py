"""The course's better CIFAR-10 network: BatchNorm, and a dense size that nobody has to work out."""

from typing import Annotated

import torch
from torch import Tensor, nn

from core.errors import ModelError
from core.models.spec import ModelSpec, models
from core.registry import Setting, settings_of


class EnhancedCNN(nn.Module):
    """Twice conv 3×3 – BatchNorm – ReLU, one 2×2 pool, then dense layers of 120, 84 and ``classes``."""

    def __init__(self, *, in_channels: int, image_size: int, classes: int, widths: tuple[int, ...]) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        channels = in_channels
        for width in widths:
            layers += [nn.Conv2d(channels, width, 3, padding=1), nn.BatchNorm2d(width), nn.ReLU()]
            channels = width
        self.features = nn.Sequential(*layers, nn.MaxPool2d(2))
        # The trick: send one empty image through and see how many numbers come out. Evaluation mode, because a
        # BatchNorm in training mode would count the empty image in its statistics.
        with torch.no_grad():
            dense_size = self.features.eval()(torch.zeros(1, in_channels, image_size, image_size)).numel()
        self.features.train()
        self.classifier = nn.Sequential(
            nn.Flatten(),
            nn.Linear(dense_size, 120),
            nn.ReLU(),
            nn.Linear(120, 84),
            nn.ReLU(),
            nn.Linear(84, classes),
        )

    def forward(self, x: Tensor) -> Tensor:
        """Map (N, C, S, S) to logits (N, classes)."""
        return self.classifier(self.features(x))  # type: ignore[no-any-return]


def enhanced_cnn(
    *,
    in_channels: int,
    image_size: int,
    classes: int,
    widths: Annotated[
        tuple[int, ...], Setting(low=4, high=256, unit="filters", help="Filters of the convolutions, in order.")
    ] = (32, 64),
) -> EnhancedCNN:
    """Return the network for any image size; raises ModelError for more than four convolutions."""
    if not 1 <= len(widths) <= 4:
        raise ModelError(f"The Enhanced CNN takes one to four widths; {len(widths)} were given.")
    return EnhancedCNN(in_channels=in_channels, image_size=image_size, classes=classes, widths=widths)


def refusal(*, channels: int, image_size: int) -> str | None:
    """Say why a large image does not fit: one pool leaves a dense layer with too many weights."""
    if image_size <= 64:
        return None
    side = image_size // 2
    return (
        f"The Enhanced CNN pools once, so {image_size}×{image_size} images would leave 64·{side}·{side} = "
        f"{64 * side * side:,} numbers for its dense layer. Use images of at most 64 pixels, or the strided CNN."
    )


models.add(
    "enhanced_cnn",
    ModelSpec(
        name="enhanced_cnn",
        title="Enhanced CNN",
        summary="Convolutions with BatchNorm; a dummy image counts the dense size: any image up to 64 px fits.",
        build=enhanced_cnn,
        settings=settings_of(enhanced_cnn),
        refusal=refusal,
    ),
)
