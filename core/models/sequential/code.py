"""A chain as code that runs without the lab: the same module, with the same names of its weights."""

from core.errors import ModelError
from core.models.sequential.layers import (
    BatchNorm,
    Convolution,
    Dense,
    Dropout,
    Flatten,
    Layer,
    MaxPool,
    Pool,
    ReLU,
)
from core.models.sequential.sizes import follow

CLASS_NAME = "Network"


def module_code(layers: tuple[Layer, ...], *, channels: int, image_size: int, classes: int) -> str:
    """Return Python that defines ``Network``, an nn.Module which takes the state of the lab's own and gives its logits.

    Raises ModelError where the chain does not fit.
    """
    sizes = follow(layers, channels=channels, image_size=image_size, classes=classes)
    if sizes.problem:
        raise ModelError(sizes.problem)
    shape: tuple[int, ...] = (channels, image_size, image_size)
    made = []
    for step in sizes.steps:
        out = step.shape or ()
        made.append(f"        self.{step.name} = {_call(step.layer, shape, classes)}  # {'×'.join(map(str, out))}")
        shape = out
    passed = [f"        x = self.{step.name}(x)" for step in sizes.steps]
    return "\n".join(
        [
            "from torch import nn",
            "",
            "",
            f"class {CLASS_NAME}(nn.Module):",
            f'    """Normalised images (N, {channels}, {image_size}, {image_size}) in, logits (N, {classes}) out.',
            "",
            f"    {sizes.parameters:,} parameters, {sizes.multiply_adds:,} multiply-adds an image.",
            '    """',
            "",
            "    def __init__(self):",
            "        super().__init__()",
            *made,
            "",
            "    def forward(self, x):",
            *passed,
            "        return x",
            "",
        ]
    )


def _call(layer: Layer, shape: tuple[int, ...], classes: int) -> str:
    """Return how PyTorch writes a layer to which (C, H, W) or (N,) numbers of an image arrive."""
    match layer:
        case Convolution():
            stride = f", stride={layer.stride}" if layer.stride > 1 else ""
            padding = f", padding={layer.padding}" if layer.padding else ""
            return f"nn.Conv2d({shape[0]}, {layer.filters or classes}, {layer.kernel}{stride}{padding})"
        case Pool():
            stride = f", stride={layer.stride}" if layer.stride != layer.kernel else ""
            return f"nn.{'MaxPool2d' if isinstance(layer, MaxPool) else 'AvgPool2d'}({layer.kernel}{stride})"
        case BatchNorm():
            return f"nn.BatchNorm{len(shape) - 1 or 1}d({shape[0]})"
        case ReLU():
            return "nn.ReLU()"
        case Dropout():
            return f"nn.Dropout({layer.share:g})"
        case Flatten():
            return "nn.Flatten()"
        case Dense():
            return f"nn.Linear({shape[0]}, {layer.units or classes})"
    raise ModelError(f"There is no code for {layer}.")
