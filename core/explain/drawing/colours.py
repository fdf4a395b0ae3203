"""Two colour scales for maps of numbers, both safe for colour-blind readers.

Each is drawn through a few anchor colours in OKLab (B. Ottosson, "A perceptual color space for image processing",
2020), with its entries at equal distances along the line, so that equal steps in value look equal. They are 253 each,
so that a picture of maps with its frame and lines has at most 256 colours: such a PNG has half the bytes.
"""

import numpy as np
import numpy.typing as npt
from torch import Tensor

Pixels = npt.NDArray[np.uint8]

FRAME = (214, 39, 110)  # marks a choice; in neither scale
_SEQUENTIAL = ("#0b0724", "#35106b", "#1f5a9e", "#12998f", "#7ccb4b", "#fdf3a3")
_NEGATIVE = ("#f6f5f2", "#86b6dc", "#12498f")
_POSITIVE = ("#f6f5f2", "#f0a45d", "#98380a")

_TO_CONE = np.array(
    [[0.4122214708, 0.5363325363, 0.0514459929], [0.2119034982, 0.6806995451, 0.1073969566],
     [0.0883024619, 0.2817188376, 0.6299787005]]
)  # fmt: skip
_TO_LAB = np.array(
    [[0.2104542553, 0.7936177850, -0.0040720468], [1.9779984951, -2.4285922050, 0.4505937099],
     [0.0259040371, 0.7827717662, -0.8086757660]]
)  # fmt: skip


def colour_map(
    values: npt.NDArray[np.floating] | Tensor, *, signed: bool | None = None, limit: float | None = None
) -> Pixels:
    """Return the picture of a map of numbers: (..., H, W) in, uint8 (..., H, W, 3) out.

    Signed maps are zero-centred: zero is near-white, negative blue, positive orange, full colour at ±``limit``.
    Others run from dark at 0 to bright at ``limit``. By default a map is signed where it holds a negative number,
    and ``limit`` is the largest magnitude in it. NaN is drawn as zero.
    """
    numbers = np.nan_to_num(to_array(values))
    if signed is None:
        signed = bool((numbers < 0).any())
    if limit is None:
        limit = float(np.abs(numbers).max(initial=0.0))
    low = -1.0 if signed else 0.0
    share = np.clip(numbers / limit if limit > 0 else np.zeros_like(numbers), low, 1.0)
    table = DIVERGING if signed else SEQUENTIAL
    places = np.rint((share - low) / (1 - low) * (len(table) - 1)).astype(np.intp)
    return np.take(table, places, axis=0)  # in a third of the time of table[places]


def colour_bar(*, signed: bool, width: int = 256, height: int = 12) -> Pixels:
    """Return a legend strip, uint8 (height, width, 3): 0 to limit from left to right, or −limit to limit if signed."""
    line = np.linspace(-1.0 if signed else 0.0, 1.0, width)
    return colour_map(np.tile(line, (height, 1)), signed=signed, limit=1.0)


def to_array(values: npt.NDArray[np.floating] | Tensor) -> npt.NDArray[np.float64]:
    """Return numbers as a float64 array of the same shape, detached and on the CPU."""
    if isinstance(values, Tensor):
        values = values.detach().cpu().numpy()
    return np.asarray(values, dtype=np.float64)


def enlarge(pixels: Pixels, zoom: int) -> Pixels:
    """Return (H, W, 3) pixels with each one repeated ``zoom`` times along both sides: sharp, no smoothing."""
    return pixels.repeat(zoom, axis=0).repeat(zoom, axis=1)


def lightness(colours: Pixels) -> npt.NDArray[np.float64]:
    """Return how light each colour looks, (..., 3) in, (...) in [0, 1] out: OKLab's L."""
    return np.asarray(_to_lab(colours)[..., 0])


def _to_lab(colours: Pixels) -> npt.NDArray[np.float64]:
    share = colours / 255
    linear = np.where(share <= 0.04045, share / 12.92, ((share + 0.055) / 1.055) ** 2.4)
    return np.asarray(np.cbrt(linear @ _TO_CONE.T) @ _TO_LAB.T)


def _from_lab(lab: npt.NDArray[np.float64]) -> Pixels:
    linear = ((lab @ np.linalg.inv(_TO_LAB).T) ** 3 @ np.linalg.inv(_TO_CONE).T).clip(0, 1)
    share = np.where(linear <= 0.0031308, linear * 12.92, 1.055 * linear ** (1 / 2.4) - 0.055)
    colours: Pixels = np.rint(share * 255).astype(np.uint8)
    return colours


def _scale(anchors: tuple[str, ...], entries: int) -> Pixels:
    """Return ``entries`` colours at equal OKLab distances along the line through ``anchors``."""
    lab = _to_lab(np.array([[int(anchor[i : i + 2], 16) for i in (1, 3, 5)] for anchor in anchors], dtype=np.uint8))
    fine = np.linspace(0, len(anchors) - 1, 4096)
    line = np.stack([np.interp(fine, np.arange(len(anchors)), lab[:, axis]) for axis in range(3)], axis=1)
    travelled = np.concatenate([[0.0], np.linalg.norm(np.diff(line, axis=0), axis=1).cumsum()])
    at = np.linspace(0, travelled[-1], entries)
    return _from_lab(np.stack([np.interp(at, travelled, line[:, axis]) for axis in range(3)], axis=1))


SEQUENTIAL: Pixels = _scale(_SEQUENTIAL, 253)
DIVERGING: Pixels = np.concatenate([_scale(_NEGATIVE, 127)[:0:-1], _scale(_POSITIVE, 127)])
