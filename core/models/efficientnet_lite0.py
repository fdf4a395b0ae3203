"""EfficientNet-Lite0 (TensorFlow's, 2020, after M. Tan and Q. V. Le, "EfficientNet", 2019), for transfer learning.

Its ImageNet weights come as a Python package, so a class without the internet has them as well. Lite means: no
squeeze-and-excitation, ReLU6 for swish, a stem and a top that are never scaled.
"""

from typing import Annotated

from torch import Tensor, nn
from torch.nn import functional

from core.models.spec import ModelSpec, models
from core.models.transfer import InputSize, Train, TransferNetwork
from core.registry import Setting, Value, settings_of

WEIGHTS = ("imagenet", "random")
FEATURES = 1280  # numbers by which the backbone describes an image
STEM = 32  # maps
NORM_EPS, NORM_MOMENTUM = 1e-3, 0.01
# A stage: how much wider its blocks are inside, maps, blocks, stride of the first, side of the kernels.
STAGES = (
    (1, 16, 1, 1, 3),
    (6, 24, 2, 2, 3),
    (6, 40, 2, 2, 5),
    (6, 80, 3, 2, 3),
    (6, 112, 3, 1, 5),
    (6, 192, 4, 2, 5),
    (6, 320, 1, 1, 3),
)


class SamePad(nn.Module):
    """Zeros around a map as TensorFlow's "same" puts them before a convolution with a stride.

    ceil(side / stride) places are wanted; what is missing for that is added half on each side, and where it is odd one
    more at the bottom and on the right. PyTorch's padding, alike on both sides, would look half a stride aside.
    """

    def __init__(self, kernel: int, stride: int) -> None:
        super().__init__()
        self.kernel, self.stride = kernel, stride

    def forward(self, x: Tensor) -> Tensor:
        """Map (N, C, H, W) to (N, C, H + missing rows, W + missing columns)."""
        (top, bottom), (left, right) = (self.missing(side) for side in x.shape[-2:])
        return functional.pad(x, (left, right, top, bottom))

    def missing(self, side: int) -> tuple[int, int]:
        """Return how many zeros stand before and behind ``side`` places."""
        places = -(-side // self.stride)
        missing = max((places - 1) * self.stride + self.kernel - side, 0)
        return missing // 2, missing - missing // 2


class InvertedResidual(nn.Module):
    """1×1 to ``expand`` times as many maps – ``kernel``×``kernel`` in each map by itself – 1×1 to ``out_channels``.

    BatchNorm follows each, ReLU6 the first two; where the size stays, what came in is added.
    """

    def __init__(self, in_channels: int, out_channels: int, *, expand: int, kernel: int, stride: int) -> None:
        super().__init__()
        inside = in_channels * expand
        self.adds = stride == 1 and in_channels == out_channels
        self.expand = _convolution(in_channels, inside) if expand > 1 else nn.Identity()
        self.depthwise = _convolution(inside, inside, kernel=kernel, stride=stride, groups=inside)
        self.project = _convolution(inside, out_channels, act=False)

    def forward(self, x: Tensor) -> Tensor:
        """Map (N, in_channels, S, S) to (N, out_channels, ceil(S / stride), ceil(S / stride))."""
        out: Tensor = self.project(self.depthwise(self.expand(x)))
        return x + out if self.adds else out


class EfficientNetLite0Backbone(nn.Module):
    """Everything but the last dense layer."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = _convolution(3, STEM, kernel=3, stride=2)
        width = STEM
        for number, (expand, maps, blocks, stride, kernel) in enumerate(STAGES, start=1):
            stage = nn.Sequential()
            for place in range(blocks):
                step = stride if place == 0 else 1
                stage.append(InvertedResidual(width, maps, expand=expand, kernel=kernel, stride=step))
                width = maps
            self.add_module(f"stage{number}", stage)
        self.top = _convolution(width, FEATURES)
        self.pool = nn.AdaptiveAvgPool2d(1)

    def forward(self, x: Tensor) -> Tensor:
        """Map (N, 3, S, S), normalised, to features (N, 1280)."""
        for stage in self.children():
            x = stage(x)
        return x.flatten(1)


def _convolution(
    in_channels: int, out_channels: int, *, kernel: int = 1, stride: int = 1, groups: int = 1, act: bool = True
) -> nn.Sequential:
    layers: list[nn.Module] = [SamePad(kernel, stride)] if stride > 1 else []
    padding = 0 if stride > 1 else kernel // 2
    layers.append(
        nn.Conv2d(in_channels, out_channels, kernel, stride=stride, padding=padding, groups=groups, bias=False)
    )
    layers.append(nn.BatchNorm2d(out_channels, eps=NORM_EPS, momentum=NORM_MOMENTUM))
    return nn.Sequential(*layers, nn.ReLU6()) if act else nn.Sequential(*layers)


def efficientnet_lite0(
    *,
    in_channels: int,
    image_size: int,
    classes: int,
    weights: Annotated[
        str,
        Setting(choices=WEIGHTS, help="Where the backbone's weights come from: ImageNet (installed with the lab)."),
    ] = "imagenet",
    train: Train = "head",
    input_size: InputSize = 0,
) -> TransferNetwork:
    """Return the network with random weights; `core.checkpoints.backbones` fills in those that ``weights`` names."""
    return TransferNetwork(
        EfficientNetLite0Backbone(),
        architecture="efficientnet_lite0",
        width=FEATURES,
        last_stage=("stage7", "top"),
        classes=classes,
        train=train,
        input_size=input_size,
    )


def suggest(*, channels: int, image_size: int) -> dict[str, Value]:
    """Enlarge small images: the maps of the last stages have a side 32 times smaller."""
    return {"input_size": 96 if image_size < 96 else 0}


models.add(
    "efficientnet_lite0",
    ModelSpec(
        name="efficientnet_lite0",
        title="EfficientNet-Lite0 (transfer)",
        summary="A small network for phones that has seen ImageNet's 1.3 million photos, and a new head that learns.",
        build=efficientnet_lite0,
        settings=settings_of(efficientnet_lite0),
        suggest=suggest,
        needs_rgb=True,
        any_size=True,
    ),
)
