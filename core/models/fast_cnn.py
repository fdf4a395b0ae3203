"""A small network that learns small colour images in minutes on a laptop's processor.

The geometry is that of Keller Jordan's airbench ("94% on CIFAR-10 in 3.29 seconds on a single GPU", 2024), without what
is only there for speed records. Every ingredient can be switched off, to see what it is worth.
"""

from typing import Annotated

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from core.errors import ModelError
from core.models.spec import ModelSpec, models
from core.registry import Setting, Value, settings_of

PATCH = 2  # side of the patches that the first layer whitens, in pixels
IMAGES_AT_ONCE = 50  # while patches are counted
LOGIT_SCALE = 1 / 9  # large steps on the last layer would make its answers too sure too early
NORM_MOMENTUM = 0.4  # BatchNorm's running statistics follow quickly: there are few epochs
SMALLEST_VARIANCE = 5e-4  # added before dividing by a patch direction's variance: directions of pure noise stay small


class Block(nn.Module):
    """conv 3×3 – 2×2 max pool – BatchNorm – GELU – conv 3×3 – BatchNorm – GELU: half the side, ``out_channels`` maps.

    Pooling straight after the first convolution makes all that follows four times cheaper.
    """

    def __init__(self, in_channels: int, out_channels: int, *, norm_scale: bool) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(in_channels, out_channels, 3, padding=1, bias=False)
        self.pool = nn.MaxPool2d(2)
        self.norm1 = nn.BatchNorm2d(out_channels, momentum=NORM_MOMENTUM)
        self.act1 = nn.GELU()
        self.conv2 = nn.Conv2d(out_channels, out_channels, 3, padding=1, bias=False)
        self.norm2 = nn.BatchNorm2d(out_channels, momentum=NORM_MOMENTUM)
        self.act2 = nn.GELU()
        self.norm1.weight.requires_grad_(norm_scale)
        self.norm2.weight.requires_grad_(norm_scale)

    def forward(self, x: Tensor) -> Tensor:
        """Map (N, in_channels, S, S) to (N, out_channels, S // 2, S // 2)."""
        x = self.act1(self.norm1(self.pool(self.conv1(x))))
        return self.act2(self.norm2(self.conv2(x)))  # type: ignore[no-any-return]


class FastCNN(nn.Module):
    """A whitening layer that is never trained, blocks of two convolutions, one global max pool and a dense layer."""

    def __init__(
        self,
        *,
        in_channels: int,
        classes: int,
        widths: tuple[int, ...],
        stride: int,
        whiten: bool,
        identity: bool,
        norm_scale: bool,
    ) -> None:
        super().__init__()
        maps = 2 * in_channels * PATCH**2
        self.whiten = nn.Conv2d(in_channels, maps, PATCH, stride=stride)
        self.whiten.weight.requires_grad_(not whiten)
        self.act = nn.GELU()
        self.blocks = nn.Sequential()
        for width in widths:
            self.blocks.append(Block(maps, width, norm_scale=norm_scale))
            maps = width
        self.pool = nn.AdaptiveMaxPool2d(1)
        self.head = nn.Linear(maps, classes, bias=False)
        if identity:
            for module in self.blocks.modules():
                if isinstance(module, nn.Conv2d):
                    start_as_identity(module)

    def forward(self, x: Tensor) -> Tensor:
        """Map (N, C, S, S) to logits (N, classes)."""
        features = self.pool(self.blocks(self.act(self.whiten(x)))).flatten(1)
        return self.head(features) * LOGIT_SCALE  # type: ignore[no-any-return]


def start_as_identity(convolution: nn.Conv2d) -> None:
    """Let the first filters pass their input on unchanged: a deep stack then begins with a signal, not with noise."""
    channels = convolution.in_channels
    with torch.no_grad():
        nn.init.dirac_(convolution.weight[:channels])


