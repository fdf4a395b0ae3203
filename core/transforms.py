"""Named augmentations that work on a whole batch, each image with values of its own.

torchvision's v2 random transforms draw one set of values for the batch they are given; training here augments a batch
at a time, so a transform is two functions: ``draw`` (how each image will be changed) and ``apply`` (the change).
Nothing in this module is ever called on validation or test images.
"""

import json
import math
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Annotated

import torch
import torch.nn.functional as F
from torch import Generator, Tensor
from torchvision.transforms.v2 import functional

from core.config import AugmentationStep
from core.errors import ConfigError
from core.registry import Registry, Setting, check_values, settings_of

Drawn = dict[str, Tensor]


@dataclass(frozen=True, kw_only=True)
class Transform:
    """One registered augmentation.

    ``draw(count, generator, **settings)`` returns float32 (count,) values by name; ``apply(batch, drawn, **settings)``
    maps float32 (N, C, H, W) in [0, 1] to the same shape; ``code(**settings)`` is torchvision's own version as source.
    ``caution`` says when it may change the label ("" where it does not).
    """

    name: str
    title: str
    summary: str
    settings: tuple[Setting, ...]
    draw: Callable[..., Drawn]
    apply: Callable[..., Tensor]
    code: Callable[..., str]
    caution: str = ""


transforms: Registry[Transform] = Registry("transform")


class Chain:
    """Transforms in order, each applied to an image with its own probability."""

    def __init__(self, steps: Sequence[AugmentationStep]) -> None:
        """Raise ConfigError for an unknown transform or setting."""
        self.steps = [
            (step, transforms[step.name], check_values(transforms[step.name].settings, step.settings, of=step.name))
            for step in steps
        ]

    def __call__(self, batch: Tensor, generator: Generator) -> Tensor:
        """Return the augmented batch, float32 (N, C, H, W) in [0, 1]; ``generator`` alone decides what is drawn."""
        return self._run(batch, generator, None)

    def trace(self, batch: Tensor, generator: Generator) -> tuple[Tensor, list[dict[str, dict[str, float]]]]:
        """Return the augmented batch and, for each image, the drawn values of the transforms that were applied to it.

        The keys are ``"<position>. <transform>"``, because a chain may hold one transform twice.
        """
        values: list[dict[str, dict[str, float]]] = [{} for _image in batch]
        return self._run(batch, generator, values), values

    def _run(self, batch: Tensor, generator: Generator, values: list[dict[str, dict[str, float]]] | None) -> Tensor:
        count = len(batch)
        for position, (step, transform, settings) in enumerate(self.steps, start=1):
            chosen = torch.rand(count, generator=generator) < step.probability
            drawn = transform.draw(count, generator, **settings)
            where = chosen.nonzero().squeeze(1)
            if values is not None:
                for index in where.tolist():
                    values[index][f"{position}. {transform.name}"] = {
                        name: round(float(value[index]), 4) for name, value in drawn.items()
                    }
            if len(where) == 0:
                continue
            here = {name: value[where].to(batch.device) for name, value in drawn.items()}
            if len(where) == count:
                batch = transform.apply(batch, here, **settings)
            else:
                batch = batch.clone()
                selected = where.to(batch.device)
                batch[selected] = transform.apply(batch[selected], here, **settings)
        return batch


def chain_code(steps: Sequence[AugmentationStep], *, mean: Sequence[float], std: Sequence[float]) -> str:
    """Return the chain as torchvision source: what to write in a notebook for the training images."""
    lines = []
    for step, transform, settings in Chain(steps).steps:
        code = transform.code(**settings)
        lines.append(code if step.probability == 1 else f"v2.RandomApply([{code}], p={step.probability})")
    body = "".join(f"    {line},\n" for line in lines)
    return (
        "import torch\nfrom torchvision.transforms import v2\n\n"
        "train_transform = v2.Compose([\n    v2.ToImage(),\n    v2.ToDtype(torch.float32, scale=True),\n"
        f"{body}    v2.Normalize(mean={list(mean)}, std={list(std)}),\n])\n"
        "test_transform = v2.Compose([  # no augmentation: test images stay as they are\n"
        "    v2.ToImage(),\n    v2.ToDtype(torch.float32, scale=True),\n"
        f"    v2.Normalize(mean={list(mean)}, std={list(std)}),\n])\n"
    )


def chain_json(steps: Sequence[AugmentationStep]) -> str:
    """Return the chain as JSON that `chain_from_json` reads."""
    return json.dumps([asdict(step) for step in steps], indent=1, allow_nan=False)


def chain_from_json(text: str) -> tuple[AugmentationStep, ...]:
    """Return the chain written by `chain_json`, checked; raises ConfigError with a sentence where it is not one."""
    try:
        entries = json.loads(text)
        steps = tuple(AugmentationStep(**entry) for entry in entries)
        checked = Chain(steps).steps
    except (TypeError, ValueError, AttributeError) as error:
        raise ConfigError(f"This is not a chain of augmentations: {error}.") from None
    return tuple(replace(step, settings=settings) for step, _transform, settings in checked)


