"""What an augmentation is, and the one registry of them.

torchvision's v2 random transforms draw one set of values for the batch they are given; training here augments a batch
at a time, so a transform is two functions: ``draw`` (how each image will be changed) and ``apply`` (the change).
"""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Generator, Tensor

from core.intervals import signed
from core.registry import Registry, Setting, settings_of

Drawn = dict[str, Tensor]


@dataclass(frozen=True, kw_only=True)
class Transform:
    """One registered augmentation.

    ``draw(count, generator, **settings)`` returns float32 (count,) values by name; ``apply(batch, drawn, **settings)``
    maps float32 (N, C, H, W) in [0, 1] to the same shape. ``code(size=…, **settings)`` is torchvision's own version for
    images of ``size`` pixels a side, as source; it gives the same pictures in distribution, or ``code_note`` says how
    they differ. ``tell(drawn, size=…, **settings)`` says in a few words what one image's values did to it: how far its
    middle moved in pixels, signed (down and right are positive), angles in degrees (counter-clockwise is positive).
    ``caution`` says when it may change the label ("" where it does not). A transform that ``takes_turns`` is also told,
    in ``draw``, the images' ``indices`` in the data set, int64 (count,), and the ``epoch``, from 0.
    """

    name: str
    title: str
    summary: str
    settings: tuple[Setting, ...]
    draw: Callable[..., Drawn]
    apply: Callable[..., Tensor]
    code: Callable[..., str]
    tell: Callable[..., str]
    code_note: str = ""
    caution: str = ""
    takes_turns: bool = False


transforms: Registry[Transform] = Registry("transform")


def register(
    *,
    name: str,
    title: str,
    summary: str,
    apply: Callable[..., Tensor],
    code: Callable[..., str],
    tell: Callable[..., str] = lambda drawn, **_settings: "",
    code_note: str = "",
    caution: str = "",
    takes_turns: bool = False,
) -> Callable[[Callable[..., Drawn]], Callable[..., Drawn]]:
    """Register the decorated ``draw`` with its ``apply``; the decorated function's signature gives the settings."""

    def add(draw: Callable[..., Drawn]) -> Callable[..., Drawn]:
        transforms.add(
            name,
            Transform(
                name=name,
                title=title,
                summary=summary,
                settings=settings_of(draw),
                draw=draw,
                apply=apply,
                code=code,
                tell=tell,
                code_note=code_note,
                caution=caution,
                takes_turns=takes_turns,
            ),
        )
        return draw

    return add


def uniform(count: int, generator: Generator, low: float, high: float) -> Tensor:
    """Return float32 (count,) values between ``low`` and ``high``."""
    return torch.rand(count, generator=generator) * (high - low) + low


def per_image(values: Tensor) -> Tensor:
    """Return (N,) values as (N, 1, 1, 1), to go with a batch."""
    return values.view(-1, 1, 1, 1)


def moved(down: float, right: float, digits: int = 0) -> str:
    """Return how far the middle of a picture moved: "down +4 px, right −2 px"."""
    return f"down {signed(down, ' px', digits)}, right {signed(right, ' px', digits)}"
