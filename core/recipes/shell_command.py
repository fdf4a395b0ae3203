"""The command that repeats a training: its recipe, and what differs from it."""

import dataclasses
import json
import shlex

from core.checkpoints.backbones import weights_choice
from core.config import TrainingConfig
from core.recipes.choice import recipe_config


def shell_command(config: TrainingConfig) -> str:
    """Return the call of ``python -m core train`` that trains with ``config``: its recipe, and what differs from it.

    Raises ConfigError for a label that is no recipe.
    """
    decides = {name: getattr(config, name) for name in ("image_size", "greyscale")}  # what other defaults follow from
    base = recipe_config(config.recipe, dataset=config.dataset, model=config.model, **decides)
    plain = recipe_config(config.recipe, dataset=config.dataset, model=config.model)
    words = ["python", "-m", "core", "train", "--dataset", config.dataset, "--model", config.model]
    words += ["--recipe", config.recipe, "--seed", str(config.seed)]
    settings: dict[str, object] = {name: value for name, value in decides.items() if value != getattr(plain, name)}
    for field in dataclasses.fields(config):
        value = getattr(config, field.name)
        if field.name in ("dataset", "model", "recipe", "seed", "model_arguments", *decides):
            continue
        if value != getattr(base, field.name):
            if field.name in ("epochs", "limit"):
                words += [f"--{field.name}", str(value)]
            else:
                settings[field.name] = value
    settings |= {
        name: value for name, value in config.model_arguments.items() if value != base.model_arguments.get(name)
    }
    if (weights := weights_choice(config)) is not None:
        settings["weights"] = weights  # unsaid, those that a machine has are taken
    if "augmentation" in settings:
        settings["augmentation"] = [dataclasses.asdict(step) for step in config.augmentation]
    for name, value in settings.items():
        words += ["--set", f"{name}={value if isinstance(value, str) else json.dumps(value)}"]
    return shlex.join(words)
