"""Augmentations that interpolate: turns, slants, zooms and views from the side."""

import math
from collections.abc import Mapping
from typing import Annotated, Any

import torch
import torch.nn.functional as F
from torch import Generator, Tensor

from core.intervals import signed
from core.registry import Setting
from core.transforms.transform import Drawn, moved, register, uniform


def _sample(batch: Tensor, grid: Tensor) -> Tensor:
    """Sample at ``grid`` (N, H, W, 2), black outside.

    A place that lies half outside is half black, and half as bright once more: torchvision fills such places twice.
    """
    height, width = batch.shape[-2:]
    places = ((grid + 1) * grid.new_tensor([width, height]) - 1) / 2  # in pixels, 0 in the middle of the first one
    room = torch.minimum(places + 1, grid.new_tensor([width, height]) - places).clamp(0, 1)
    picture = F.grid_sample(batch, grid, mode="bilinear", padding_mode="zeros", align_corners=False)
    return picture * room.prod(-1).unsqueeze(1)


def _grid(batch: Tensor, matrix: Tensor) -> Tensor:
    """Return where to sample, (N, H, W, 2), for (N, 2, 3) output-to-input matrices in pixels from the centre."""
    height, width = batch.shape[-2:]
    scale = matrix.new_tensor([width / 2, height / 2])
    theta = matrix.clone()
    theta[:, :, :2] = matrix[:, :, :2] * scale.view(1, 1, 2) / scale.view(1, 2, 1)
    theta[:, :, 2] = matrix[:, :, 2] / scale
    return F.affine_grid(theta, list(batch.shape), align_corners=False)


def _matrix(angle: Tensor, zoom: Tensor, shear: Tensor, right: Tensor, down: Tensor) -> Tensor:
    """The inverse of: shear, zoom, turn by ``angle`` degrees (counter-clockwise on the screen), shift in pixels."""
    radians, slope = torch.deg2rad(angle), torch.tan(torch.deg2rad(shear))
    cos, sin = torch.cos(radians), torch.sin(radians)
    # turning on the screen, where y points down: (x, y) → (x cos + y sin, −x sin + y cos); inverse below
    unturned = torch.stack([torch.stack([cos, -sin], -1), torch.stack([sin, cos], -1)], -2) / zoom.view(-1, 1, 1)
    one, zero = torch.ones_like(slope), torch.zeros_like(slope)
    unsheared = torch.stack([torch.stack([one, -slope], -1), torch.stack([zero, one], -1)], -2)
    linear = unsheared @ unturned
    shift = -(linear @ torch.stack([right, down], -1).unsqueeze(-1))
    return torch.cat([linear, shift], -1)


def _apply_rotation(batch: Tensor, drawn: Drawn, *, degrees: float) -> Tensor:
    zero, one = torch.zeros_like(drawn["angle"]), torch.ones_like(drawn["angle"])
    return _sample(batch, _grid(batch, _matrix(drawn["angle"], one, zero, zero, zero)))


@register(
    name="rotation",
    apply=_apply_rotation,
    title="Rotation",
    summary="Turns the image about its centre by a random angle; the corners fill with black.",
    code=lambda *, size, degrees: f"v2.RandomRotation({degrees}, interpolation=v2.InterpolationMode.BILINEAR)",
    tell=lambda drawn, *, size, degrees: f"turned {signed(drawn['angle'], '°', 1)}",
    caution="Large angles change digits: a 6 turned by 180° is a 9.",
)
def _draw_rotation(
    count: int,
    generator: Generator,
    *,
    degrees: Annotated[
        float, Setting(low=0.0, high=180.0, step=1.0, unit="°", help="Largest angle, either way.")
    ] = 15.0,
) -> Drawn:
    return {"angle": uniform(count, generator, -degrees, degrees)}


def _apply_affine(
    batch: Tensor, drawn: Drawn, *, degrees: float, translate: float, scale: float, shear: float
) -> Tensor:
    height, width = batch.shape[-2:]
    matrix = _matrix(drawn["angle"], drawn["zoom"], drawn["shear"], drawn["right"] * width, drawn["down"] * height)
    grid = _grid(batch, matrix)
    return F.grid_sample(batch, grid, mode="bilinear", padding_mode="zeros", align_corners=False)


