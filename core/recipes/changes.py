"""What a training does otherwise than its recipe says."""

import dataclasses
from dataclasses import dataclass

from core.config import TrainingConfig
from core.errors import LabError
from core.models import models
from core.recipes.choice import recipe_config

_DECIDES = ("image_size", "greyscale")  # what other defaults follow from
_NAMES = ("dataset", "model", "recipe", "seed", "device")  # what a recipe leaves open


@dataclass(frozen=True, kw_only=True)
class Change:
    """One setting, ``name`` as in the configuration or the network's own, and what the recipe has instead."""

    name: str
    value: object
    recipe: object


def recipe_of(config: TrainingConfig) -> TrainingConfig | None:
    """Return what the config's recipe says for its data set, network and seed; None for a label that is no recipe."""
    try:
        base = recipe_config(config.recipe, dataset=config.dataset, model=config.model)
    except LabError:
        return None
    return dataclasses.replace(base, seed=config.seed, device=config.device)


def written_out(config: TrainingConfig) -> TrainingConfig:
    """Return the training with every argument of its network, as recipes have them and those of before had not: two
    trainings are alike where these are."""
    if config.model not in models:
        return config
    return dataclasses.replace(config, model_arguments=models[config.model].all_arguments(config.model_arguments))


def changes(config: TrainingConfig) -> tuple[Change, ...]:
    """Return every setting that differs from the recipe, in the order of the configuration, the network's own last."""
    base = recipe_of(config)
    if base is None:
        return ()
    follows = base
    if any(getattr(config, name) != getattr(base, name) for name in _DECIDES):
        decides = {name: getattr(config, name) for name in _DECIDES}
        follows = recipe_config(config.recipe, dataset=config.dataset, model=config.model, **decides)
    found = []
    for field in dataclasses.fields(config):
        if field.name in (*_NAMES, "model_arguments"):
            continue
        value, usual = getattr(config, field.name), getattr(base if field.name in _DECIDES else follows, field.name)
        if value != usual:
            found.append(Change(name=field.name, value=value, recipe=usual))
    usual_arguments = models[config.model].all_arguments(follows.model_arguments)
    for name, value in models[config.model].all_arguments(config.model_arguments).items():
        if value != usual_arguments.get(name):
            found.append(Change(name=name, value=value, recipe=usual_arguments.get(name)))
    return tuple(found)
