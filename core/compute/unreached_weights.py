"""Weights that bfloat16 gives nonsense for gradients, and how that is mended.

On the CPU, torch 2.15's bfloat16 convolution leaves memory as it found it in the gradient of weights that only ever see
padding: a 3×3 kernel on a 1×1 map, as in the last layer of a strided CNN. The right gradient there is zero; what was
found was up to 3·10³⁸ and NaN. Those weights change no output, so the loss says nothing, but a checkpoint with a number
that is not finite is refused. float32 is not affected. `findings/` shows it without the lab.
"""

import copy
from collections.abc import Callable
from functools import partial

import torch
from torch import Tensor, nn
from torch.utils.hooks import RemovableHandle


def protect_unreached_weights(model: nn.Module, *, channels: int, image_size: int) -> list[RemovableHandle]:
    """Give zero gradients to the convolution weights that see padding only, for square images of ``image_size``.

    Returns the handles whose ``remove`` ends that.
    """
    handles = []
    for name, (height, width) in _input_sides(model, channels=channels, image_size=image_size).items():
        convolution = model.get_submodule(name)
        if isinstance(convolution, nn.Conv2d) and convolution.weight.requires_grad:
            reached = reached_weights(convolution, height, width)
            if not bool(reached.all()):
                mask = reached.to(convolution.weight.device)
                handles.append(convolution.weight.register_hook(partial(_only, mask)))
    return handles


def reached_weights(convolution: nn.Conv2d, height: int, width: int) -> Tensor:
    """Return bool (kH, kW): which weights ever lie over a pixel of a height×width map, rather than over padding."""
    rows = _reached(convolution, height, axis=0)
    columns = _reached(convolution, width, axis=1)
    return rows.view(-1, 1) & columns.view(1, -1)


def _reached(convolution: nn.Conv2d, side: int, *, axis: int) -> Tensor:
    kernel, stride = convolution.kernel_size[axis], convolution.stride[axis]
    padding, dilation = int(convolution.padding[axis]), convolution.dilation[axis]
    windows = (side + 2 * padding - dilation * (kernel - 1) - 1) // stride + 1
    places = torch.arange(windows).view(1, -1) * stride - padding + torch.arange(kernel).view(-1, 1) * dilation
    return ((places >= 0) & (places < side)).any(dim=1)


def _only(mask: Tensor, gradient: Tensor) -> Tensor:
    return torch.where(mask, gradient, torch.zeros_like(gradient))


def _input_sides(model: nn.Module, *, channels: int, image_size: int) -> dict[str, tuple[int, int]]:
    """The height and width of each convolution's input, by name, from a pass on the meta device."""
    sides: dict[str, tuple[int, int]] = {}
    twin = copy.deepcopy(model).to("meta").eval()
    for name, module in twin.named_modules():
        if isinstance(module, nn.Conv2d):
            module.register_forward_pre_hook(_note(sides, name))
    with torch.inference_mode():
        twin(torch.zeros(1, channels, image_size, image_size, device="meta"))
    return sides


def _note(sides: dict[str, tuple[int, int]], name: str) -> Callable[[nn.Module, tuple[Tensor, ...]], None]:
    def note(_module: nn.Module, inputs: tuple[Tensor, ...]) -> None:
        sides[name] = (inputs[0].shape[-2], inputs[0].shape[-1])

    return note
