"""How much of the image each layer sees, found by lighting up its rows one at a time.

Each column of a test picture stands for the image with one of its rows lit. The picture passes a stand-in of the
network whose windows are one column wide and lit where anything in them is: no weight, no ReLU and no comparison
decides what comes through. A place of a map is then lit in exactly the columns whose row it can see. That is right at
borders, in shortcuts and after a resize, where adding up size, stride and offset is not. Only rows are followed: images
and windows are square, and columns are like rows.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from core.models.architecture.watched_twin import private_copy, watched_twin
from core.models.efficientnet_lite0 import SamePad
from core.models.resize import Resize

WIDEST = 2048  # pixels: the side of the largest canvas on which a whole field is looked for
_SHARE = 1e-4  # of a row, in what a resize makes of it; less than that is rounding


@dataclass(frozen=True, kw_only=True)
class Field:
    """What the places of one layer's maps see of the image, in its pixels.

    ``size`` is the side of the square that a place sees where no border cuts it, ``jump`` the distance between the
    squares of neighbouring places (both None where that is more than fits `WIDEST`). ``begin`` is the row at which the
    square of place 0 would begin if nothing cut it: negative where it reaches into the padding. ``first`` and ``end``
    are, for each row of the map, the first row of the image that it sees and the first one after these.
    """

    size: int | None
    jump: float | None
    begin: float | None
    first: tuple[int, ...]
    end: tuple[int, ...]


def receptive_fields(model: nn.Module, *, image_size: int) -> dict[str, Field | None]:
    """Return a field for each call of a layer, in the order in which they run, by the names that `watched_twin` gives.

    None stands for a layer whose output is no map. ``model`` may lie on the meta device and is not changed.
    """
    stand_in = _stand_in(model)
    stand_in(_one_row_a_column(image_size))  # tells the layers how large the network's own image is
    here = _seen(stand_in, image_size)
    free: dict[str, tuple[int, float, float]] = {}
    scale = _scale(stand_in)
    for side in _canvases(image_size):
        found = {name: _free(rows, side, scale) for name, rows in _seen(stand_in, side).items()}
        free = {name: one for name, one in found.items() if one is not None}
        if len(free) == sum(rows is not None for rows in here.values()):
            break
    return {name: None if rows is None else _field(rows, free.get(name)) for name, rows in here.items()}


def _canvases(image_size: int) -> Iterator[int]:
    side = 2 * image_size
    yield side
    while (side := 2 * side) <= WIDEST:
        yield side


def _field(rows: Tensor, free: tuple[int, float, float] | None) -> Field:
    first, end = rows.tolist()
    size, jump, begin = free or (None, None, None)
    if size is not None and jump is not None:  # zeros for "same" padding may lie elsewhere on a canvas than here
        uncut = [top - place * jump for place, top in enumerate(first) if top > 0]
        uncut += [low - size - place * jump for place, low in enumerate(end) if 0 < low < max(end)]
        begin = uncut[0] if uncut else begin
    return Field(size=size, jump=jump, begin=begin, first=tuple(first), end=tuple(end))


def _free(rows: Tensor | None, side: int, scale: float) -> tuple[int, float, float] | None:
    """Return size, jump and begin by the places that see neither end of the canvas; None where fewer than two do."""
    if rows is None:
        return None
    first, end = rows
    inside = torch.nonzero((first > 0) & (end < side)).flatten()
    sizes = end - first
    if len(inside) < 2 or sizes[inside].max() < sizes.max():
        return None
    one, other = int(inside[0]), int(inside[-1])
    jump = float(first[other] - first[one]) / (other - one)
    jump = round(jump / scale) * scale  # after a resize places lie between pixels
    return int(sizes.max()), jump, float(first[one]) - one * jump


def _seen(stand_in: nn.Module, side: int) -> dict[str, Tensor | None]:
    """Return for each layer int64 (2, places): the first row of the image that each place sees, and the end."""
    found: dict[str, Tensor | None] = {}

    def witness(name: str, module: nn.Module, before: Tensor, lit: Tensor) -> None:
        found[name] = _first_and_end(lit[0, 0] > 0) if lit.dim() == 4 else None

    watched_twin(stand_in, witness)(_one_row_a_column(side))
    return found


def _one_row_a_column(side: int) -> Tensor:
    """Return the test picture, float32 (1, 1, side, side)."""
    return torch.eye(side)[None, None]


def _first_and_end(lit: Tensor) -> Tensor:
    """Return int64 (2, places) from bool (places, rows): where each place begins and ends to be lit (0, 0: nowhere)."""
    bits = lit.to(torch.uint8)
    first, last = bits.argmax(1), lit.shape[1] - bits.flip(1).argmax(1)
    return torch.stack([first, torch.where(lit.any(1), last, 0)])


def _stand_in(model: nn.Module) -> nn.Module:
    """Return the network with each of its layers replaced by what lights up; it holds no weight of the model's."""
    root = nn.Sequential(private_copy(model))
    for parent in list(root.modules()):
        for name, child in parent._modules.items():
            if child is not None and not list(child.children()):
                parent._modules[name] = _lit_layer(child)
    return root[0]