def _tell_affine(
    drawn: Mapping[str, float], *, size: int, degrees: float, translate: float, scale: float, shear: float
) -> str:
    words = [moved(drawn["down"] * size, drawn["right"] * size, digits=1), f"turned {signed(drawn['angle'], '°', 1)}"]
    words.append(f"zoom ×{drawn['zoom']:.2f}")
    if shear:
        words.append(f"slanted {signed(drawn['shear'], '°', 1)}")
    return ", ".join(words)


@register(
    name="affine",
    apply=_apply_affine,
    title="Affine",
    summary="Turns, shifts, zooms and slants at once.",
    code=lambda *, size, degrees, translate, scale, shear: (
        f"v2.RandomAffine({degrees}, translate=({translate}, {translate}), "
        f"scale=({round(1 - scale, 3)}, {round(1 + scale, 3)}), shear={shear}, "
        "interpolation=v2.InterpolationMode.BILINEAR)"
    ),
    tell=_tell_affine,
    code_note="Shifts by whole pixels. The lab shifts by any part of one.",
    caution="Strong settings can push the object out of the picture.",
)
def _draw_affine(
    count: int,
    generator: Generator,
    *,
    degrees: Annotated[
        float, Setting(low=0.0, high=180.0, step=1.0, unit="°", help="Largest angle, either way.")
    ] = 10.0,
    translate: Annotated[
        float, Setting(low=0.0, high=0.5, step=0.05, help="Largest shift, as a share of the side.")
    ] = 0.1,
    scale: Annotated[float, Setting(low=0.0, high=0.5, step=0.05, help="Zoom between 1 − this and 1 + this.")] = 0.1,
    shear: Annotated[float, Setting(low=0.0, high=45.0, step=1.0, unit="°", help="Largest slant, either way.")] = 0.0,
) -> Drawn:
    return {
        "angle": uniform(count, generator, -degrees, degrees),
        "right": uniform(count, generator, -translate, translate),
        "down": uniform(count, generator, -translate, translate),
        "zoom": uniform(count, generator, 1 - scale, 1 + scale),
        "shear": uniform(count, generator, -shear, shear),
    }


def _apply_resized_crop(batch: Tensor, drawn: Drawn, *, smallest: float) -> Tensor:
    """Sample each image's square at the old number of places; at its rim the last pixel goes on, as in a resize."""
    height, width = batch.shape[-2:]
    grids = []
    for size, first in ((width, "left"), (height, "top")):
        side = (drawn["side"] * size).round().clamp(min=1)
        corner = ((size - side + 1) * drawn[first]).floor()
        share = (torch.arange(size, device=batch.device) + 0.5) / size
        places = (share * side.unsqueeze(1) - 0.5).clamp(min=0).minimum(side.unsqueeze(1) - 1) + corner.unsqueeze(1)
        grids.append((2 * places + 1) / size - 1)
    across, down = grids
    grid = torch.stack([across.unsqueeze(1).expand(-1, height, -1), down.unsqueeze(2).expand(-1, -1, width)], -1)
    return F.grid_sample(batch, grid, mode="bilinear", padding_mode="border", align_corners=False)


def _tell_resized_crop(drawn: Mapping[str, float], *, size: int, smallest: float) -> str:
    side = max(1, round(drawn["side"] * size))
    zoom = size / side
    down, right = (
        (size / 2 - math.floor((size - side + 1) * drawn[first]) - side / 2) * zoom for first in ("top", "left")
    )
    return f"{moved(down, right)}, zoom ×{zoom:.2f}"


@register(
    name="resized_crop",
    apply=_apply_resized_crop,
    title="Crop and resize",
    summary="Cuts a random square out of the image and enlarges it to the old size: a zoom into a part.",
    code=lambda *, size, smallest: (
        f"v2.RandomResizedCrop({size}, scale=({smallest}, 1.0), ratio=(1.0, 1.0), antialias=True)"
    ),
    tell=_tell_resized_crop,
    caution="A small crop may miss the object altogether.",
)
def _draw_resized_crop(
    count: int,
    generator: Generator,
    *,
    smallest: Annotated[
        float, Setting(low=0.1, high=1.0, step=0.05, help="Smallest area of the crop, as a share of the image.")
    ] = 0.5,
) -> Drawn:
    return {
        "side": uniform(count, generator, smallest, 1.0).sqrt(),
        "left": torch.rand(count, generator=generator),
        "top": torch.rand(count, generator=generator),
    }


