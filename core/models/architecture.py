"""A network as a table: shapes, parameters, multiply-adds and receptive fields, without running it.

The network is copied to torch's meta device, where layers compute shapes and nothing else.
"""

import copy
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn


@dataclass(frozen=True, kw_only=True)
class LayerRow:
    """One layer. ``output_shape`` leaves out the batch; ``multiply_adds`` are for one image.

    ``receptive_field`` is the side in input pixels that one place of the output depends on and ``jump`` the distance
    in input pixels between neighbouring places; both None once the map has been flattened.
    """

    name: str
    kind: str
    detail: str
    output_shape: tuple[int, ...]
    parameters: int
    trainable: bool
    multiply_adds: int
    receptive_field: int | None
    jump: int | None


def architecture(model: nn.Module, *, channels: int, image_size: int) -> list[LayerRow]:
    """Return one row a layer, in the order in which an image passes them.

    ``model`` is not changed. Receptive fields follow the longest path: a residual shortcut adds nothing to them.
    """
    twin = copy.deepcopy(model).to("meta").eval()
    rows: list[LayerRow] = []
    field: list[int | None] = [1, 1]

    def note(name: str, module: nn.Module, inputs: tuple[Tensor, ...], output: Tensor) -> None:
        if "downsample" not in name:
            field[:] = _grow(field, module, inputs[0], output)
        rows.append(_row(name, module, inputs[0], output, field))

    leaves = [(name, module) for name, module in twin.named_modules() if not list(module.children())]
    hooks = [module.register_forward_hook(_named(name, note)) for name, module in leaves]
    try:
        with torch.inference_mode():
            twin(torch.zeros(1, channels, image_size, image_size, device="meta"))
    finally:
        for hook in hooks:
            hook.remove()
    return rows


def _named(name: str, note: Any) -> Any:
    return lambda module, inputs, output: note(name, module, inputs, output)


def _row(name: str, module: nn.Module, x: Tensor, y: Tensor, field: list[int | None]) -> LayerRow:
    parameters = list(module.parameters(recurse=False))
    return LayerRow(
        name=name,
        kind=type(module).__name__,
        detail=_detail(module),
        output_shape=tuple(y.shape[1:]),
        parameters=sum(parameter.numel() for parameter in parameters),
        trainable=any(parameter.requires_grad for parameter in parameters),
        multiply_adds=_multiply_adds(module, y),
        receptive_field=field[0],
        jump=field[1],
    )


def _detail(module: nn.Module) -> str:
    if isinstance(module, nn.Conv2d):
        size = "×".join(map(str, module.kernel_size))
        steps = f"stride {module.stride[0]}, padding {module.padding[0]}"
        return f"{module.in_channels}→{module.out_channels}, {size}, {steps}"
    if isinstance(module, nn.Linear):
        return f"{module.in_features}→{module.out_features}"
    if isinstance(module, nn.MaxPool2d):
        return f"{module.kernel_size}×{module.kernel_size}, stride {module.stride}"
    if isinstance(module, nn.Dropout):
        return f"{module.p:.0%} of the features"
    return f"{module.num_features} channels" if isinstance(module, nn.BatchNorm2d) else ""


def _multiply_adds(module: nn.Module, y: Tensor) -> int:
    if isinstance(module, nn.Conv2d):
        return y[0].numel() * module.weight[0].numel()
    return module.weight.numel() if isinstance(module, nn.Linear) else 0


def _grow(field: list[int | None], module: nn.Module, x: Tensor, y: Tensor) -> list[int | None]:
    """The receptive field after one more layer: r + (k − 1)·j, and the jump times the stride."""
    size, jump = field
    if size is None or jump is None or y.dim() < 4:
        return [None, None]
    if isinstance(module, nn.Conv2d):
        kernel, stride = module.dilation[0] * (module.kernel_size[0] - 1) + 1, module.stride[0]
    elif isinstance(module, nn.MaxPool2d):
        kernel, stride = int(module.kernel_size), int(module.stride)  # type: ignore[arg-type]
    elif isinstance(module, nn.AdaptiveAvgPool2d | nn.AdaptiveMaxPool2d):
        kernel, stride = x.shape[-1], x.shape[-1]
    else:
        return field
    return [size + (kernel - 1) * jump, jump * stride]
