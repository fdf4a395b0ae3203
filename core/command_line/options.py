"""What several commands share: options, the names they accept, and how progress is told."""

from typing import Any

import click

from core.data.catalogue import datasets
from core.errors import ConfigError
from core.strict_json import NotStrictJsonError, parse

# Written out, so that `--help` does not have to import torch; a test holds them to the registry and the recipes.
MODELS = (
    "simple_nn",
    "strided_cnn",
    "lenet",
    "enhanced_cnn",
    "fast_cnn",
    "resnet18",
    "efficientnet_lite0",
    "sequential",
)
RECIPES = ("modern", "notebook", "as_written")

OWN_OPTIONS = ("dataset", "model", "recipe")  # what --set does not take

as_json = click.option("--json", "as_json", is_flag=True, help="Print one JSON object a line.")


class DatasetName(click.ParamType[str]):
    """The name of a data set that is there at the moment of the call: of the catalogue, or an own one."""

    name = "data set"

    def get_metavar(self, param: click.Parameter, ctx: click.Context) -> str:
        """Return what ``--help`` shows for a value."""
        return f"[{'|'.join(name for name, _spec in datasets.items())}|own-…]"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Return the name; fails, with a sentence, where there is no such data set."""
        try:
            return datasets[value].name
        except ConfigError as error:
            self.fail(str(error), param, ctx)


class progress_lines:  # noqa: N801  (called like a function)
    """Tell progress on standard error, a line whenever another tenth is done."""

    def __init__(self, *, quiet: bool) -> None:
        self.quiet, self.last = quiet, -1

    def __call__(self, text: str, fraction: float) -> None:
        tenth = int(fraction * 10)
        if not self.quiet and tenth != self.last:
            click.echo(text, err=True)
        self.last = tenth


def named_settings(model: str, pairs: tuple[str, ...]) -> dict[str, Any]:
    """Sort NAME=VALUE pairs into fields of the config and the model's own arguments."""
    from core.config import augmentation_steps
    from core.models import models

    own = {setting.name for setting in models[model].settings}
    fields: dict[str, Any] = {}
    for pair in pairs:
        name, equals, text = pair.partition("=")
        if not equals:
            raise click.BadParameter(f"'{pair}' is not NAME=VALUE.", param_hint="--set")
        if name == "model_arguments":
            raise click.BadParameter("Set what belongs to the network by its own name.", param_hint="--set")
        if name in OWN_OPTIONS:
            raise click.BadParameter(f"'{name}' has an option of its own: --{name}.", param_hint="--set")
        try:
            value = parse(text)
        except NotStrictJsonError:  # a word, or what the setting itself refuses with its bounds
            value = text
        if name == "augmentation":
            value = augmentation_steps(value)
        value = tuple(value) if isinstance(value, list) else value
        target = fields.setdefault("model_arguments", {}) if name in own else fields
        target[name] = value
    return fields
