"""What stands between stored pixels and a network: channels, size, normalisation. One place for each."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from PIL import Image, ImageOps
from torch import Tensor

GREY_WEIGHTS = (0.2989, 0.587, 0.114)  # ITU-R 601-2, the weights of Pillow's and torchvision's conversions


@dataclass(frozen=True, kw_only=True)
class InputFormat:
    """What a network expects: ``channels`` (1 or 3), a square of ``size`` pixels, and each channel's mean and std.

    Mean and std are in units of the [0, 1] range. Where they came from is the checkpoint's to say.
    """

    channels: int
    size: int
    mean: tuple[float, ...]
    std: tuple[float, ...]


def square(image: Image.Image, size: int) -> Image.Image:
    """Return the centre square of ``image`` at ``size``×``size`` pixels (bilinear, antialiased), same mode."""
    if image.size == (size, size):
        return image
    return ImageOps.fit(image, (size, size), method=Image.Resampling.BILINEAR)


def pixels(image: Image.Image, *, channels: int, size: int) -> npt.NDArray[np.uint8]:
    """Return ``image`` as uint8 (C, size, size): RGB for three channels, luminance for one."""
    array = np.asarray(square(image.convert("RGB" if channels == 3 else "L"), size))
    return array.transpose(2, 0, 1) if channels == 3 else array[None]


def to_batch(images: npt.NDArray[np.uint8] | Tensor, format: InputFormat, device: torch.device | str = "cpu") -> Tensor:
    """Return uint8 (N, C, H, W) images as float32 (N, format.channels, H, W) in [0, 1], not yet normalised.

    RGB becomes grey, or grey RGB, where the format asks for it. The size is left alone: images are decoded to it.
    """
    batch = torch.as_tensor(images).to(device, non_blocking=True).float().div_(255)
    if format.channels == 1 and batch.shape[1] == 3:
        return (batch * batch.new_tensor(GREY_WEIGHTS).view(1, 3, 1, 1)).sum(1, keepdim=True)
    if format.channels == 3 and batch.shape[1] == 1:
        return batch.expand(-1, 3, -1, -1).contiguous()
    return batch


def normalise(batch: Tensor, format: InputFormat) -> Tensor:
    """Return (batch − mean) / std, channel by channel; (N, C, H, W) in, the same shape out."""
    mean, std = (batch.new_tensor(values).view(1, -1, 1, 1) for values in (format.mean, format.std))
    return (batch - mean) / std


def denormalise(batch: Tensor, format: InputFormat) -> Tensor:
    """Return what `normalise` was given: batch · std + mean."""
    mean, std = (batch.new_tensor(values).view(1, -1, 1, 1) for values in (format.mean, format.std))
    return batch * std + mean


def measure_format(images: npt.NDArray[np.uint8], *, channels: int) -> InputFormat:
    """Return the format whose mean and std are those of ``images``, uint8 (N, C, S, S): give it training images only.

    At most 5,000 of them are measured, evenly spaced.
    """
    sample = images[:: max(1, len(images) // 5000)]
    raw = InputFormat(channels=channels, size=images.shape[-1], mean=(0.0,) * channels, std=(1.0,) * channels)
    batch = to_batch(np.ascontiguousarray(sample), raw)
    std, mean = torch.std_mean(batch, dim=(0, 2, 3))
    return InputFormat(
        channels=channels,
        size=raw.size,
        mean=tuple(round(value, 4) for value in mean.tolist()),
        std=tuple(round(max(value, 1e-3), 4) for value in std.tolist()),
    )
