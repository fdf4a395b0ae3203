"""What several commands share: options, the names they accept, and how progress is told."""

import click

# Written out, so that `--help` does not have to import torch; a test holds them to the registry and the recipes.
MODELS = ("simple_nn", "strided_cnn", "lenet", "enhanced_cnn", "fast_cnn", "resnet18")
RECIPES = ("modern", "notebook", "as_written")

as_json = click.option("--json", "as_json", is_flag=True, help="Print one JSON object a line.")


class progress_lines:  # noqa: N801  (called like a function)
    """Tell progress on standard error, a line whenever another tenth is done."""

    def __init__(self, *, quiet: bool) -> None:
        self.quiet, self.last = quiet, -1

    def __call__(self, text: str, fraction: float) -> None:
        tenth = int(fraction * 10)
        if not self.quiet and tenth != self.last:
            click.echo(text, err=True)
        self.last = tenth