_CORNERS = ("upper_left", "upper_right", "lower_right", "lower_left")


def _inward(drawn: Mapping[str, Any], axis: str, side: int, distortion: float) -> list[Any]:
    """Return for each corner how many whole pixels it moves inward along one axis, as torchvision counts them."""
    most = int(distortion * (side // 2)) + 1
    return [(drawn[f"{corner}_{axis}"] * most) // 1 for corner in _CORNERS]


def _apply_perspective(batch: Tensor, drawn: Drawn, *, distortion: float) -> Tensor:
    """Sample through the homography that takes the moved corners back to the image's own.

    Where three corners come to lie on one line, which takes a distortion above 2/3, nothing is to be seen: black
    (torchvision 0.29.2 gives NaN).
    """
    height, width = batch.shape[-2:]
    homography = _homography(drawn, height, width, distortion).to(batch)
    ys, xs = (torch.arange(side, device=batch.device) + 0.5 for side in (height, width))
    grid_y, grid_x = torch.meshgrid(ys, xs, indexing="ij")
    places = torch.stack([grid_x, grid_y, torch.ones_like(grid_x)], -1).view(1, -1, 3)
    mapped = places @ homography.transpose(1, 2)
    grid = mapped[..., :2] / mapped[..., 2:] / batch.new_tensor([width / 2, height / 2]) - 1
    outside = 3.0
    return _sample(batch, grid.nan_to_num(outside, outside, -outside).view(len(batch), height, width, 2))


def _homography(drawn: Drawn, height: int, width: int, distortion: float) -> Tensor:
    """Return float64 (N, 3, 3) on the CPU, in pixels, with (0, 0) in the middle of the first one."""
    x_in, y_in = (
        torch.stack(_inward(drawn, axis, side, distortion), 1).cpu().double()
        for axis, side in (("x", width), ("y", height))
    )
    own_x = x_in.new_tensor([0, width - 1, width - 1, 0]).expand(len(x_in), 4)
    own_y = y_in.new_tensor([0, 0, height - 1, height - 1]).expand(len(y_in), 4)
    x, y = own_x + x_in * x_in.new_tensor([1, -1, -1, 1]), own_y + y_in * y_in.new_tensor([1, 1, -1, -1])
    one, zero = torch.ones_like(x), torch.zeros_like(x)
    across = torch.stack([x, y, one, zero, zero, zero, -own_x * x, -own_x * y], -1)
    down = torch.stack([zero, zero, zero, x, y, one, -own_y * x, -own_y * y], -1)
    solution, _failed = torch.linalg.solve_ex(torch.cat([across, down], 1), torch.cat([own_x, own_y], 1).unsqueeze(-1))
    return torch.cat([solution.squeeze(-1), one[:, :1]], 1).view(-1, 3, 3)


def _tell_perspective(drawn: Mapping[str, float], *, size: int, distortion: float) -> str:
    inward = [int(pixels) for axis in "xy" for pixels in _inward(drawn, axis, size, distortion)]
    return f"corners {min(inward)} to {max(inward)} px inward"


@register(
    name="perspective",
    apply=_apply_perspective,
    title="Perspective",
    summary="Views the picture from a slant, as if it lay on a table: each corner moves inward on its own.",
    code=lambda *, size, distortion: f"v2.RandomPerspective(distortion_scale={distortion}, p=1.0)",
    tell=_tell_perspective,
)
def _draw_perspective(
    count: int,
    generator: Generator,
    *,
    distortion: Annotated[
        float,
        Setting(low=0.0, high=0.8, step=0.05, help="How far a corner may move inward, as a share of half the side."),
    ] = 0.3,
) -> Drawn:
    return {f"{corner}_{axis}": torch.rand(count, generator=generator) for corner in _CORNERS for axis in "xy"}
