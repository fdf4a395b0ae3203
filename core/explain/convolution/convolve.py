"""One convolution by hand: the picture it makes, the sum behind one place, its size, and the code that does it.

Images are float32 (C, H, W) in [0, 1] with C = 1 or 3; kernels are square, (k, k) for every channel or (C, k, k) for
one a channel. With three channels the output is the sum of three products plus one bias, as in nn.Conv2d.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt
import torch
from PIL import Image
from torch import Tensor
from torch.nn import functional

from core.errors import ConfigError
from core.explain.convolution.kernels import KERNEL_SIZES
from core.explain.drawing.colours import Pixels, colour_map
from core.explain.drawing.mosaic import full_colour
from core.explain.sizes.output_size import output_sizes

KernelLike = Sequence[Sequence[float]] | Sequence[Sequence[Sequence[float]]] | npt.NDArray[np.floating] | Tensor
Mode = Literal["clip", "stretch", "signed"]

VIEWS = {
    "grey": "Grey",
    "red": "Red channel",
    "green": "Green channel",
    "blue": "Blue channel",
    "rgb": "Red, green, blue",
}
_ONE_CHANNEL = {"red": 0, "green": 1, "blue": 2}


@dataclass(frozen=True, kw_only=True)
class Filter:
    """A kernel, what its weights are divided by, what is added, how it moves (in pixels), and whether ReLU follows.

    ``divide_by_sum`` divides by the sum of all weights, so that brightness stays; where they add up to 0 there is
    nothing to divide by and the kernel stays as it is.
    """

    kernel: KernelLike
    divide_by_sum: bool = False
    bias: float = 0.0
    stride: int = 1
    padding: int = 0
    dilation: int = 1
    relu: bool = False


def picture(photo: Image.Image, view: str = "grey", *, max_side: int | None = None) -> Tensor:
    """Return a photo as float32 (C, H, W) in [0, 1]: C = 3 for the view "rgb", 1 for the others.

    It is shrunk to at most ``max_side`` pixels a side. Raises ConfigError for an unknown view.
    """
    if view not in VIEWS:
        raise ConfigError(f"There is no view '{view}'; there is {', '.join(VIEWS)}.")
    image = photo.convert("RGB")
    if max_side is not None:
        image.thumbnail((max_side, max_side))
    if view == "grey":
        image = image.convert("L")
    pixels = torch.from_numpy(np.atleast_3d(np.array(image))).permute(2, 0, 1).float() / 255
    return pixels if view not in _ONE_CHANNEL else pixels[_ONE_CHANNEL[view]][None]


def weights(kernel: KernelLike, channels: int, *, divide_by_sum: bool = False) -> Tensor:
    """Return what the picture is really multiplied by: float32 (1, C, k, k), as PyTorch stores it (out, in, kH, kW).

    Raises ConfigError for a grid that is not square, not 1 to 7 wide, not finite, or made for another number of
    channels.
    """
    numbers = kernel.detach().cpu().numpy() if isinstance(kernel, Tensor) else kernel
    try:
        grid = torch.from_numpy(np.array(numbers, dtype=np.float32))
    except (TypeError, ValueError):
        raise ConfigError("A kernel is a square grid of numbers; this one has gaps or uneven rows.") from None
    if grid.dim() not in (2, 3) or grid.shape[-1] != grid.shape[-2] or grid.shape[-1] not in KERNEL_SIZES:
        shape = "×".join(str(side) for side in grid.shape)
        raise ConfigError(f"A kernel is square and 1 to {KERNEL_SIZES[-1]} numbers wide; this one is {shape}.")
    if not torch.isfinite(grid).all():
        raise ConfigError("A kernel holds finite numbers only; this one has an infinite or missing one.")
    if grid.dim() == 3 and grid.shape[0] != channels:
        raise ConfigError(f"This kernel is made for {grid.shape[0]} channels, the picture has {channels}.")
    weight = grid.expand(1, channels, *grid.shape[-2:])
    total = weight.sum()
    balanced = total.abs() <= 1e-6 * weight.abs().sum()  # 0 but for rounding
    return weight / total if divide_by_sum and not balanced else weight.clone()


def convolve(image: Tensor, sliding: Filter) -> Tensor:
    """Return the map (H', W') that one filter makes of an image (C, H, W), by F.conv2d.

    Raises ConfigError for a kernel that `weights` refuses and for one that does not fit the padded picture.
    """
    weight = weights(sliding.kernel, image.shape[0], divide_by_sum=sliding.divide_by_sum)
    moves = {"stride": sliding.stride, "padding": sliding.padding, "dilation": sliding.dilation}
    output_sizes(image.shape[1], image.shape[2], weight.shape[-1], **moves)
    output = functional.conv2d(image[None], weight, torch.tensor([float(sliding.bias)]), **moves)
    return functional.relu(output)[0, 0] if sliding.relu else output[0, 0]


def component_data(image: Tensor, sliding: Filter) -> dict[str, object]:
    """Return everything a browser needs to show the sum at any place without asking again: numbers and nested lists.

    ``pixels`` (C, H, W) come without their padding, with two digits after the point: these very numbers are multiplied,
    so that every product can be checked by hand. ``weights`` (C, k, k) are those of the grid, ``divisor`` what their
    products' sum is divided by (1 where nothing is), ``output`` (H', W') is what comes of these pixels. ``kind`` tells
    it from `pooling.pooling_data`; ``window`` is how many rows and columns of pixels meet at one place.
    """
    image = (image.double() * 100).round().div(100).float()
    plain = weights(sliding.kernel, image.shape[0])
    divided = weights(sliding.kernel, image.shape[0], divide_by_sum=sliding.divide_by_sum)
    output = convolve(image, sliding)
    channels, height, width = image.shape
    return {
        "kind": "convolution",
        "channels": channels,
        "height": height,
        "width": width,
        "window": tuple(plain.shape[-2:]),
        "pixels": _rounded(image),
        "weights": _rounded(plain[0]),
        "divisor": 1.0 if torch.equal(plain, divided) else round(float(plain.double().sum()), 4),
        "bias": float(sliding.bias),
        "output": _rounded(output),
        "output_height": output.shape[0],
        "output_width": output.shape[1],
        "stride": sliding.stride,
        "padding": sliding.padding,
        "dilation": sliding.dilation,
        "relu": sliding.relu,
    }


def show(result: Tensor, *, mode: Mode = "clip") -> Pixels:
    """Return the picture of a map (H, W): uint8 (H, W, 3).

    "clip" shows 0 as black and 1 as white and cuts the rest, "stretch" shows the smallest number as black and the
    largest as white, "signed" shows 0 near-white, negative blue and positive orange, in full colour at `full_colour`,
    because the rim of a padded picture would otherwise leave everything else pale.
    """
    values = result.detach().cpu()
    if mode == "signed":
        return colour_map(values, signed=True, limit=full_colour([values]))
    low, high = float(values.min()), float(values.max())
    if mode == "stretch" and high > low:
        values = (values - low) / (high - low)
    return show_picture(values[None])


def show_picture(image: Tensor) -> Pixels:
    """Return an image (1, H, W) or (3, H, W) with values in [0, 1] as uint8 (H, W, 3); the rest is cut."""
    pixels = image.detach().cpu().clamp(0, 1).mul(255).round().to(torch.uint8).expand(3, -1, -1)
    return np.ascontiguousarray(pixels.permute(1, 2, 0).numpy())


def _rounded(values: Tensor) -> object:
    """Return nested lists with four digits after the point, which is more than a screen shows."""
    return np.round(values.double().numpy(), 4).tolist()
