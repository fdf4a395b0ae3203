"""The layers of a network that have maps to show, found without touching the network that others are using."""

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from core.errors import ModelError
from core.models.architecture.watched_twin import watched_twin
from core.models.resize import Resize

_UNCHANGED = (nn.Identity, nn.Dropout, nn.Dropout2d, nn.AlphaDropout, nn.Flatten, nn.Unflatten)


@dataclass(frozen=True, kw_only=True)
class Layer:
    """A layer whose output is a stack of maps: ``shape`` (C, H, W) for one image.

    ``name`` is the module's dotted name; its second call within one pass is ``name_1``, as torchvision writes it.
    ``has_kernels`` says that `core.explain.inside.feature_maps.kernels` can show its weights, ``frozen`` that a
    training leaves them as they are.
    """

    name: str
    kind: str
    detail: str
    shape: tuple[int, int, int]
    has_kernels: bool
    frozen: bool = False

    @property
    def title(self) -> str:
        """One line for a list, such as "conv1 · Conv2d 3→6, 5×5 · 6 maps of 28×28"."""
        count, height, width = self.shape
        kind = f"{self.kind} {self.detail}".strip()
        return f"{self.name} · {kind} · {count} {'map' if count == 1 else 'maps'} of {height}×{width}"


def map_layers(model: nn.Module, *, channels: int, image_size: int) -> tuple[Layer, ...]:
    """Return the layers whose output is a stack of maps, in the order in which they run.

    Found by sending one empty image (1, channels, image_size, image_size) through a twin. Layers that change nothing
    when a network is used (dropout, identity) and reshaping are left out; a dense network has none.
    """
    found: list[Layer] = []

    def witness(name: str, module: nn.Module, before: Tensor, after: Tensor) -> None:
        if has_maps(module, after):
            found.append(_layer(name, module, after))

    with torch.no_grad():
        watched_twin(model, witness)(torch.zeros(1, channels, image_size, image_size, device=device_of(model)))
    return tuple(found)


def has_maps(module: nn.Module, output: Tensor) -> bool:
    """Whether a layer's output (N, C, H, W) is worth a picture of its own."""
    return output.dim() == 4 and not isinstance(module, _UNCHANGED)


def device_of(model: nn.Module) -> torch.device:
    """Return where the model's weights are (the CPU where it has none)."""
    first = next(model.parameters(), None)
    return torch.device("cpu") if first is None else first.device


def unknown_layer(name: str, known: list[str]) -> ModelError:
    """Return the error for a layer that has no maps or is not there."""
    if not known:
        return ModelError("This network has no layer with maps: it sees its input as one row of numbers.")
    return ModelError(f"There is no layer '{name}' with maps in this network; there is {', '.join(known)}.")


def _layer(name: str, module: nn.Module, output: Tensor) -> Layer:
    _, count, height, width = output.shape
    return Layer(
        name=name,
        kind=type(module).__name__,
        detail=_detail(module),
        shape=(count, height, width),
        has_kernels=isinstance(module, nn.Conv2d),
        frozen=isinstance(module, nn.Conv2d) and not module.weight.requires_grad,
    )


def _detail(module: nn.Module) -> str:
    if isinstance(module, nn.Conv2d):
        size = "×".join(str(side) for side in module.kernel_size)
        stride = f", stride {module.stride[0]}" if module.stride[0] > 1 else ""
        return f"{module.in_channels}→{module.out_channels}, {size}{stride}"
    if isinstance(module, Resize):
        return f"to {module.side}×{module.side}"
    if isinstance(module, nn.MaxPool2d | nn.AvgPool2d):
        sides = module.kernel_size if isinstance(module.kernel_size, tuple) else (module.kernel_size,) * 2
        return "×".join(str(side) for side in sides)
    return ""
