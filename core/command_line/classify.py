"""``classify``: what a checkpoint says of photos."""

import dataclasses
import json

import click

from core.command_line.options import as_json
from core.errors import LabError


@click.command()
@click.argument("checkpoint")
@click.argument("photos", nargs=-1, required=True)
@click.option("--top", default=5, show_default=True, type=click.IntRange(1, 100), help="How many classes to name.")
@click.option("--as-it-is", is_flag=True, help="Do not make handwriting as the network's data set has it.")
@as_json
def classify(checkpoint: str, photos: tuple[str, ...], top: int, as_it_is: bool, as_json: bool) -> None:
    """Classify each PHOTO; one that cannot be read gets a sentence, and the others go on (status 1 in the end).

    What was done to a photo before the network saw it stands behind its answer.
    """
    from core.checkpoints import find
    from core.judging.certainty import probability_words
    from core.judging.classification import classify_paths

    failed = 0
    for result in classify_paths(find(checkpoint), photos, top=top, as_it_is=as_it_is):
        failed += result.error is not None
        if as_json:
            click.echo(json.dumps(dataclasses.asdict(result)))
        elif result.error is not None:
            click.echo(f"{result.photo}: {result.error}")
        else:
            ranking = ", ".join(f"{entry.label} {probability_words(entry.probability)}" for entry in result.top)
            notes = f" ({'; '.join(result.notes)})" if result.notes else ""
            click.echo(f"{result.photo}: {ranking}{notes}")
    if failed:
        raise LabError(f"{failed} of {len(photos)} photos could not be classified; each has its reason on its line.")
