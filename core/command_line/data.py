"""``data``: the class's own sets of pictures from a terminal. Whoever has a shell on the machine runs the lab."""

import getpass
import json
from dataclasses import asdict
from pathlib import Path

import click

from core.command_line.options import as_json, progress_lines
from core.errors import short
from core.names import counted
from core.rights import Person


@click.group()
def data() -> None:
    """Own sets of pictures: import, list, export and delete."""


@data.command("import")
@click.argument("path", type=click.Path(path_type=Path))
@click.option("--name", "title", default="", help="What to call the set (default: as it was saved, or as the file).")
@as_json
def import_(path: Path, title: str, as_json: bool) -> None:
    """Make a set of the pictures in PATH: a folder of class folders, a zip of one, IDX or Parquet files, a saved set.

    Each class is a folder with its name. What was trained on a saved set comes with it. What cannot be taken is listed,
    with the reason.
    """
    from core.data.own import OwnPictures, open_own_sets
    from core.runs import open_store
    from core.runs.carried_sets import import_with_runs

    tell = progress_lines(quiet=as_json)
    imported = import_with_runs(OwnPictures(open_own_sets()), open_store(), path, title=title, by=_me(), tell=tell)
    own, runs = imported.own, [run.id for run in imported.runs]
    if as_json:
        classes = {each.name: each.pictures for each in own.classes}
        skipped = [asdict(each) for each in imported.skipped]
        click.echo(json.dumps({"dataset": own.name, "classes": classes, "runs": runs, "skipped": skipped}))
        return
    for each in imported.skipped:
        click.echo(f"{each.file}: {each.error}", err=True)
    click.echo(
        f"{counted(own.pictures, 'picture')}: " + ", ".join(f"{each.name} {each.pictures:,}" for each in own.classes)
    )
    if runs:
        were = "was" if len(runs) == 1 else "were"
        click.echo(f"{counted(len(runs), 'network')} that {were} trained on it: {', '.join(runs)}")
    click.echo(own.name)


@data.command("list")
@as_json
def list_(as_json: bool) -> None:
    """List the own sets, newest first."""
    from core.data.own import open_own_sets, there_are_own_sets

    for own in open_own_sets().list() if there_are_own_sets() else ():
        if as_json:
            classes = {each.name: each.pictures for each in own.classes}
            fields = {"dataset": own.name, "title": own.title, "classes": classes, "bytes": own.bytes}
            click.echo(json.dumps({**fields, "created": own.created, "changed": own.changed}))
        else:
            classes_line = ", ".join(f"{each.name} {each.pictures:,}" for each in own.classes) or "no classes yet"
            click.echo(f"{own.name}  {own.pictures:6,} pictures  {own.title}: {classes_line}")


@data.command()
@click.argument("name")
@click.argument("target", metavar="DIR", type=click.Path(path_type=Path))
@click.option("--as", "form", type=click.Choice(["folders", "parquet", "zip"]), default="folders", show_default=True)
@as_json
def export(name: str, target: Path, form: str, as_json: bool) -> None:
    """Write the set NAME to the new folder DIR: class folders, or Parquet in the Hub's layout; or to a zip.

    The zip holds all that is known of the set, and the networks that were trained on it; `data import` opens it in
    another lab.
    """
    from core.data.own import OwnPictures, open_own_sets
    from core.data.own.as_data_set import manifest_of
    from core.data.own.ways_out.export import as_folders, as_parquet
    from core.data.own.ways_out.saved_set import save_to
    from core.runs import open_store
    from core.runs.carried_sets import save_with_runs

    fields: dict[str, object] = {"dataset": name, "as": form, "path": str(target)}
    if form == "zip":
        pictures, set_id = OwnPictures(open_own_sets()), _set_id(name)
        saved = save_to(target, lambda file: save_with_runs(pictures, open_store(), set_id, file))
        count = saved.pictures
        fields["networks"] = saved.networks
    else:
        manifest = manifest_of(name)
        if manifest is None:
            raise click.BadParameter(f"{short(name)} is no own set; `python -m core data list` shows them.")
        write = as_folders if form == "folders" else as_parquet
        count = write(manifest, target, tell=progress_lines(quiet=as_json))
    click.echo(json.dumps(fields | {"pictures": count}) if as_json else f"{counted(count, 'picture')}: {target}")


@data.command()
@click.argument("name")
@as_json
def delete(name: str, as_json: bool) -> None:
    """Delete the set NAME for good: its pictures, and the versions that runs saw."""
    from core.data.own import open_own_sets

    sets = open_own_sets()
    own = sets.get(_set_id(name))
    sets.delete(own.id, by=_me())
    click.echo(json.dumps({"deleted": own.name}) if as_json else f"Deleted {own.name}: {own.title}")


def _set_id(name: str) -> str:
    """The id of the set that a name such as ``own-k7mq2xw9ab`` means."""
    from core.data.own.versions import split_name

    meant = split_name(name)
    if meant is None or meant[1] is not None:
        raise click.BadParameter(
            f"{short(name)} is no own set; `python -m core data list` shows them.", param_hint="NAME"
        )
    return meant[0]


def _me() -> Person:
    return Person(owner=getpass.getuser(), runs_the_lab=True)
