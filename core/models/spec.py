"""What the lab knows of a network before it is built, and the one registry of them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial

import torch
from torch import Tensor, nn

from core.errors import ModelError
from core.registry import Registry, Setting, Value, check_values


def no_refusal(*, channels: int, image_size: int) -> str | None:
    """Fit any input."""
    return None


def no_suggestion(*, channels: int, image_size: int) -> dict[str, Value]:
    """Keep every default."""
    return {}


def no_preparation(model: nn.Module, images: Tensor) -> None:
    """Leave the network as it is."""


@dataclass(frozen=True, kw_only=True)
class ModelSpec:
    """One registered network.

    ``build`` takes ``in_channels``, ``image_size`` (pixels) and ``classes``, and the keyword arguments that
    ``settings`` describe; the network it returns maps normalised float32 (N, in_channels, image_size, image_size)
    to logits (N, classes). ``refusal`` gives a sentence where an input does not fit, ``suggest`` the arguments that
    suit one. ``natural_size`` is the only side in pixels it accepts (None: any). ``prepare`` sets what a network takes
    from images without their labels, before the first step; it is given normalised training images (N, C, S, S).
    ``any_size`` says that a built network also takes images of other sides than the one it was built for, ``needs_rgb``
    that it takes three channels only: grey images are fed to it as three equal ones.
    """

    name: str
    title: str
    summary: str
    build: Callable[..., nn.Module]
    settings: tuple[Setting, ...]
    refusal: Callable[..., str | None] = no_refusal
    suggest: Callable[..., dict[str, Value]] = no_suggestion
    natural_size: int | None = None
    prepare: Callable[[nn.Module, Tensor], None] = no_preparation
    any_size: bool = False
    needs_rgb: bool = False

    @property
    def transfers(self) -> bool:
        """Whether it has a backbone that may have learned elsewhere, and a new head."""
        return any(setting.name == "weights" for setting in self.settings)

    def all_arguments(self, given: Mapping[str, Value]) -> dict[str, Value]:
        """Return the arguments of ``build`` with the defaults of those that were not given: networks that are alike
        have the same ones, however much was said of them."""
        return {setting.name: setting.default for setting in self.settings} | dict(given)

    def channels(self, stored: int) -> int:
        """Return how many channels this network is fed of images that are stored with ``stored``."""
        return 3 if self.needs_rgb else stored


models: Registry[ModelSpec] = Registry("model")

MOST_PARAMETERS = 50_000_000  # of one network: 200 MB in float32, and four times that while it learns


def build_model(
    name: str, *, channels: int, image_size: int, classes: int, arguments: Mapping[str, Value] | None = None
) -> nn.Module:
    """Return the network ``name``, randomly initialised from torch's default generator, float32, in training mode.

    Raises ConfigError for an unknown name or argument and ModelError, with a sentence, where the input does not fit or
    the network would have more than `MOST_PARAMETERS`: it is laid out first without any memory for its weights.
    """
    spec = models[name]
    sentence = spec.refusal(channels=channels, image_size=image_size)
    if spec.needs_rgb and channels != 3:
        sentence = f"{spec.title} takes RGB images; feed grey ones as three equal channels."
    if sentence is not None:
        raise ModelError(sentence)
    values = check_values(spec.settings, arguments or {}, of=spec.title)
    build = partial(spec.build, in_channels=channels, image_size=image_size, classes=classes, **values)
    with torch.device("meta"):
        laid_out = build()
    parameters = sum(parameter.numel() for parameter in laid_out.parameters())
    if parameters > MOST_PARAMETERS:
        raise ModelError(
            f"{spec.title} would have {parameters:,} parameters with these settings, and the lab takes "
            f"{MOST_PARAMETERS:,}; choose fewer or narrower layers, or smaller images."
        )
    return build()
