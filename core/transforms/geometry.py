"""Augmentations that move pixels: flips, crops, turns and slants."""

from typing import Annotated

import torch
import torch.nn.functional as F
from torch import Generator, Tensor

from core.registry import Setting
from core.transforms.transform import Drawn, per_image, register, uniform


def _apply_flip_horizontal(batch: Tensor, drawn: Drawn) -> Tensor:
    return batch.flip(-1)


@register(
    name="flip_horizontal",
    apply=_apply_flip_horizontal,
    title="Flip left-right",
    summary="Mirrors the image. A cat looking left becomes a cat looking right.",
    code=lambda: "v2.RandomHorizontalFlip(p=1.0)",
    caution="Letters and digits change: a mirrored 2 is no longer a 2.",
)
def _draw_flip_horizontal(count: int, generator: Generator) -> Drawn:
    return {}


def _apply_flip_vertical(batch: Tensor, drawn: Drawn) -> Tensor:
    return batch.flip(-2)


@register(
    name="flip_vertical",
    apply=_apply_flip_vertical,
    title="Flip upside down",
    summary="Mirrors the image top to bottom: right for photos from above, odd for photos of animals.",
    code=lambda: "v2.RandomVerticalFlip(p=1.0)",
    caution="Digits change: a 6 becomes a 9, or nothing at all.",
)
def _draw_flip_vertical(count: int, generator: Generator) -> Drawn:
    return {}


def _apply_flip_alternating(batch: Tensor, drawn: Drawn) -> Tensor:
    return torch.where(per_image(drawn["mirrored"]) > 0, batch.flip(-1), batch)


@register(
    name="flip_alternating",
    apply=_apply_flip_alternating,
    title="Flip, taking turns",
    summary="Mirrors every image in every second epoch, so that two epochs show each one once either way round.",
    code=lambda: "v2.RandomHorizontalFlip(p=0.5)",
    caution="Letters and digits change: a mirrored 2 is no longer a 2.",
    takes_turns=True,
)
def _draw_flip_alternating(count: int, generator: Generator, *, indices: Tensor, epoch: int) -> Drawn:
    """Half of the images begin mirrored: those whose index, scrambled, is odd (Jordan, 2024, airbench)."""
    scrambled = (indices * 2_654_435_761) >> 16
    return {"mirrored": ((scrambled + epoch) % 2).float()}


def _mirrored_border(batch: Tensor, padding: int) -> Tensor:
    """Pad by mirror images, and by theirs again where the border is wider than what there is to mirror."""
    while padding > 0:
        width = min(padding, min(batch.shape[-2:]) - 1)
        batch = F.pad(batch, (width,) * 4, mode="reflect")
        padding -= width
    return batch


def _apply_crop(batch: Tensor, drawn: Drawn, *, padding: int, border: str) -> Tensor:
    """Look each image's window up in a view of all windows; the offsets differ from image to image."""
    height, width = batch.shape[-2:]
    padded = _mirrored_border(batch, padding) if border == "reflect" else F.pad(batch, (padding,) * 4)
    windows = padded.unfold(2, height, 1).unfold(3, width, 1)  # (N, C, offsets down, offsets right, H, W), no copy
    image = torch.arange(len(batch), device=batch.device)
    return windows[image, :, drawn["down"].long(), drawn["right"].long()]


@register(
    name="crop",
    apply=_apply_crop,
    title="Crop with padding",
    summary="Pads the image and cuts a window of the old size at a random place: a small shift.",
    code=lambda *, padding, border: (
        f"v2.RandomCrop(32, padding={padding}{', padding_mode=' + repr(border) if border != 'black' else ''})"
    ),
)
def _draw_crop(
    count: int,
    generator: Generator,
    *,
    padding: Annotated[int, Setting(low=1, high=32, unit="px", help="Border added on each side.")] = 4,
    border: Annotated[
        str,
        Setting(choices=("black", "reflect"), help="What the border shows: black, or the image, mirrored."),
    ] = "black",
) -> Drawn:
    offsets = torch.randint(0, 2 * padding + 1, (2, count), generator=generator).float()
    return {"down": offsets[0], "right": offsets[1]}


def _warp(batch: Tensor, matrix: Tensor) -> Tensor:
    """Sample ``batch`` through (N, 2, 3) output-to-input matrices in pixels from the centre; black outside."""
    height, width = batch.shape[-2:]
    scale = matrix.new_tensor([width / 2, height / 2])
    theta = matrix.clone()
    theta[:, :, :2] = matrix[:, :, :2] * scale.view(1, 1, 2) / scale.view(1, 2, 1)
    theta[:, :, 2] = matrix[:, :, 2] / scale
    grid = F.affine_grid(theta, list(batch.shape), align_corners=False)
    return F.grid_sample(batch, grid, mode="bilinear", padding_mode="zeros", align_corners=False)


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
    return _warp(batch, _matrix(drawn["angle"], one, zero, zero, zero))


