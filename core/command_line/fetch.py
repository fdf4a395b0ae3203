"""``fetch``: everything that a class needs from the network, had before the lesson."""

import click

from core.command_line.options import progress_lines
from core.data.catalogue import datasets
from core.errors import LabError


@click.command()
@click.argument("names", nargs=-1)
def fetch(names: tuple[str, ...]) -> None:
    """Download and prepare data sets (all, or NAMES), and the weights 'imagenet', for a class without network."""
    known = (*datasets, "imagenet")
    for name in names:
        if name not in known:
            raise click.BadParameter(f"There is no '{name}'; there is {', '.join(known)}.", param_hint="NAMES")
    failures = []
    for name in names or known:
        try:
            for line in _weights() if name == "imagenet" else [_images(name)]:
                click.echo(f"{name}: {line}")
        except LabError as error:
            failures.append(name)
            click.echo(f"{name}: {error}", err=True)
    if failures:
        raise LabError(f"{len(failures)} of {len(names or known)} could not be fetched: {', '.join(failures)}.")


def _images(name: str) -> str:
    """Prepare a data set at every size that its networks take: another one would ask the source again."""
    from core.data import load
    from core.recipes import sizes_offered

    sizes = sizes_offered(name)
    for size in sizes:
        data = load(name, size=size, progress=progress_lines(quiet=False))
    pixels = " and ".join(str(size) for size in sizes)
    return f"{len(data.labels):,} images ready, {pixels} pixels a side" + (f". {data.note}" if data.note else "")


def _weights() -> list[str]:
    """Fetch ResNet-18's weights; those that are installed with the lab are looked for."""
    from core.checkpoints.weight_sources import SOURCES, fetch_imagenet

    lines = [fetch_imagenet()]
    for (_architecture, choice), source in SOURCES.items():
        if choice == "imagenet" and not source.on_hand():
            raise LabError(f"{source.title[0].upper()}{source.title[1:]} are not here; {source.how}.")
        lines += [f"{source.title} are ready"] if choice == "imagenet" and source.in_every_lab else []
    return lines
