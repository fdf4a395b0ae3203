"""What of a training an experiment can vary: how many images it learns from, and one ingredient with and without."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from core.config import TrainingConfig
from core.errors import ConfigError
from core.models import models
from core.registry import Value
from core.transforms import transforms

SMALLEST_BATCH = 16
_STEPS = 16  # an epoch, where there are few images
_TITLES = {
    "augmentation": "Augmentation, all of it",
    "label_smoothing": "Label smoothing",
    "weight_decay": "Weight decay",
    "momentum": "Momentum",
    "schedule": "A learning rate that changes",
    "mirror_at_test": "A second opinion on the mirror image",
    "start_size": "Images that grow during training",
    "norm_shift_rate": "Faster shifts of BatchNorm",
}
# What a setting that is switched off in a training is with it, and what one that is on is without it.
_WITH: Mapping[str, Value] = {"dropout": 0.25, "label_smoothing": 0.1, "weight_decay": 5e-4, "momentum": 0.9}
_WITHOUT: Mapping[str, Value | None] = {
    "label_smoothing": 0.0,
    "weight_decay": 0.0,
    "schedule": "constant",
    "mirror_at_test": False,
    "start_size": None,
    "norm_shift_rate": 1.0,
}


@dataclass(frozen=True, kw_only=True)
class WithAndWithout:
    """One ingredient of a training: its name, what people read, and the two trainings that differ in it alone."""

    name: str
    title: str
    with_it: TrainingConfig
    without: TrainingConfig


def on_so_many_images(config: TrainingConfig, images: int, *, of: int) -> TrainingConfig:
    """Return the training on ``images`` of the ``of`` training images that there are, all others of its settings alike.

    Where they are few, batches are smaller, so that an epoch still has some sixteen steps. Raises ConfigError for a
    number that is none of them.
    """
    if not 2 <= images <= of:
        raise ConfigError(f"It cannot learn from {images:,} images: there are {of:,} to train on.")
    fewer = min(config.batch_size, max(SMALLEST_BATCH, images // _STEPS), images)
    return replace(config, limit=None if images == of else images, batch_size=fewer)


def parts_of(images: int, percents: Sequence[float]) -> list[int]:
    """Return how many images so many percent of ``images`` are, each once, the fewest first; two at least."""
    return sorted({max(2, round(images * percent / 100)) for percent in percents})


def with_and_without(config: TrainingConfig) -> dict[str, WithAndWithout]:
    """Return every ingredient that this training has, or could have, by its name: the network's own first."""
    found = [*_of_network(config), *_of_augmentation(config), *_of_training(config)]
    return {one.name: one for one in found}


def _of_network(config: TrainingConfig) -> list[WithAndWithout]:
    found = []
    for setting in models[config.model].settings:
        value = config.model_arguments.get(setting.name, setting.default)
        if isinstance(value, bool):
            on, off = True, False
        elif setting.name in _WITH and isinstance(value, int | float):
            on, off = value or _WITH[setting.name], 0.0  # type: ignore[assignment]
        else:
            continue
        pair = [replace(config, model_arguments={**config.model_arguments, setting.name: each}) for each in (on, off)]
        title = setting.title or setting.name.replace("_", " ")
        found.append(WithAndWithout(name=setting.name, title=title, with_it=pair[0], without=pair[1]))
    return found


def _of_augmentation(config: TrainingConfig) -> list[WithAndWithout]:
    chain = config.augmentation
    if not chain:
        return []
    found = [_pair("augmentation", config, replace(config, augmentation=()))]
    if len(chain) > 1:
        for place, step in enumerate(chain):
            rest = replace(config, augmentation=chain[:place] + chain[place + 1 :])
            title = f"Augmentation: {transforms[step.name].title}"
            name = f"augmentation.{step.name}"
            found.append(WithAndWithout(name=name, title=title, with_it=config, without=rest))
    return found


def _of_training(config: TrainingConfig) -> list[WithAndWithout]:
    found = []
    for name, off in _WITHOUT.items():
        value = getattr(config, name)
        if value != off or name in _WITH:
            on: dict[str, Any] = {name: _WITH[name] if value == off else value}
            out: dict[str, Any] = {name: off}
            found.append(_pair(name, replace(config, **on), replace(config, **out)))
    plain = replace(config, nesterov=False, momentum=0.0)
    moving = config if config.momentum else replace(config, momentum=_WITH["momentum"])  # type: ignore[arg-type]
    return [*found, _pair("momentum", moving, plain)]


def _pair(name: str, with_it: TrainingConfig, without: TrainingConfig) -> WithAndWithout:
    return WithAndWithout(name=name, title=_TITLES[name], with_it=with_it, without=without)
