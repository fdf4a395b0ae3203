"""What a training begins with on this machine, where its recipe's own weights would first have to be downloaded."""

from typing import Any

from core.checkpoints.weight_sources import imagenet_on_hand, imagenet_reachable, lab_backbone
from core.config import TrainingConfig
from core.models import models
from core.recipes.choice import recipe_config
from core.registry import Value

NOT_HERE = (
    "ImageNet's weights (45 MB) are neither on this machine nor to be had now, so the backbone is the lab's own, "
    "trained on CIFAR-10; with a network, --set weights=imagenet downloads the others."
)


def weights_here(model: str) -> dict[str, Value]:
    """Return the argument of a network that differs from its default here: ``{"weights": "lab"}``, or nothing.

    ``lab`` for a pretrained network whose ImageNet weights are neither on this machine nor to be downloaded, where the
    lab has a backbone of its own for it.
    """
    choices = next((setting.choices for setting in models[model].settings if setting.name == "weights"), ())
    if "lab" not in choices or imagenet_on_hand(model) or lab_backbone() is None or imagenet_reachable():
        return {}
    return {"weights": "lab"}


def config_here(recipe: str, *, dataset: str, model: str, **overrides: Any) -> tuple[TrainingConfig, str]:
    """Return `recipe_config`'s training as the lab offers it here, and a sentence about what is not the recipe's.

    The sentence is "" where nothing is, or where ``overrides`` decide it. Raises ConfigError as `recipe_config` does.
    """
    given = overrides.pop("model_arguments", {})
    instead = {} if "weights" in given or model not in models else weights_here(model)
    config = recipe_config(recipe, dataset=dataset, model=model, model_arguments={**instead, **given}, **overrides)
    return config, NOT_HERE if instead else ""
