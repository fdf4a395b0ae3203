"""What a training begins with on this machine, where its recipe's own weights would first have to be downloaded."""

from typing import Any

from core.checkpoints.backbones import imagenet_file, lab_backbone
from core.config import TrainingConfig
from core.models import models
from core.recipes.choice import recipe_config
from core.registry import Value

NOT_HERE = (
    "ImageNet's weights (45 MB) are not on this machine, so the backbone is the lab's own, trained on CIFAR-10; "
    "--set weights=imagenet downloads the others."
)


def weights_here(model: str) -> dict[str, Value]:
    """Return the argument of a network that differs from its default here: ``{"weights": "lab"}``, or nothing.

    ``lab`` for a pretrained network where ImageNet's weights are not on this machine and the lab's backbone is.
    """
    if "weights" not in {setting.name for setting in models[model].settings} or imagenet_file().is_file():
        return {}
    return {"weights": "lab"} if lab_backbone() is not None else {}


def config_here(recipe: str, *, dataset: str, model: str, **overrides: Any) -> tuple[TrainingConfig, str]:
    """Return `recipe_config`'s training as the lab offers it here, and a sentence about what is not the recipe's.

    The sentence is "" where nothing is, or where ``overrides`` decide it. Raises ConfigError as `recipe_config` does.
    """
    given = overrides.pop("model_arguments", {})
    instead = {} if "weights" in given or model not in models else weights_here(model)
    config = recipe_config(recipe, dataset=dataset, model=model, model_arguments={**instead, **given}, **overrides)
    return config, NOT_HERE if instead else ""
