"""A network as a table: shapes, parameters, multiply-adds and receptive fields.

Shapes come from a copy on torch's meta device, where layers compute shapes and nothing else.
"""

import copy
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from core.intervals import percent
from core.models.architecture.receptive_field import receptive_fields
from core.models.architecture.watched_twin import Witness, watched_twin
from core.models.resize import Resize


@dataclass(frozen=True, kw_only=True)
class LayerRow:
    """One layer. ``output_shape`` leaves out the batch; ``multiply_adds`` are for one image.

    ``trainable`` of its ``parameters`` learn, the others are frozen. ``receptive_field`` is the side in input pixels
    of the square that one place of the output depends on, borders aside, and ``jump`` the distance in input pixels
    between the squares of neighbouring places; both None once the map has been flattened (and where they are larger
    than `core.models.architecture.receptive_field.WIDEST` allows to follow).
    """

    name: str
    kind: str
    detail: str
    output_shape: tuple[int, ...]
    parameters: int
    trainable: int
    multiply_adds: int
    receptive_field: int | None
    jump: float | None


def architecture(model: nn.Module, *, channels: int, image_size: int) -> list[LayerRow]:
    """Return one row a layer, in the order in which an image passes them; what only passes on has none.

    ``model`` is not changed.
    """
    fields = receptive_fields(model, image_size=image_size)
    rows: list[LayerRow] = []

    def note(name: str, module: nn.Module, x: Tensor, y: Tensor) -> None:
        if isinstance(module, nn.Identity):
            return
        field, parameters = fields[name], list(module.parameters(recurse=False))
        rows.append(
            LayerRow(
                name=name,
                kind=type(module).__name__,
                detail=_detail(module, x),
                output_shape=tuple(y.shape[1:]),
                parameters=sum(parameter.numel() for parameter in parameters),
                trainable=sum(parameter.numel() for parameter in parameters if parameter.requires_grad),
                multiply_adds=_multiply_adds(module, y),
                receptive_field=None if field is None else field.size,
                jump=None if field is None else field.jump,
            )
        )

    _lay_out(model, channels, image_size, note)
    return rows


def multiply_adds(model: nn.Module, *, channels: int, image_size: int) -> int:
    """Return how many products the whole network computes and sums for one image."""
    work: list[int] = []
    _lay_out(model, channels, image_size, lambda _name, module, _x, y: work.append(_multiply_adds(module, y)))
    return sum(work)


def _lay_out(model: nn.Module, channels: int, image_size: int, note: Witness) -> None:
    """Call ``note`` for each layer of a twin in which tensors have shapes, and no numbers."""
    without_numbers = copy.deepcopy(model).to("meta")
    with torch.inference_mode():
        watched_twin(without_numbers, note)(torch.zeros(1, channels, image_size, image_size, device="meta"))


def _detail(module: nn.Module, x: Tensor) -> str:
    if isinstance(module, nn.Conv2d):
        size = "×".join(map(str, module.kernel_size))
        steps = f"stride {module.stride[0]}, padding {module.padding[0]}"
        return f"{module.in_channels}→{module.out_channels}, {size}, {steps}"
    if isinstance(module, nn.Linear):
        return f"{module.in_features}→{module.out_features}"
    if isinstance(module, nn.MaxPool2d | nn.AvgPool2d):
        return f"{module.kernel_size}×{module.kernel_size}, stride {module.stride}"
    if isinstance(module, Resize):
        before, after = x.shape[-1], module.side
        return f"{before}×{before} to {after}×{after}" if before != after else "nothing to do at this size"
    if isinstance(module, nn.Dropout):
        return f"{percent(module.p)} of the features"
    return f"{module.num_features} channels" if isinstance(module, nn.BatchNorm1d | nn.BatchNorm2d) else ""


def _multiply_adds(module: nn.Module, y: Tensor) -> int:
    if isinstance(module, nn.Conv2d):
        return y[0].numel() * module.weight[0].numel()
    return module.weight.numel() if isinstance(module, nn.Linear) else 0