def whitening_kernels(images: Tensor) -> Tensor:
    """Return kernels (2·C·4, C, 2, 2) whose answers to patches of ``images`` (N, C, S, S) have unit variance and no
    correlation.

    They are the patches' principal directions, each divided by its standard deviation, and the same with the sign
    turned, because the activation that follows keeps little of what is negative.
    """
    variances, directions = torch.linalg.eigh(_patch_covariance(images))
    kernels = (directions / (variances + SMALLEST_VARIANCE).sqrt()).T.flip(0)  # the widest direction first
    kernels = kernels.reshape(-1, images.shape[1], PATCH, PATCH).to(images)
    return torch.cat([kernels, -kernels])


def _patch_covariance(images: Tensor) -> Tensor:
    """Return float64 (C·4, C·4), from a few images at a time: all patches of 2,000 photos at once are several GB."""
    size = images.shape[1] * PATCH**2
    total, products = images.new_zeros(size, dtype=torch.float64), images.new_zeros(size, size, dtype=torch.float64)
    count = 0
    for part in images.split(IMAGES_AT_ONCE):
        patches = F.unfold(part, PATCH).double()  # (N, C·4, patches of an image)
        total += patches.sum(dim=(0, 2))
        products += (patches @ patches.mT).sum(dim=0)
        count += len(part) * patches.shape[2]
    mean = total / count
    return (products - count * mean.outer(mean)) / (count - 1)


def prepare(model: nn.Module, images: Tensor) -> None:
    """Set the whitening layer from normalised training images, (N, C, S, S)."""
    if isinstance(model, FastCNN) and not model.whiten.weight.requires_grad:
        with torch.no_grad():
            model.whiten.weight.copy_(whitening_kernels(images))
            nn.init.zeros_(model.get_parameter("whiten.bias"))


def fast_cnn(
    *,
    in_channels: int,
    image_size: int,
    classes: int,
    widths: Annotated[
        tuple[int, ...],
        Setting(low=8, high=512, unit="filters", help="Filters of each block, which halves the side."),
    ] = (64, 256, 256),
    stride: Annotated[
        int, Setting(low=1, high=2, help="Stride of the first layer: 2 makes everything four times cheaper.")
    ] = 1,
    whiten: Annotated[
        bool, Setting(help="Set the first layer so that its answers are uncorrelated, and leave it so.")
    ] = True,
    identity: Annotated[bool, Setting(help="Let every convolution begin by passing its input on.")] = True,
    norm_scale: Annotated[
        bool, Setting(help="Let BatchNorm learn a scale as well as a shift; the next convolution can scale as well.")
    ] = True,
) -> FastCNN:
    """Return the network with random weights; `prepare` sets the whitening layer.

    Raises ModelError where the blocks would halve the image away.
    """
    side = (image_size - PATCH) // stride + 1
    if side >> len(widths) < 1:
        raise ModelError(
            f"{len(widths)} blocks halve a {image_size}×{image_size} image {len(widths)} times, which leaves nothing; "
            f"use {side.bit_length() - 1} widths or fewer."
        )
    return FastCNN(
        in_channels=in_channels,
        classes=classes,
        widths=widths,
        stride=stride,
        whiten=whiten,
        identity=identity,
        norm_scale=norm_scale,
    )


def suggest(*, channels: int, image_size: int) -> dict[str, Value]:
    """Return two blocks for tiny images, a narrow net for grey ones, and a coarse first layer with five for large."""
    if image_size < 16:
        return {"widths": (64, 128)}
    if image_size >= 64:
        return {"widths": (32, 64, 128, 256, 256), "stride": 2}
    return {"widths": (32, 64, 128)} if channels == 1 else {}


models.add(
    "fast_cnn",
    ModelSpec(
        name="fast_cnn",
        title="Fast CNN",
        summary="A small first layer, then blocks that pool early: much accuracy for little training time.",
        build=fast_cnn,
        settings=settings_of(fast_cnn),
        suggest=suggest,
        prepare=prepare,
        any_size=True,
    ),
)
