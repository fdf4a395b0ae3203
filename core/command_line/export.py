"""``export``: networks, their training and their answers as files that need nothing of the lab."""

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from core.command_line.options import as_json
from core.disk import sentence
from core.errors import ExportError, PhotoError
from core.whole_files import write_file

if TYPE_CHECKING:
    from core.checkpoints import Checkpoint

# Written out, so that `--help` does not have to import torch; a test holds them to the forms.
FORMS = ("safetensors", "onnx", "notebook", "script", "card", "report", "csv", "json")


@click.command()
@click.argument("checkpoints", metavar="CHECKPOINT...", nargs=-1, required=True)
@click.option("--as", "form", required=True, type=click.Choice(FORMS), help="The form to write.")
@click.option("--out", required=True, type=click.Path(path_type=Path), help="The new file.")
@click.option("--photo", "photos", multiple=True, help="With a report: report on this photo instead; repeat for more.")
@as_json
def export(checkpoints: tuple[str, ...], form: str, out: Path, photos: tuple[str, ...], as_json: bool) -> None:
    """Write CHECKPOINT to a new file that needs nothing of the lab; report, csv and json take several."""
    from core.checkpoints import find
    from core.export.forms import FORMS as WRITERS
    from core.runs.whole_time import with_whole_time

    chosen = WRITERS[form]
    if photos and (form != "report" or len(checkpoints) > 1):
        raise click.BadParameter("photos go into the report of one network.", param_hint="--photo")
    if len(checkpoints) > 1 and chosen.several is None:
        raise click.BadParameter(f"{form} holds one network; give one.", param_hint="CHECKPOINT")
    networks = [with_whole_time(find(reference)) for reference in checkpoints]
    files = [out] if chosen.beside is None else [out, out.with_suffix(".py")]
    _check_new(files)
    if photos:
        data = _on_photos(networks[0], photos)
    elif len(networks) > 1 and chosen.several is not None:
        data = chosen.several(networks)
    else:
        data = chosen.write(networks[0])
    fields: dict[str, Any] = {"file": str(out), "bytes": len(data)}
    try:
        write_file(out, data)
        if chosen.beside is not None:
            write_file(files[1], chosen.beside(networks[0], out.name).encode())
            fields["code"] = str(files[1])
    except OSError as error:
        raise ExportError(sentence(f"'{out.name}' could not be written", error)) from error
    click.echo(json.dumps(fields) if as_json else "\n".join(map(str, files)))


def _check_new(files: list[Path]) -> None:
    """Refuse to write over anything."""
    for file in files:
        if os.path.lexists(file):
            raise ExportError(f"'{file.name}' is there already; name another file, or delete it first.")
    if len(set(files)) < len(files):
        raise ExportError(f"'{files[0].name}' is the name of the Python file beside it; let it end otherwise.")


def _on_photos(network: "Checkpoint", photos: tuple[str, ...]) -> bytes:
    """A report on photos; one that cannot be read has its sentence in it."""
    from core.checkpoints.backbones import load_network
    from core.export.report import Answered, classification_report
    from core.judging.classification import rank, received
    from core.models.received import SEEN_SIDE
    from core.photos.door import read_photo

    model, answers = load_network(network), []
    for path in photos:
        try:
            photo = read_photo(path)
        except PhotoError as error:
            answers.append(Answered(name=Path(path).name, error=str(error)))
            continue
        given = received(network, photo)
        (ranking,) = rank(network, [given], model=model)
        small = photo.image.copy()
        small.thumbnail((SEEN_SIDE, SEEN_SIDE))
        pairs = tuple((guess.label, guess.probability) for guess in ranking)
        notes = (*photo.notes, *given.notes)
        answers.append(Answered(name=photo.name, picture=small, ranking=pairs, notes=notes))
    return classification_report(network.card, answers)
