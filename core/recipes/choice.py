"""Every hyper-parameter for a pair of data set and model, under a recipe's name.

``notebook`` trains as the course does, ``as_written`` repeats its slips as well, ``modern`` is what we would do.
"""

from dataclasses import replace
from functools import lru_cache
from typing import Any

import torch

from core.checkpoints.beginnings import check_beginning
from core.compute.precision_probe import PrecisionChoice, known_precision
from core.config import TrainingConfig
from core.data.catalogue import datasets
from core.errors import ConfigError, short
from core.models import build_model, models
from core.recipes.modern import modern_settings
from core.recipes.notebook import as_written_settings, notebook_settings
from core.registry import Value, check_values

RECIPES = {
    "modern": "One-cycle learning rate, Nesterov momentum, weight decay, augmentation that suits the data.",
    "notebook": "As the course trains: SGD, its batches and epochs or the like for other data; honest splits.",
    "as_written": "The same settings with the slips of the course's notebook, to see what they cost.",
}


def fitting_models(dataset: str) -> list[str]:
    """Return the names of the models that take this data set's images, at a size that the recipe chooses.

    What learns from scratch comes first.
    """
    fitting = [name for name in models if _refusal(dataset, name) is None]
    return sorted(fitting, key=lambda name: models[name].transfers)


def sizes_offered(dataset: str) -> list[int]:
    """Return the sides, in pixels, that recipes decode this data set's images to, its own side first."""
    own = datasets[dataset].size
    others = {
        recipe_config(recipe, dataset=dataset, model=model).image_size
        for recipe in RECIPES
        for model in fitting_models(dataset)
    }
    return [own, *sorted(others - {own})]


def recipe_config(recipe: str, *, dataset: str, model: str, **overrides: Any) -> TrainingConfig:
    """Return the full configuration for a pair; ``overrides`` replace fields of `TrainingConfig` by name.

    Every argument of the network is written out: whoever asks for the same training gets the same configuration.
    Raises ConfigError, with a sentence, for an unknown name, a pair that does not fit, or a value out of range.
    """
    if recipe not in RECIPES:
        raise ConfigError(f"There is no recipe {short(recipe)}; there is {', '.join(RECIPES)}.")
    sentence = _refusal(dataset, model)
    if sentence is not None:
        raise ConfigError(sentence)
    build = {"modern": modern_settings, "notebook": notebook_settings, "as_written": as_written_settings}[recipe]
    fields = {"dataset": dataset, "model": model, "recipe": recipe, **build(dataset, model)}
    size = overrides.get("image_size") or fields.get("image_size") or _image_size(dataset, model)
    channels = _channels(dataset, model, bool(overrides.get("greyscale", fields.get("greyscale", False))))
    suggested = models[model].suggest(channels=channels, image_size=size)
    if (fields.get("start_size") or 0) >= size:  # the images are smaller than the recipe's: nothing left to grow
        fields["start_size"] = None
    said = {**suggested, **fields.get("model_arguments", {}), **overrides.pop("model_arguments", {})}
    arguments = check_values(models[model].settings, said, of=models[model].title)
    try:
        config = TrainingConfig(**{**fields, "image_size": size, "model_arguments": arguments})
        return replace(config, **overrides)
    except TypeError:
        known = ", ".join(TrainingConfig.__dataclass_fields__)
        raise ConfigError(f"A training has no setting among {', '.join(overrides)}; it has {known}.") from None


def check_trainable(config: TrainingConfig, images: int | None = None) -> None:
    """Refuse, before any image is there, what would end as soon as they are.

    ``images`` is the number of training images where it is known. Raises ConfigError where those or the limit are fewer
    than one batch, ModelError or ConfigError for a network that cannot be built: it is laid out without its weights,
    for the side that images start from as well.
    """
    most = min(count for count in (config.limit, images, 10_000_000) if count is not None)
    if most < config.batch_size:
        raise ConfigError(
            f"{most:,} training images are fewer than one batch of {config.batch_size:,}; choose a smaller "
            "batch size or more images."
        )
    channels = _channels(config.dataset, config.model, config.greyscale)
    check_beginning(config, channels=channels)
    classes = len(datasets[config.dataset].classes)
    spec = models[config.model]
    arguments = tuple(check_values(spec.settings, config.model_arguments, of=spec.title).items())
    for size in dict.fromkeys((config.image_size, config.start_size or config.image_size)):
        _lay_out(config.model, channels, size, classes, arguments)


@lru_cache(maxsize=256)
def _lay_out(
    model: str, channels: int, image_size: int, classes: int, arguments: tuple[tuple[str, Value], ...]
) -> None:
    """Build a network without its weights, in 3 to 60 ms; a page asks about the same one with every click."""
    with torch.device("meta"):
        build_model(model, channels=channels, image_size=image_size, classes=classes, arguments=dict(arguments))


def precision_so_far(config: TrainingConfig, device: torch.device) -> PrecisionChoice | None:
    """Return what ``config`` will compute in, or None where only its first training on this machine finds out."""
    return known_precision(
        config,
        channels=_channels(config.dataset, config.model, config.greyscale),
        image_size=config.image_size,
        classes=len(datasets[config.dataset].classes),
        device=device,
    )


def input_channels(config: TrainingConfig) -> int:
    """Return how many channels the config's network is fed: 1 or 3."""
    return _channels(config.dataset, config.model, config.greyscale)


def _image_size(dataset: str, model: str) -> int:
    return models[model].natural_size or datasets[dataset].size


def _channels(dataset: str, model: str, greyscale: bool) -> int:
    return 1 if greyscale else models[model].channels(datasets[dataset].channels)


def _refusal(dataset: str, model: str) -> str | None:
    size = _image_size(dataset, model)
    return models[model].refusal(channels=_channels(dataset, model, False), image_size=size)
