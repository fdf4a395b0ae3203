"""``fetch``: everything that a class needs from the network, had before the lesson."""

import click

from core.command_line.options import progress_lines
from core.data.catalogue import datasets
from core.errors import LabError


@click.command()
@click.argument("names", nargs=-1)
def fetch(names: tuple[str, ...]) -> None:
    """Download and prepare data sets (all, or NAMES) and the weights 'imagenet', for a class without network."""
    from core.checkpoints.weight_sources import fetch_imagenet
    from core.data import load

    known = (*datasets, "imagenet")
    for name in names:
        if name not in known:
            raise click.BadParameter(f"There is no '{name}'; there is {', '.join(known)}.", param_hint="NAMES")
    failures = []
    for name in names or known:
        try:
            if name == "imagenet":
                click.echo(f"imagenet: {fetch_imagenet()}")
            else:
                data = load(name, progress=progress_lines(quiet=False))
                click.echo(f"{name}: {len(data.labels):,} images ready" + (f". {data.note}" if data.note else ""))
        except LabError as error:
            failures.append(name)
            click.echo(f"{name}: {error}", err=True)
    if failures:
        raise LabError(f"{len(failures)} of {len(names or known)} could not be fetched: {', '.join(failures)}.")