def _lit_layer(module: nn.Module) -> nn.Module:
    if isinstance(module, nn.Conv2d):
        if isinstance(module.padding, str):
            raise TypeError(f"padding '{module.padding}' is not followed; write it as a number")
        return _Window(module.kernel_size[0], module.stride[0], module.padding[0], module.dilation[0])
    if isinstance(module, nn.MaxPool2d | nn.AvgPool2d):
        side, stride, padding = (
            value if isinstance(value, int) else value[0]
            for value in (module.kernel_size, module.stride, module.padding)
        )
        return _Window(side, stride, padding, ceil_mode=module.ceil_mode)
    if isinstance(module, nn.AdaptiveAvgPool2d | nn.AdaptiveMaxPool2d):
        return _WholeMap()
    if isinstance(module, Resize):
        return _Resized(module.side)
    if isinstance(module, SamePad):
        return _Padded(module)
    if isinstance(module, nn.Linear):
        return _Dense(module.out_features)
    return nn.Flatten() if isinstance(module, nn.Flatten) else nn.Identity()


class _Window(nn.Module):
    """A convolution or a pool: lit where its window holds something lit, in whatever channel."""

    def __init__(self, side: int, stride: int, padding: int, dilation: int = 1, *, ceil_mode: bool = False) -> None:
        super().__init__()
        self.side, self.stride, self.padding, self.dilation = side, stride, padding, dilation
        self.ceil_mode = ceil_mode

    def forward(self, lit: Tensor) -> Tensor:
        """Map (1, 1, rows, columns) to (1, 1, places, columns).

        Whole rows are compared at once, where `max_pool2d` goes from number to number.
        """
        reach, rows = self.dilation * (self.side - 1), lit.shape[2]
        span = rows + 2 * self.padding - reach - 1
        last = span - span % self.stride  # where the last window begins
        if self.ceil_mode and span % self.stride and last + self.stride < rows + self.padding:
            last += self.stride
        padded = F.pad(lit, (0, 0, self.padding, max(0, last + reach + 1 - self.padding - rows)))
        found = padded[:, :, : last + 1 : self.stride]
        for begin in range(self.dilation, reach + 1, self.dilation):
            found = torch.maximum(found, padded[:, :, begin : begin + last + 1 : self.stride])
        return found


class _Padded(nn.Module):
    """Zeros around a map: nothing is lit there."""

    def __init__(self, pad: SamePad) -> None:
        super().__init__()
        self.missing = pad.missing

    def forward(self, lit: Tensor) -> Tensor:
        """Map (1, 1, rows, columns) to (1, 1, rows + missing, columns)."""
        return F.pad(lit, (0, 0, *self.missing(lit.shape[2])))


class _WholeMap(nn.Module):
    """A pool to one place: its window is the whole map of the image, on a larger canvas too."""

    def __init__(self) -> None:
        super().__init__()
        self.side = 0

    def forward(self, lit: Tensor) -> Tensor:
        """Map (1, 1, rows, columns) to (1, 1, 1, columns) for the first image, which is the network's own."""
        self.side = self.side or lit.shape[2]
        return F.max_pool2d(lit, (self.side, 1))


class _Resized(nn.Module):
    """A resize: a larger canvas is resized by as much as the image."""

    def __init__(self, side: int) -> None:
        super().__init__()
        self.side = side
        self.image = 0

    def forward(self, lit: Tensor) -> Tensor:
        """Map (1, 1, rows, columns) to (1, 1, places, columns)."""
        self.image = self.image or lit.shape[2]
        if self.image == self.side:
            return lit
        size = (lit.shape[2] * self.side // self.image, lit.shape[3])
        return (F.interpolate(lit, size=size, mode="bilinear", align_corners=False, antialias=True) > _SHARE).float()


def _scale(stand_in: nn.Module) -> float:
    """Return how many pixels of the image one of the resized image is; a resize comes before everything else."""
    return next((module.image / module.side for module in stand_in.modules() if isinstance(module, _Resized)), 1.0)


class _Dense(nn.Module):
    """A dense layer, past the last map: only its outputs count."""

    def __init__(self, outputs: int) -> None:
        super().__init__()
        self.outputs = outputs

    def forward(self, x: Tensor) -> Tensor:
        """Map (N, anything) to (N, outputs)."""
        return x.new_zeros(*x.shape[:-1], self.outputs)
