"""The PyTorch source that makes the picture of the Convolution page, by F.conv2d and again by nn.Conv2d."""

import json

import numpy as np
import numpy.typing as npt
import torch

from core.errors import ConfigError
from core.explain.convolution.convolve import VIEWS, Filter, weights

_CHANNEL = {"red": "[0:1]", "green": "[1:2]", "blue": "[2:3]"}


def code(sliding: Filter, *, view: str = "grey", max_side: int | None = None, photo: str = "photo.png") -> str:
    """Return a script that reads ``photo`` and leaves the same map twice, as ``output`` and ``same`` (1, 1, H', W').

    It repeats `picture` and `convolve` with this filter, to the last bit. Raises ConfigError for an unknown view or
    a kernel that `weights` refuses.
    """
    if view not in VIEWS:
        raise ConfigError(f"There is no view '{view}'; there is {', '.join(VIEWS)}.")
    channels = 3 if view == "rgb" else 1
    plain = weights(sliding.kernel, channels)
    side = plain.shape[-1]
    shared = bool((plain[0] == plain[0, 0]).all())
    grid = _source(plain[0, 0].numpy() if shared else plain[0].numpy())
    lines = [
        "import torch",
        "from PIL import Image, ImageOps",
        "from torch import nn",
        "from torch.nn import functional as F",
        "from torchvision.transforms.v2.functional import pil_to_tensor",
        "",
        f'photo = ImageOps.exif_transpose(Image.open({json.dumps(photo)})).convert("RGB")',
    ]
    if max_side is not None:
        lines.append(f"photo.thumbnail(({max_side}, {max_side}))")
    if view == "grey":
        lines.append('photo = photo.convert("L")')
    lines += [
        f"image = pil_to_tensor(photo){_CHANNEL.get(view, '')}.float() / 255  # ({channels}, H, W), from 0 to 1",
        f"batch = image[None]  # (N, C, H, W) = (1, {channels}, H, W)",
        "",
        f"kernel = torch.tensor({grid})",
        f"weight = kernel.expand(1, {channels}, {side}, {side})  # (out, in, kH, kW)",
    ]
    if not torch.equal(weights(sliding.kernel, channels, divide_by_sum=sliding.divide_by_sum), plain):
        lines.append("weight = weight / weight.sum()")
    settings = f"stride={sliding.stride}, padding={sliding.padding}, dilation={sliding.dilation}"
    after = ".relu()" if sliding.relu else ""
    lines += [
        f"bias = torch.tensor([{float(sliding.bias)!r}])",
        "",
        "# as a function",
        f"output = F.conv2d(batch, weight, bias, {settings}){after}",
        "",
        "# as a layer, the way networks have it; training would change weight and bias",
        f"layer = nn.Conv2d({channels}, 1, kernel_size={side}, {settings})",
        "with torch.no_grad():",
        "    layer.weight.copy_(weight)",
        "    layer.bias.copy_(bias)",
        f"    same = layer(batch){after}",
    ]
    return "\n".join(lines) + "\n"


def _source(numbers: npt.NDArray[np.float32]) -> str:
    """Return a grid, or a grid a channel, as a nested list in source, one row a line."""
    rows = [[str(number) for number in row] for row in numbers.reshape(-1, numbers.shape[-1])]
    width = max(len(number) for row in rows for number in row)
    lines = [f"[{', '.join(number.rjust(width) for number in row)}]," for row in rows]
    if numbers.ndim == 2:
        return "\n".join(["[", *(f"    {line}" for line in lines), "]"])
    side = numbers.shape[-2]
    for first in range(0, len(lines), side):
        lines[first] = f"[{lines[first]}"
        lines[first + side - 1] = f"{lines[first + side - 1][:-1]}],"
    return "\n".join(["[", *(f"    {line}" if line.startswith("[[") else f"     {line}" for line in lines), "]"])
