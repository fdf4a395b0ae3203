"""``backup`` and ``restore``: all that a class has made, in one file and out of it again."""

from collections.abc import Sequence
from pathlib import Path

import click

from core.disk import megabytes
from core.home import home


@click.command()
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--prepared", is_flag=True, help="Decoded data sets as well, for a server without a network.")
def backup(file: Path, *, prepared: bool) -> None:
    """Write all that the class has made to the new FILE; the lab and its trainings go on meanwhile."""
    from core.runs.backups import back_up

    contents = back_up(home(), file, prepared=prepared)
    click.echo(f"{_counts(contents.runs, contents.own_sets)} are in {file} ({megabytes(contents.size)}).")
    _tell_missing(contents.missing)


@click.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def restore(file: Path) -> None:
    """Put what a backup FILE holds into the lab's home, which must hold no lab yet."""
    from core.runs.backups import restore as put_back

    contents = put_back(file, home())
    click.echo(f"{_counts(contents.runs, contents.own_sets)} are in {home()} again.")
    if contents.going_on:
        click.echo(f"Trainings that go on when the lab is started: {contents.going_on:,}.")
    _tell_missing(contents.missing)


def _counts(runs: int, own_sets: int) -> str:
    return f"{_several(runs, 'run')} and {_several(own_sets, 'own set')}"


def _several(count: int, what: str) -> str:
    return f"{count:,} {what}{'' if count == 1 else 's'}"


def _tell_missing(missing: Sequence[str]) -> None:
    if missing:
        click.echo(
            f"Not there, though a store names it: {', '.join(missing[:5])}{' …' if len(missing) > 5 else ''} "
            f"({len(missing):,} in all); see python -m core doctor.",
            err=True,
        )
