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
@click.option("--squeeze", is_flag=True, help="Squeeze the whole photo into a square instead of cutting its centre.")
@as_json
def classify(checkpoint: str, photos: tuple[str, ...], top: int, as_it_is: bool, squeeze: bool, as_json: bool) -> None:
    """Classify each PHOTO; one that cannot be read gets a sentence, and the others go on (status 1 in the end).

    Behind an answer stands what was done to the photo before the network saw it, what is wrong with what it saw, and
    that the photo is not of the network's world, where that was measured and is so.
    """
    from core.checkpoints import find
    from core.checkpoints.backbones import load_network
    from core.explain.familiarity.judgement import Judge
    from core.explain.familiarity.measuring import known_familiarity
    from core.judging.certainty import probability_words
    from core.judging.classification import classify_paths
    from core.models.received import Fit

    found = find(checkpoint)
    judge = Judge(found, load_network(found), known_familiarity(found))
    failed = 0
    fit: Fit = "squeeze" if squeeze else "crop"
    for result in classify_paths(found, photos, model=judge.network, top=top, as_it_is=as_it_is, fit=fit):
        world = judge.last() if result.error is None else None
        failed += result.error is not None
        if as_json:
            click.echo(json.dumps(dataclasses.asdict(result) | {"world": world and dataclasses.asdict(world)}))
        elif result.error is not None:
            click.echo(f"{result.photo}: {result.error}")
        else:
            ranking = ", ".join(f"{entry.label} {probability_words(entry.probability)}" for entry in result.top)
            strange = [world.sentence] if world and world.foreign else []
            wrong = [fault.removesuffix(".") for fault in result.faults]
            notes = "; ".join([*strange, *wrong, *result.notes])
            click.echo(f"{result.photo}: {ranking}{f' ({notes})' if notes else ''}")
    if failed:
        raise LabError(f"{failed} of {len(photos)} photos could not be classified; each has its reason on its line.")