@register(
    name="rotation",
    apply=_apply_rotation,
    title="Rotation",
    summary="Turns the image about its centre by a random angle; the corners fill with black.",
    code=lambda *, degrees: f"v2.RandomRotation({degrees}, interpolation=v2.InterpolationMode.BILINEAR)",
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
    return _warp(batch, matrix)


@register(
    name="affine",
    apply=_apply_affine,
    title="Affine",
    summary="Turns, shifts, zooms and slants at once.",
    code=lambda *, degrees, translate, scale, shear: (
        f"v2.RandomAffine({degrees}, translate=({translate}, {translate}), "
        f"scale=({round(1 - scale, 3)}, {round(1 + scale, 3)}), shear={shear}, "
        "interpolation=v2.InterpolationMode.BILINEAR)"
    ),
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
    height, width = batch.shape[-2:]
    side, zero = drawn["side"], torch.zeros_like(drawn["side"])
    matrix = torch.stack(
        [
            torch.stack([side, zero, drawn["right"] * width], -1),
            torch.stack([zero, side, drawn["down"] * height], -1),
        ],
        -2,
    )
    return _warp(batch, matrix)


@register(
    name="resized_crop",
    apply=_apply_resized_crop,
    title="Crop and resize",
    summary="Cuts a random square out of the image and enlarges it to the old size: a zoom into a part.",
    code=lambda *, smallest: f"v2.RandomResizedCrop(32, scale=({smallest}, 1.0), ratio=(1.0, 1.0), antialias=True)",
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
    side = uniform(count, generator, smallest, 1.0).sqrt()
    room = (1 - side) / 2
    return {
        "side": side,
        "right": uniform(count, generator, -1, 1) * room,
        "down": uniform(count, generator, -1, 1) * room,
    }


def _apply_perspective(batch: Tensor, drawn: Drawn, *, distortion: float) -> Tensor:
    """Find the homography that takes the output's corners to the drawn places of the input, and sample through it."""
    count = len(batch)
    height, width = batch.shape[-2:]
    corners = batch.new_tensor([[-1.0, -1.0], [1.0, -1.0], [1.0, 1.0], [-1.0, 1.0]]).expand(count, 4, 2)
    inward = torch.stack(
        [torch.stack([drawn[f"{name}_x"], drawn[f"{name}_y"]], -1) for name in ("a", "b", "c", "d")], 1
    )
    targets = corners * (1 - inward)
    x, y = corners[..., 0], corners[..., 1]
    one, zero = torch.ones_like(x), torch.zeros_like(x)
    rows_u = torch.stack([x, y, one, zero, zero, zero, -targets[..., 0] * x, -targets[..., 0] * y], -1)
    rows_v = torch.stack([zero, zero, zero, x, y, one, -targets[..., 1] * x, -targets[..., 1] * y], -1)
    system = torch.cat([rows_u, rows_v], 1)
    solution = torch.linalg.solve(system, torch.cat([targets[..., 0], targets[..., 1]], 1).unsqueeze(-1)).squeeze(-1)
    homography = torch.cat([solution, solution.new_ones(count, 1)], 1).view(count, 3, 3)
    ys = (torch.arange(height, device=batch.device) + 0.5) / height * 2 - 1
    xs = (torch.arange(width, device=batch.device) + 0.5) / width * 2 - 1
    grid_y, grid_x = torch.meshgrid(ys, xs, indexing="ij")
    places = torch.stack([grid_x, grid_y, torch.ones_like(grid_x)], -1).view(1, -1, 3)
    mapped = places @ homography.transpose(1, 2)
    grid = (mapped[..., :2] / mapped[..., 2:]).view(count, height, width, 2)
    return F.grid_sample(batch, grid, mode="bilinear", padding_mode="zeros", align_corners=False)


@register(
    name="perspective",
    apply=_apply_perspective,
    title="Perspective",
    summary="Views the picture from a slant, as if it lay on a table: each corner moves on its own.",
    code=lambda *, distortion: f"v2.RandomPerspective(distortion_scale={distortion}, p=1.0)",
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
    return {
        f"{corner}_{axis}": uniform(count, generator, 0, distortion) for corner in ("a", "b", "c", "d") for axis in "xy"
    }