def _register(
    *, name: str, title: str, summary: str, code: Callable[..., str], caution: str = ""
) -> Callable[[Callable[..., Drawn]], Callable[..., Drawn]]:
    """Register the decorated ``draw`` with the function called ``_apply_<name>`` as its ``apply``."""

    def add(draw: Callable[..., Drawn]) -> Callable[..., Drawn]:
        transforms.add(
            name,
            Transform(
                name=name,
                title=title,
                summary=summary,
                settings=settings_of(draw),
                draw=draw,
                apply=globals()[f"_apply_{name}"],
                code=code,
                caution=caution,
            ),
        )
        return draw

    return add


def _uniform(count: int, generator: Generator, low: float, high: float) -> Tensor:
    return torch.rand(count, generator=generator) * (high - low) + low


def _per_image(values: Tensor) -> Tensor:
    return values.view(-1, 1, 1, 1)


def _apply_flip_horizontal(batch: Tensor, drawn: Drawn) -> Tensor:
    return batch.flip(-1)


@_register(
    name="flip_horizontal",
    title="Flip left-right",
    summary="Mirrors the image. A cat looking left becomes a cat looking right.",
    code=lambda: "v2.RandomHorizontalFlip(p=1.0)",
    caution="Letters and digits change: a mirrored 2 is no longer a 2.",
)
def _draw_flip_horizontal(count: int, generator: Generator) -> Drawn:
    return {}


def _apply_flip_vertical(batch: Tensor, drawn: Drawn) -> Tensor:
    return batch.flip(-2)


@_register(
    name="flip_vertical",
    title="Flip upside down",
    summary="Mirrors the image top to bottom: right for photos from above, odd for photos of animals.",
    code=lambda: "v2.RandomVerticalFlip(p=1.0)",
    caution="Digits change: a 6 becomes a 9, or nothing at all.",
)
def _draw_flip_vertical(count: int, generator: Generator) -> Drawn:
    return {}


def _apply_crop(batch: Tensor, drawn: Drawn, *, padding: int) -> Tensor:
    """Gather each image's window out of the padded batch; the offsets differ from image to image."""
    count, channels, height, width = batch.shape
    padded = F.pad(batch, (padding,) * 4)
    rows = (drawn["down"].long().view(-1, 1) + torch.arange(height, device=batch.device)).view(count, 1, height, 1)
    columns = (drawn["right"].long().view(-1, 1) + torch.arange(width, device=batch.device)).view(count, 1, 1, width)
    image = torch.arange(count, device=batch.device).view(count, 1, 1, 1)
    channel = torch.arange(channels, device=batch.device).view(1, channels, 1, 1)
    return padded[image, channel, rows, columns]


