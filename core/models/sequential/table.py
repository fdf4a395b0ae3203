"""A chain as the rows that `core.models.architecture.table` finds in its module, by arithmetic alone: at once."""

from core.intervals import percent
from core.models.architecture.table import LayerRow
from core.models.sequential.layers import Convolution, Dense, Dropout, Layer, Pool
from core.models.sequential.sizes import Sizes

_MODULES = {
    "conv": "Conv2d",
    "max": "MaxPool2d",
    "avg": "AvgPool2d",
    "relu": "ReLU",
    "dropout": "Dropout",
    "flatten": "Flatten",
    "dense": "Linear",
}


def layer_rows(sizes: Sizes, *, channels: int, image_size: int) -> tuple[LayerRow, ...]:
    """Return one row a layer, up to the first one that does not fit."""
    before: tuple[int, ...] = (channels, image_size, image_size)
    rows = []
    for step in sizes.steps:
        if step.shape is None:
            break
        rows.append(
            LayerRow(
                name=step.name,
                kind=_MODULES.get(step.layer.kind) or f"BatchNorm{2 if len(before) == 3 else 1}d",
                detail=_detail(step.layer, before[0], step.shape[0]),
                output_shape=step.shape,
                parameters=step.parameters,
                trainable=step.parameters,
                multiply_adds=step.multiply_adds,
                receptive_field=step.receptive_field,
                jump=step.jump,
            )
        )
        before = step.shape
    return tuple(rows)


def _detail(layer: Layer, arrive: int, leave: int) -> str:
    """Return what a layer does with ``arrive`` channels or numbers, of which it makes ``leave``."""
    if isinstance(layer, Convolution):
        size = f"{layer.kernel}×{layer.kernel}"
        return f"{arrive}→{leave}, {size}, stride {layer.stride}, padding {layer.padding}"
    if isinstance(layer, Pool):
        return f"{layer.kernel}×{layer.kernel}, stride {layer.stride}"
    if isinstance(layer, Dense):
        return f"{arrive}→{leave}"
    if isinstance(layer, Dropout):
        return f"{percent(layer.share)} of the features"
    return f"{arrive} channels" if layer.kind == "batchnorm" else ""
