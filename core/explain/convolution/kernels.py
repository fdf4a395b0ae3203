"""The classic kernels, each at the sizes where it makes sense, with what to look for in its picture.

PyTorch's convolution does not flip the kernel: the number at the top left meets the pixel at the top left.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from math import comb

from core.errors import ConfigError

Grid = tuple[tuple[float, ...], ...]

KERNEL_SIZES = range(1, 8)
ODD = (3, 5, 7)
ALL = tuple(range(2, 8))


@dataclass(frozen=True, kw_only=True)
class Preset:
    """A kernel to begin with: a square grid of numbers, and whether it is divided by its sum.

    ``sizes`` are the sides that `preset` can draw it at; ``look_for`` is a sentence for the student.
    """

    name: str
    title: str
    kernel: Grid
    divide_by_sum: bool = False
    look_for: str
    sizes: tuple[int, ...]


def preset(name: str, size: int | None = None) -> Preset:
    """Return the preset ``name`` drawn ``size`` numbers wide (its own size by default).

    Raises ConfigError for an unknown name and for a size at which it makes no sense.
    """
    if name not in PRESETS:
        raise ConfigError(f"There is no kernel '{name}'; there is {', '.join(PRESETS)}.")
    found = PRESETS[name]
    if size is None:
        return found
    if size not in found.sizes:
        sizes = ", ".join(str(side) for side in found.sizes)
        raise ConfigError(f"The {found.title.lower()} kernel has no size {size}; it comes in {sizes}.")
    return replace(found, kernel=_DRAWN[name](size))


def resize_kernel(kernel: Sequence[Sequence[float]], size: int) -> Grid:
    """Return an edited grid at another size: cut down around its centre, or with zeros around it.

    Raises ConfigError for a grid that is not square and for a size outside 1 to 7.
    """
    side = len(kernel)
    if any(len(row) != side for row in kernel):
        raise ConfigError(f"A kernel is square; this one has {side} rows, but not {side} numbers in each.")
    if size not in KERNEL_SIZES:
        raise ConfigError(f"A kernel of size {size} is not offered; sizes run from 1 to {KERNEL_SIZES[-1]}.")
    shift = (size - side) // 2
    places = [place - shift for place in range(size)]
    return tuple(
        tuple(float(kernel[row][col]) if 0 <= row < side and 0 <= col < side else 0.0 for col in places)
        for row in places
    )


def _draw(size: int, number: Callable[[int, int], float]) -> Grid:
    """Return the grid whose entry is ``number(row, col)``, both counted from the top left."""
    return tuple(tuple(float(number(row, col)) for col in range(size)) for row in range(size))


def _sign(number: int) -> int:
    return (number > 0) - (number < 0)


def _slope(size: int) -> tuple[int, ...]:
    """A smoothed difference: the row −1 0 1, blurred by a row of Pascal's triangle (−1 −2 0 2 1 for size 5)."""
    smooth = [comb(size - 3, place) for place in range(size - 2)]
    padded = [0, 0, *smooth, 0, 0]
    return tuple(padded[place] - padded[place + 2] for place in range(size))


def _identity(size: int) -> Grid:
    return _draw(size, lambda row, col: row == col == size // 2)


def _horizontal(size: int) -> Grid:
    return _draw(size, lambda row, col: _sign(2 * row - size + 1))


def _vertical(size: int) -> Grid:
    return _draw(size, lambda row, col: _sign(2 * col - size + 1))


def _diagonal(size: int) -> Grid:
    return _draw(size, lambda row, col: _sign(row + col - size + 1))


def _box(size: int) -> Grid:
    return _draw(size, lambda row, col: 1)


def _gaussian(size: int) -> Grid:
    return _draw(size, lambda row, col: comb(size - 1, row) * comb(size - 1, col))


def _cross(size: int, *, arm: int, centre: int) -> Grid:
    middle = size // 2
    return _draw(size, lambda row, col: centre if row == col == middle else arm * (middle in (row, col)))


def _sharpen(size: int) -> Grid:
    return _cross(size, arm=-1, centre=2 * size - 1)


def _laplacian(size: int) -> Grid:
    return _cross(size, arm=1, centre=2 - 2 * size)


def _emboss(size: int) -> Grid:
    return _draw(size, lambda row, col: row + col - size + 1 + (row == col == size // 2))


def _sobel_x(size: int) -> Grid:
    return _draw(size, lambda row, col: comb(size - 1, row) * _slope(size)[col])


def _sobel_y(size: int) -> Grid:
    return _draw(size, lambda row, col: _slope(size)[row] * comb(size - 1, col))


_DRAWN: dict[str, Callable[[int], Grid]] = {
    "identity": _identity,
    "horizontal_edges": _horizontal,
    "vertical_edges": _vertical,
    "diagonal_edges": _diagonal,
    "box_blur": _box,
    "gaussian": _gaussian,
    "sharpen": _sharpen,
    "emboss": _emboss,
    "sobel_x": _sobel_x,
    "sobel_y": _sobel_y,
    "laplacian": _laplacian,
}


def _first(name: str, title: str, sizes: tuple[int, ...], look_for: str, *, divide_by_sum: bool = False) -> Preset:
    kernel = _DRAWN[name](3)
    return Preset(name=name, title=title, kernel=kernel, divide_by_sum=divide_by_sum, look_for=look_for, sizes=sizes)


PRESETS: dict[str, Preset] = {
    entry.name: entry
    for entry in (
        _first("identity", "Identity", (1, *ODD),
               "Each pixel is multiplied by 1, and all else that the window holds by 0: every number stays."),
        _first("horizontal_edges", "Horizontal edges", ALL,
               "Positive where the picture turns from dark above to light below, negative the other way."),
        _first("vertical_edges", "Vertical edges", ALL,
               "Positive where the picture turns from dark on the left to light on the right, negative the other way."),
        _first("diagonal_edges", "Diagonal edges", ALL,
               "Positive where it is dark at the top left and light at the bottom right; an edge that runs "
               "from the one to the other gives 0."),
        _first("box_blur", "Box blur", ALL,
               "All pixels of the window count alike: detail goes, noise goes too. Larger kernels blur more.",
               divide_by_sum=True),
        _first("gaussian", "Gaussian blur", ALL,
               "A blur that counts near pixels more than far ones, so it is softer and leaves no boxes.",
               divide_by_sum=True),
        _first("sharpen", "Sharpen", ODD,
               "Edges get a bright and a dark rim."),
        _first("emboss", "Emboss", (3,),
               "The picture looks like a relief lit from the top left: a diagonal difference, plus the picture."),
        _first("sobel_x", "Sobel x", (3, 5),
               "Vertical edges again, smoothed from top to bottom so that noise counts less."),
        _first("sobel_y", "Sobel y", (3, 5),
               "Horizontal edges again, smoothed from left to right so that noise counts less."),
        _first("laplacian", "Laplacian", ODD,
               "Edges and spots of every direction at once: a pixel that differs from its neighbours stands out."),
    )
}  # fmt: skip