@_register(
    name="crop",
    title="Crop with padding",
    summary="Pads the image with black and cuts a window of the old size at a random place: a small shift.",
    code=lambda *, padding: f"v2.RandomCrop(32, padding={padding})",
)
def _draw_crop(
    count: int,
    generator: Generator,
    *,
    padding: Annotated[int, Setting(low=1, high=32, unit="px", help="Black border added on each side.")] = 4,
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


@_register(
    name="rotation",
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
    return {"angle": _uniform(count, generator, -degrees, degrees)}


def _apply_affine(
    batch: Tensor, drawn: Drawn, *, degrees: float, translate: float, scale: float, shear: float
) -> Tensor:
    height, width = batch.shape[-2:]
    matrix = _matrix(drawn["angle"], drawn["zoom"], drawn["shear"], drawn["right"] * width, drawn["down"] * height)
    return _warp(batch, matrix)


@_register(
    name="affine",
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
        "angle": _uniform(count, generator, -degrees, degrees),
        "right": _uniform(count, generator, -translate, translate),
        "down": _uniform(count, generator, -translate, translate),
        "zoom": _uniform(count, generator, 1 - scale, 1 + scale),
        "shear": _uniform(count, generator, -shear, shear),
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


@_register(
    name="resized_crop",
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
    side = _uniform(count, generator, smallest, 1.0).sqrt()
    room = (1 - side) / 2
    return {
        "side": side,
        "right": _uniform(count, generator, -1, 1) * room,
        "down": _uniform(count, generator, -1, 1) * room,
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


@_register(
    name="perspective",
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
        f"{corner}_{axis}": _uniform(count, generator, 0, distortion)
        for corner in ("a", "b", "c", "d")
        for axis in "xy"
    }


def _apply_colour_jitter(
    batch: Tensor, drawn: Drawn, *, brightness: float, contrast: float, saturation: float
) -> Tensor:
    batch = (batch * _per_image(drawn["brightness"])).clamp(0, 1)
    mean = _grey(batch).mean(dim=(1, 2, 3), keepdim=True)
    batch = (mean + (batch - mean) * _per_image(drawn["contrast"])).clamp(0, 1)
    if batch.shape[1] == 3:
        grey = _grey(batch)
        batch = (grey + (batch - grey) * _per_image(drawn["saturation"])).clamp(0, 1)
    return batch


def _grey(batch: Tensor) -> Tensor:
    return functional.rgb_to_grayscale(batch) if batch.shape[1] == 3 else batch


@_register(
    name="colour_jitter",
    title="Colour jitter",
    summary="Changes brightness, contrast and saturation, as another camera or another hour of the day would.",
    code=lambda *, brightness, contrast, saturation: (
        f"v2.ColorJitter(brightness={brightness}, contrast={contrast}, saturation={saturation})"
    ),
)
def _draw_colour_jitter(
    count: int,
    generator: Generator,
    *,
    brightness: Annotated[
        float, Setting(low=0.0, high=1.0, step=0.05, help="Factor between 1 − this and 1 + this.")
    ] = 0.3,
    contrast: Annotated[
        float, Setting(low=0.0, high=1.0, step=0.05, help="Factor between 1 − this and 1 + this.")
    ] = 0.3,
    saturation: Annotated[
        float, Setting(low=0.0, high=1.0, step=0.05, help="Factor between 1 − this and 1 + this.")
    ] = 0.3,
) -> Drawn:
    widths = {"brightness": brightness, "contrast": contrast, "saturation": saturation}
    return {name: _uniform(count, generator, 1 - width, 1 + width) for name, width in widths.items()}


def _apply_greyscale(batch: Tensor, drawn: Drawn) -> Tensor:
    return _grey(batch).expand_as(batch).contiguous()


@_register(
    name="greyscale",
    title="Greyscale",
    summary="Takes the colour away, so that the network cannot rely on it.",
    code=lambda: "v2.RandomGrayscale(p=1.0)",
)
def _draw_greyscale(count: int, generator: Generator) -> Drawn:
    return {}


def _apply_blur(batch: Tensor, drawn: Drawn, *, largest: float) -> Tensor:
    """A Gaussian of its own width for each image: two grouped convolutions, rows then columns."""
    count, channels, height, width = batch.shape
    reach = min(max(1, math.ceil(2 * largest)), height - 1, width - 1)
    places = torch.arange(-reach, reach + 1, device=batch.device, dtype=batch.dtype)
    weights = torch.exp(-0.5 * (places / drawn["sigma"].view(-1, 1)) ** 2)
    weights = (weights / weights.sum(1, keepdim=True)).repeat_interleave(channels, 0)
    flat = F.pad(batch.reshape(1, count * channels, height, width), (reach,) * 4, mode="reflect")
    flat = F.conv2d(flat, weights.view(-1, 1, 1, 2 * reach + 1), groups=count * channels)
    flat = F.conv2d(flat, weights.view(-1, 1, 2 * reach + 1, 1), groups=count * channels)
    return flat.view(batch.shape)


@_register(
    name="blur",
    title="Blur",
    summary="Softens the image with a Gaussian, as a camera out of focus would.",
    code=lambda *, largest: (
        f"v2.GaussianBlur(kernel_size={2 * max(1, math.ceil(2 * largest)) + 1}, sigma=(0.1, {largest}))"
    ),
)
def _draw_blur(
    count: int,
    generator: Generator,
    *,
    largest: Annotated[
        float, Setting(low=0.2, high=5.0, step=0.1, unit="px", help="Largest standard deviation of the Gaussian.")
    ] = 1.0,
) -> Drawn:
    return {"sigma": _uniform(count, generator, 0.1, largest)}


def _apply_erasing(batch: Tensor, drawn: Drawn, *, largest: float) -> Tensor:
    height, width = batch.shape[-2:]
    rows = torch.arange(height, device=batch.device).view(1, 1, -1, 1)
    columns = torch.arange(width, device=batch.device).view(1, 1, 1, -1)
    tall, wide = (_per_image(drawn["height"]) * height).round(), (_per_image(drawn["width"]) * width).round()
    top, left = (
        (_per_image(drawn["down"]) * (height - tall)).round(),
        (_per_image(drawn["right"]) * (width - wide)).round(),
    )
    inside = (rows >= top) & (rows < top + tall) & (columns >= left) & (columns < left + wide)
    return batch.masked_fill(inside, 0.0)


@_register(
    name="erasing",
    title="Random erasing",
    summary="Blacks out a rectangle, so that the network cannot rely on one detail.",
    code=lambda *, largest: f"v2.RandomErasing(p=1.0, scale=(0.02, {largest}))",
)
def _draw_erasing(
    count: int,
    generator: Generator,
    *,
    largest: Annotated[
        float, Setting(low=0.02, high=0.6, step=0.02, help="Largest area of the rectangle, as a share of the image.")
    ] = 0.2,
) -> Drawn:
    area = _uniform(count, generator, 0.02, max(largest, 0.02))
    ratio = torch.exp(_uniform(count, generator, -math.log(2), math.log(2)))
    return {
        "height": (area * ratio).sqrt().clamp(max=1.0),
        "width": (area / ratio).sqrt().clamp(max=1.0),
        "down": torch.rand(count, generator=generator),
        "right": torch.rand(count, generator=generator),
    }


COURSE_CHAIN = (
    AugmentationStep(name="flip_horizontal", probability=0.5),
    AugmentationStep(name="crop", settings={"padding": 4}),
)
"""The course's own: flip, then RandomCrop(32, padding=4); Normalize follows for every image."""
