"""Every hyper-parameter for a pair of data set and model, under the name of a recipe."""

from core.recipes.choice import (
    RECIPES,
    check_trainable,
    fitting_models,
    input_channels,
    precision_so_far,
    recipe_config,
    sizes_offered,
)
from core.recipes.here import config_here, weights_here
from core.recipes.shell_command import shell_command

__all__ = [
    "RECIPES",
    "check_trainable",
    "config_here",
    "fitting_models",
    "input_channels",
    "precision_so_far",
    "recipe_config",
    "shell_command",
    "sizes_offered",
    "weights_here",
]
