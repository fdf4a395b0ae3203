"""One convolution in NumPy alone: for the first picture of a server that is still importing PyTorch."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from PIL import Image

from core.explain.sizes.output_size import output_sizes

Numbers = npt.NDArray[np.float32]


def grey_picture(photo: Image.Image, *, max_side: int) -> Numbers:
    """Return a photo in grey, shrunk to at most ``max_side`` pixels a side: float32 (H, W) in [0, 1].

    The same numbers as those of `core.explain.convolution.convolve.picture`.
    """
    image = photo.convert("RGB")
    image.thumbnail((max_side, max_side))
    return np.asarray(image.convert("L"), dtype=np.float32) / np.float32(255)


def slide(picture: Numbers, kernel: Sequence[Sequence[float]]) -> Numbers:
    """Return the map (H - k + 1, W - k + 1) that a kernel (k, k) makes of a picture (H, W), without padding.

    Raises ConfigError for a picture that is smaller than the kernel.
    """
    weights = np.asarray(kernel, dtype=np.float32)
    height, width = picture.shape
    output_sizes(height, width, len(weights))
    windows: Numbers = np.lib.stride_tricks.sliding_window_view(picture, weights.shape)
    found: Numbers = np.tensordot(windows, weights, axes=2)
    return found


def pixels(picture: Numbers) -> npt.NDArray[np.uint8]:
    """Return a picture (H, W) as uint8 (H, W, 3): 0 is black, 1 is white, the rest is cut."""
    grey = np.round(np.clip(picture, 0, 1) * 255).astype(np.uint8)
    return np.repeat(grey[:, :, None], 3, axis=2)
