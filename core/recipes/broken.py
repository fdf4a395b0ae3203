"""Trainings that are broken on purpose, to see what it looks like: a setting that fails, and the mark that says so."""

from dataclasses import replace

from core.config import SLIPS, TrainingConfig
from core.models import models
from core.models.sequential.starts import fitting
from core.recipes.choice import recipe_config

TIMES = 40  # the learning rate, where it is too high: at 20 times some networks still learn
MOST = 10.0
_CLEAREST = ("rate_too_high", "shuffled_labels", "no_relu", "no_normalisation")
_NOTEBOOKS = ("validation_from_training", "swapped_split", "no_eval_mode", "shared_writers")


def breakable(config: TrainingConfig) -> tuple[str, ...]:
    """Return which of `SLIPS` this training can be broken with, what fails most clearly first, the notebook's last."""
    written = recipe_config("as_written", dataset=config.dataset, model=config.model).slips
    fits = [name for name in SLIPS if name not in _NOTEBOOKS or name in written]
    if not _takes_layers(config):
        fits.remove("no_relu")
    return tuple(sorted(fits, key=(*_CLEAREST, *_NOTEBOOKS).index))


def broken(config: TrainingConfig, slip: str) -> TrainingConfig:
    """Return ``config`` broken with one of `SLIPS`: whatever makes it fail is set, and marked as on purpose.

    Without ReLU it is the chain of layers for these images, with means instead of maxima, so that nothing bends.
    """
    slips = tuple(name for name in SLIPS if name in (*config.slips, slip))
    if slip == "rate_too_high":
        return replace(config, slips=slips, learning_rate=min(MOST, TIMES * config.learning_rate))
    if slip == "no_relu":
        layers = [part for part in fitting(config.image_size).split("_") if part != "relu"]
        chain = "_".join(layers).replace("max-", "avg-")
        fields = {name: getattr(config, name) for name in ("image_size", "greyscale", "seed", "limit", "device")}
        return recipe_config(
            config.recipe, dataset=config.dataset, model="sequential", model_arguments={"layers": chain}, slips=slips,
            **fields,
        )  # fmt: skip
    return replace(config, slips=slips)


def _takes_layers(config: TrainingConfig) -> bool:
    return (
        not models[config.model].transfers
        and models["sequential"].refusal(channels=3, image_size=config.image_size) is None
    )
