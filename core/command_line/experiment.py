"""Experiments from a terminal: what `python -m core experiment` offers."""

import json
from typing import Any

import click

from core.command_line.options import MODELS, DatasetName, as_json, named_settings
from core.command_line.runs import owner_called
from core.errors import LabError
from core.home import home
from core.runs.experiments import kept
from core.runs.experiments.plan import Arm, Experiment
from core.runs.store.store import open_store
from core.runs.summons import ensure_supervisor


@click.group()
def experiment() -> None:
    """Vary one thing over several seeds: list experiments, show one, begin one, train what is open in one."""


@experiment.command("list")
@as_json
def list_experiments(as_json: bool) -> None:
    """List experiments, newest first."""
    for one in kept.kept(home()):
        _say(one, as_json)


@experiment.command()
@click.argument("experiment_id", metavar="EXPERIMENT")
@as_json
def show(experiment_id: str, as_json: bool) -> None:
    """Show what an experiment has found so far."""
    from core.judging.claims import tested
    from core.runs.experiments.results import found, progress_words, spread_words

    one = kept.get(home(), experiment_id)
    points = kept.points(open_store(), one)
    arms, contrasts = found(one, points, lambda run: tested(run.id))
    if as_json:
        fields: list[dict[str, Any]] = [
            {
                "line": arm.arm.line,
                "value": arm.arm.label,
                "accuracies": {seed: metrics.test_accuracy for seed, metrics in arm.figures.items()},
                "mean": arm.spread.mean if arm.spread else None,
                "deviation": arm.spread.deviation if arm.spread else None,
                "ci95": list(arm.ci95) if arm.ci95 else None,
            }
            for arm in arms
        ]
        said = [contrast.sentence for contrast in contrasts]
        click.echo(json.dumps({**_fields(one), "values": fields, "differences": said}))
        return
    click.echo(f"{one.id}  {one.name}: {progress_words(points, arms)}")
    for arm in arms:
        click.echo(f"{arm.arm.line:24}  {arm.arm.label:>12}  {spread_words(arm)}")
    for contrast in contrasts:
        click.echo(contrast.sentence)


@experiment.command()
@click.option("--dataset", required=True, type=DatasetName(), help="Data set to train on.")
@click.option(
    "--model", "names", required=True, multiple=True, type=click.Choice(MODELS), help="Network; may be given again."
)
@click.option("--images", metavar="N,N…", help="Vary the number of training images: these.")
@click.option("--without", metavar="NAME", help="Vary one ingredient: with it and without.")
@click.option("--seeds", type=click.IntRange(1, 10), default=3, show_default=True, help="Trainings of each value.")
@click.option("--epochs", type=click.IntRange(1, 500), help="Passes over the training images (default: the recipe's).")
@click.option("--set", "settings", multiple=True, metavar="NAME=VALUE", help="Any other setting, as JSON or text.")
@click.option("--owner", help="Whose it is: a nickname, or another name.")
@click.option("--name", help="What to call it.")
@as_json
def start(
    dataset: str,
    names: tuple[str, ...],
    images: str | None,
    without: str | None,
    seeds: int,
    epochs: int | None,
    settings: tuple[str, ...],
    owner: str | None,
    name: str | None,
    as_json: bool,
) -> None:
    """Begin an experiment and put its trainings into the queue."""
    if (images is None) == (without is None):
        raise click.UsageError("Say what is varied: either --images or --without.")
    arms, varied = _arms(dataset, names, images, without, settings, {} if epochs is None else {"epochs": epochs})
    store = open_store()
    whose = owner_called(store, owner)
    one = kept.begin(
        store.home, name=name or f"{varied} on {dataset}", owner=whose, varied=varied, arms=arms, seeds=range(seeds)
    )
    kept.train_open(store, one, owner=whose)
    ensure_supervisor(store)
    _say(one, as_json)


@experiment.command()
@click.argument("experiment_id", metavar="EXPERIMENT")
@click.option("--owner", help="Whose runs they are: a nickname, or another name.")
@as_json
def go_on(experiment_id: str, owner: str | None, as_json: bool) -> None:
    """Put the trainings that are open into the queue."""
    store = open_store()
    one = kept.get(store.home, experiment_id)
    kept.train_open(store, one, owner=owner_called(store, owner))
    ensure_supervisor(store)
    _say(one, as_json)


def _arms(
    dataset: str,
    names: tuple[str, ...],
    images: str | None,
    without: str | None,
    settings: tuple[str, ...],
    fields: dict[str, Any],
) -> tuple[list[Arm], str]:
    from core.data import load, make_split
    from core.models import models
    from core.recipes import check_trainable, config_here
    from core.recipes.variations import on_so_many_images, with_and_without

    arms, varied = [], "training images"
    for name in names:
        chosen = named_settings(name, settings) | fields
        config, instead = config_here("modern", dataset=dataset, model=name, **chosen)
        if instead:
            click.echo(instead, err=True)
        line = models[name].title
        if images is not None:
            count = len(make_split(load(dataset, size=config.image_size)).train)
            for n in _numbers(images):
                arms.append(Arm(line=line, label=f"{n:,}", at=n, config=on_so_many_images(config, n, of=count)))
            continue
        offered = with_and_without(config)
        if without not in offered:
            raise LabError(f"{line} has no '{without}' to go without; it has {', '.join(offered)}.")
        pair = offered[str(without)]
        varied = pair.title[:1].lower() + pair.title[1:]
        arms += [
            Arm(line=line, label=label, at=None, config=each)
            for label, each in (("with", pair.with_it), ("without", pair.without))
        ]
    for arm in arms:
        check_trainable(arm.config)
    return arms, varied


def _numbers(text: str) -> list[int]:
    parts = text.split(",")
    if not all(part.strip().isascii() and part.strip().isdecimal() and len(part) < 10 for part in parts):
        raise click.BadParameter("write whole numbers with commas between, such as 100,500,1000", param_hint="--images")
    return sorted({int(part) for part in parts})


def _fields(one: Experiment) -> dict[str, Any]:
    points = kept.points(open_store(), one)
    return {
        "id": one.id,
        "name": one.name,
        "varied": one.varied,
        "seeds": list(one.seeds),
        "points": len(points),
        "finished": sum(point.run is not None and point.run.status == "finished" for point in points),
        "open": sum(point.open for point in points),
    }


def _say(one: Experiment, as_json: bool) -> None:
    fields = _fields(one)
    if as_json:
        click.echo(json.dumps(fields))
    else:
        click.echo(
            f"{one.id}  {fields['finished']:3} of {fields['points']:3} finished, {fields['open']} open  {one.name}"
        )
