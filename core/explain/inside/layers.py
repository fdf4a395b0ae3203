"""Looking inside a network that others are using at the same moment.

All students share one copy of a model, so nothing may be done to it: hooks would fire for everyone, and torchvision's
create_feature_extractor switches the model to training mode while it traces and patches nn.Module for the whole
process (a forward pass in another thread then fails with "module is not installed as a submodule"; it also cannot
trace a network that looks at the size of its input). Here the hooks sit on a private twin: its own modules, the same
weights in memory, thrown away after one pass.
"""

import copy
import itertools
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from core.errors import ModelError

Witness = Callable[[str, nn.Module, Tensor, Tensor], Tensor | None]

_UNCHANGED = (nn.Identity, nn.Dropout, nn.Dropout2d, nn.AlphaDropout, nn.Flatten, nn.Unflatten)


@dataclass(frozen=True, kw_only=True)
class Layer:
    """A layer whose output is a stack of maps: ``shape`` (C, H, W) for one image.

    ``name`` is the module's dotted name; its second call within one pass is ``name_1``, as torchvision writes it.
    ``has_kernels`` says that `core.explain.inside.feature_maps.kernels` can show its weights.
    """

    name: str
    kind: str
    detail: str
    shape: tuple[int, int, int]
    has_kernels: bool

    @property
    def title(self) -> str:
        """One line for a list, such as "conv1 · Conv2d 3→6, 5×5 · 6 maps of 28×28"."""
        count, height, width = self.shape
        kind = f"{self.kind} {self.detail}".strip()
        return f"{self.name} · {kind} · {count} {'map' if count == 1 else 'maps'} of {height}×{width}"


def watched_twin(model: nn.Module, witness: Witness) -> nn.Module:
    """Return a twin of ``model`` in evaluation mode that calls ``witness`` after each layer; good for one pass.

    The witness gets the layer's name, the layer, its input and its output, both of which later layers may overwrite
    in place; a tensor that it returns takes the place of the output. The twin shares the model's weights and
    buffers, so neither may be changed through it (``.to()`` and ``.double()`` would).
    """
    twin = private_copy(model).eval()
    calls: Counter[str] = Counter()

    def watch(name: str, module: nn.Module) -> None:
        def hook(module: nn.Module, inputs: tuple[Tensor, ...], output: Tensor) -> Tensor | None:
            call, calls[name] = calls[name], calls[name] + 1
            return witness(f"{name}_{call}" if call else name, module, inputs[0], output)

        module.register_forward_hook(hook)

    for name, module in twin.named_modules():
        if next(module.children(), None) is None:
            watch(name or type(module).__name__, module)
    return twin


def private_copy(model: nn.Module) -> nn.Module:
    """Return the same network made of its own modules, but with the same weights and buffers in memory."""
    shared: dict[int, object] = {id(kept): kept for kept in itertools.chain(model.parameters(), model.buffers())}
    return copy.deepcopy(model, shared)


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
    )


def _detail(module: nn.Module) -> str:
    if isinstance(module, nn.Conv2d):
        size = "×".join(str(side) for side in module.kernel_size)
        stride = f", stride {module.stride[0]}" if module.stride[0] > 1 else ""
        return f"{module.in_channels}→{module.out_channels}, {size}{stride}"
    if isinstance(module, nn.MaxPool2d | nn.AvgPool2d):
        sides = module.kernel_size if isinstance(module.kernel_size, tuple) else (module.kernel_size,) * 2
        return "×".join(str(side) for side in sides)
    return ""
