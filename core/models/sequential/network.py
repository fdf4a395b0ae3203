"""A network of one's own: a chain of layers, in the registry as any other network."""

from collections import OrderedDict
from typing import Annotated

from torch import nn

from core.errors import ConfigError, ModelError
from core.models.sequential.layers import (
    AveragePool,
    BatchNorm,
    Convolution,
    Dense,
    Dropout,
    Flatten,
    Layer,
    MaxPool,
    ReLU,
    read,
)
from core.models.sequential.sizes import follow
from core.models.sequential.starts import LENET, fitting
from core.models.spec import ModelSpec, models
from core.registry import Setting, Value, settings_of


def sequential(
    *,
    in_channels: int,
    image_size: int,
    classes: int,
    layers: Annotated[
        str, Setting(help="The chain, layer by layer; the Architecture page builds it and says where it does not fit.")
    ] = LENET,
) -> nn.Sequential:
    """Return the chain as a module; ``layers`` is a line as `core.models.sequential.layers.write` gives it.

    Raises ConfigError for another text, ModelError with the layer and what to do where the chain does not fit.
    """
    sizes = follow(read(layers), channels=in_channels, image_size=image_size, classes=classes)
    if sizes.problem:
        raise ModelError(sizes.problem)
    shape: tuple[int, ...] = (in_channels, image_size, image_size)
    chain: OrderedDict[str, nn.Module] = OrderedDict()
    for step in sizes.steps:
        chain[step.name] = _module(step.layer, shape, classes)
        shape = step.shape or ()
    return nn.Sequential(chain)


def _module(layer: Layer, shape: tuple[int, ...], classes: int) -> nn.Module:
    """Return the module of a layer to which (C, H, W) or (N,) numbers of an image arrive."""
    match layer:
        case Convolution():
            return nn.Conv2d(
                shape[0], layer.filters or classes, layer.kernel, stride=layer.stride, padding=layer.padding
            )
        case MaxPool():
            return nn.MaxPool2d(layer.kernel, layer.stride)
        case AveragePool():
            return nn.AvgPool2d(layer.kernel, layer.stride)
        case BatchNorm():
            return nn.BatchNorm2d(shape[0]) if len(shape) == 3 else nn.BatchNorm1d(shape[0])
        case ReLU():
            return nn.ReLU()
        case Dropout():
            return nn.Dropout(layer.share)
        case Flatten():
            return nn.Flatten()
        case Dense():
            return nn.Linear(shape[0], layer.units or classes)
    raise ConfigError(f"There is no module for {layer}.")


def suggest(*, channels: int, image_size: int) -> dict[str, Value]:
    """Return LeNet's layers where they fit, and others for tiny and for large images."""
    return {"layers": fitting(image_size)}


models.add(
    "sequential",
    ModelSpec(
        name="sequential",
        title="Layers of your own",
        summary="One layer after the other, as put together on the Architecture page.",
        build=sequential,
        settings=settings_of(sequential),
        suggest=suggest,
    ),
)
