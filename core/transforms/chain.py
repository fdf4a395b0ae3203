"""Augmentations one after the other: applied, traced, and written as code and as JSON."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace

import torch
from torch import Generator, Tensor

from core.config import MOST_STEPS, AugmentationStep, augmentation_steps
from core.errors import ConfigError
from core.registry import check_values
from core.strict_json import NotStrictJsonError, parse
from core.transforms.transform import Transform, transforms

COURSE_CHAIN = (
    AugmentationStep(name="flip_horizontal", probability=0.5),
    AugmentationStep(name="crop", settings={"padding": 4}),
)
"""The course's own: flip, then RandomCrop(32, padding=4); Normalize follows for every image."""


@dataclass(frozen=True, kw_only=True)
class Applied:
    """One step as it was applied to one image: the transform, and in a few words what its drawn values did."""

    transform: Transform
    words: str

    @property
    def text(self) -> str:
        """The two in one: "Crop with padding: down +4 px, right −2 px"."""
        return f"{self.transform.title}: {self.words}" if self.words else self.transform.title


class Chain:
    """Transforms in order, each applied to an image with its own probability."""

    def __init__(self, steps: Sequence[AugmentationStep]) -> None:
        """Raise ConfigError for an unknown transform or setting, and for more than `MOST_STEPS` steps."""
        if len(steps) > MOST_STEPS:
            raise ConfigError(f"The chain has {len(steps):,} steps; it may have {MOST_STEPS}.")
        self.steps = [
            (step, transforms[step.name], check_values(transforms[step.name].settings, step.settings, of=step.name))
            for step in steps
        ]

    def __call__(self, batch: Tensor, generator: Generator, *, indices: Tensor | None = None, epoch: int = 0) -> Tensor:
        """Return the augmented batch, float32 (N, C, H, W) in [0, 1].

        ``generator`` decides what is drawn, and for a transform that takes turns over the epochs ``indices`` (N,), the
        images' places in the data set, and ``epoch``.
        """
        return self._run(batch, generator, None, indices=indices, epoch=epoch)

    def trace(
        self, batch: Tensor, generator: Generator, *, indices: Tensor | None = None, epoch: int = 0
    ) -> tuple[Tensor, list[list[Applied]]]:
        """Return the very batch that a call returns and, for each image, the steps that were applied to it."""
        applied: list[list[Applied]] = [[] for _image in batch]
        return self._run(batch, generator, applied, indices=indices, epoch=epoch), applied

    def _run(
        self,
        batch: Tensor,
        generator: Generator,
        applied: list[list[Applied]] | None,
        *,
        indices: Tensor | None,
        epoch: int,
    ) -> Tensor:
        count = len(batch)
        if indices is None:
            indices = torch.arange(count)
        for step, transform, settings in self.steps:
            chosen = torch.rand(count, generator=generator) < step.probability
            moment = {"indices": indices, "epoch": epoch} if transform.takes_turns else {}
            drawn = transform.draw(count, generator, **moment, **settings)
            where = chosen.nonzero().squeeze(1)
            if applied is not None:
                for index in where.tolist():
                    values = {name: float(value[index]) for name, value in drawn.items()}
                    words = transform.tell(values, size=batch.shape[-1], **settings)
                    applied[index].append(Applied(transform=transform, words=words))
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


def chain_lines(steps: Sequence[AugmentationStep], *, size: int) -> list[str]:
    """Return the chain's own part of `chain_code`: a line a step, for images of ``size`` pixels, and its comments."""
    lines = []
    for step, transform, settings in Chain(steps).steps:
        code = transform.code(size=size, **settings)
        if step.probability < 1 and "p=1.0" in code:
            code = code.replace("p=1.0", f"p={step.probability}")
        elif step.probability < 1:
            code = f"v2.RandomApply([{code}], p={step.probability})"
        lines += [f"# {transform.code_note}"] if transform.code_note else []
        lines.append(f"{code},")
    return lines


def chain_code(
    steps: Sequence[AugmentationStep], *, size: int, channels: int, mean: Sequence[float], std: Sequence[float]
) -> str:
    """Return the chain as torchvision source: what to write in a notebook for photos, and for the test images.

    ``size`` is the side in pixels and ``channels`` (1 or 3) the number of planes that the network takes. The pictures
    are those of `Chain` in distribution; where they differ in a detail, a comment says in which.
    """
    body = "".join(f"    {line}\n" for line in chain_lines(steps, size=size))
    mode, colour = ("L", "grey") if channels == 1 else ("RGB", "colour")
    begin = "    square,\n    v2.ToImage(),\n    v2.ToDtype(torch.float32, scale=True),\n"
    end = f"    v2.Normalize(mean={list(mean)}, std={list(std)}),\n])\n"
    return (
        "import torch\nfrom PIL import Image, ImageOps\nfrom torchvision.transforms import v2\n\n\n"
        f'def square(photo):\n    """Return the middle of a PIL photo, {size}×{size} pixels, {colour}."""\n'
        f'    upright = ImageOps.exif_transpose(photo).convert("{mode}")\n'
        f"    return ImageOps.fit(upright, ({size}, {size}), method=Image.Resampling.BILINEAR)\n\n\n"
        f"train_transform = v2.Compose([\n{begin}{body}{end}"
        f"test_transform = v2.Compose([  # no augmentation: test images stay as they are\n{begin}{end}"
    )


def chain_json(steps: Sequence[AugmentationStep]) -> str:
    """Return the chain as JSON that `chain_from_json` reads."""
    return json.dumps([asdict(step) for step in steps], indent=1, allow_nan=False)


def chain_from_json(text: str) -> tuple[AugmentationStep, ...]:
    """Return the chain written by `chain_json`, checked; raises ConfigError with a sentence where it is not one."""
    try:
        checked = Chain(augmentation_steps(parse(text))).steps
    except NotStrictJsonError as error:
        raise ConfigError(f"This is not a chain of augmentations: {error}.") from None
    return tuple(replace(step, settings=settings) for step, _transform, settings in checked)
