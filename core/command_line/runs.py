"""The queue from a terminal: what `python -m core` offers about runs. The work is done elsewhere.

Whoever has a shell on the machine runs the lab, and may change every run. A LabError ends a command with its sentence
and status 1; the group in `core.__main__` sees to that.
"""

import getpass
import json
import math
from dataclasses import asdict

import click

from core.command_line.options import as_json, named_settings
from core.intervals import percent, percent_span
from core.rights import OPERATOR, has_browser
from core.runs.records import Run
from core.runs.store.owners import Owners
from core.runs.store.store import Store, open_store
from core.runs.summons import ensure_supervisor


@click.group()
def runs() -> None:
    """Look at the queue, add to it, stop, resume, give away and delete."""


@runs.command("list")
@click.option("--owner", help="Only this owner's runs.")
@as_json
def list_runs(owner: str | None, as_json: bool) -> None:
    """List runs, newest first."""
    store = open_store()
    if owner is not None:
        owner = Owners(store).find(owner) or owner
    for run in store.list(owner):
        click.echo(json.dumps(_fields(run)) if as_json else _line(run))


@runs.command()
@click.argument("run_id", metavar="RUN")
@as_json
def show(run_id: str, as_json: bool) -> None:
    """Show one run with its configuration and epochs."""
    store = open_store()
    run = store.get(run_id)
    epochs = store.epochs(run_id)
    if as_json:
        config = json.loads(run.config.to_json())
        click.echo(json.dumps({**_fields(run), "config": config, "epochs": [_finite(asdict(e)) for e in epochs]}))
        return
    click.echo(_line(run))
    for text in (_times(run), run.note, run.notice, run.message, run.log):
        if text:
            click.echo(text)
    for line in _settings(run):
        click.echo(line)
    for done in epochs:
        click.echo(
            f"epoch {done.epoch:3}  train loss {done.train_loss:.4f}  validation loss {done.val_loss:.4f}"
            f"  validation accuracy {percent(done.val_accuracy, 1)}{'  best' if done.is_best else ''}"
        )


@runs.command()
@click.option("--dataset", required=True, help="Name of the data set.")
@click.option("--model", required=True, help="Name of the model.")
@click.option("--recipe", default="modern", show_default=True, help="Name of the recipe.")
@click.option("--epochs", type=int, help="Passes over the training images.")
@click.option("--limit", type=int, help="Number of training images to keep.")
@click.option("--seed", type=int, help="Seed of everything that is drawn.")
@click.option("--set", "settings", multiple=True, metavar="NAME=VALUE", help="Any other setting, as JSON or text.")
@click.option("--owner", help="Whose run it is: a nickname, or another name.")
@click.option("--name", help="What to call it.")
@as_json
def submit(
    dataset: str,
    model: str,
    recipe: str,
    settings: tuple[str, ...],
    owner: str | None,
    name: str | None,
    as_json: bool,
    **overrides: int | None,
) -> None:
    """Add a training to the queue, and see to it that the queue is served."""
    from core.recipes import check_trainable, config_here

    given = named_settings(model, settings) | {key: value for key, value in overrides.items() if value is not None}
    config, instead = config_here(recipe, dataset=dataset, model=model, **given)
    if instead:
        click.echo(instead, err=True)
    check_trainable(config)
    store = open_store()
    run = store.submit(config, owner_called(store, owner), name or f"{model} on {dataset}")
    ensure_supervisor(store)
    _say(run, as_json)


@runs.command()
@click.argument("run_id", metavar="RUN")
@as_json
def cancel(run_id: str, as_json: bool) -> None:
    """Stop a run; it keeps its checkpoint and can be resumed."""
    store = open_store()
    run = store.request_stop(run_id, by=OPERATOR)
    if run.live:
        ensure_supervisor(store)
    _say(run, as_json)


@runs.command()
@click.argument("run_id", metavar="RUN")
@as_json
def resume(run_id: str, as_json: bool) -> None:
    """Queue a stopped, interrupted or failed run again."""
    store = open_store()
    run = store.resume(run_id, by=OPERATOR)
    ensure_supervisor(store)
    _say(run, as_json)


@runs.command()
@click.argument("run_id", metavar="RUN")
@as_json
def delete(run_id: str, as_json: bool) -> None:
    """Delete a run that is not at work, with its figures and its network, for good."""
    store = open_store()
    run = store.get(run_id)
    store.delete(run_id, by=OPERATOR)
    click.echo(json.dumps({"deleted": run.id}) if as_json else f"Deleted {run.id}: {run.name}")


@runs.command()
@click.argument("owner")
@click.option("--to", required=True, help="The nickname of who gets them.")
def give(owner: str, to: str) -> None:
    """Give all runs of OWNER to somebody else, such as those of a nickname from before to whoever has it now."""
    count = Owners(open_store()).give(owner, to=to)
    click.echo(f"{count} {'run' if count == 1 else 'runs'} of {owner} passed to {to}.")


def owner_called(store: Store, name: str | None) -> str:
    """Return the id of the owner of that name; of the account that calls where there is none."""
    owners = Owners(store)
    if name is not None:
        return owners.find(name) or name
    account = getpass.getuser()
    known = owners.find(account)
    return f"{account} (command line)" if known is not None and has_browser(known) else account


def _say(run: Run, as_json: bool) -> None:
    click.echo(json.dumps(_fields(run)) if as_json else _line(run))


def _fields(run: Run) -> dict[str, object]:
    """A run as JSON: its owner by name, and of the configuration the four that name it."""
    from core.judging.claims import tested
    from core.recipes.changes import changes

    ids = ("config", "owner_name", "stopped_by_name")
    fields = {key: value for key, value in asdict(run).items() if key not in ids}
    config, metrics = run.config, tested(run.id) if run.status == "finished" else None
    return {
        **fields,
        "owner": run.owner_name,
        "stopped_by": run.stopped_by_name,
        "dataset": config.dataset,
        "model": config.model,
        "recipe": config.recipe,
        "epochs": config.epochs,
        "test_accuracy": metrics.test_accuracy if metrics else None,
        "test_ci95": list(metrics.test_ci95) if metrics else None,
        "test_n": metrics.test_n if metrics else None,
        "changed": [asdict(change) for change in changes(config)],
    }


def _finite(figures: dict[str, float]) -> dict[str, float | None]:
    """Strict JSON has no NaN."""
    return {name: value if math.isfinite(value) else None for name, value in figures.items()}


def _line(run: Run) -> str:
    """A run for people: state, epochs, what validation and the test said, whose it is, what is not its recipe's."""
    from core.judging.claims import tested
    from core.recipes.words import broken_words, changed_words

    where = f"place {run.position}" if run.position else f"epoch {run.epochs_done}/{run.config.epochs}"
    validation = "" if run.best_validation is None else f"val {percent(run.best_validation, 1):>7}"
    test = ""
    if run.status == "finished" and (metrics := tested(run.id)):
        low, high = metrics.test_ci95
        test = f"test {percent(metrics.test_accuracy, 1):>7} ({percent_span(low, high, 1)})"
    changed = "; ".join(filter(None, (broken_words(run.config), changed_words(run.config))))
    line = f"{run.id}  {run.status:11}  {where:13}  {validation:11}  {test:30}  {run.owner_name}: {run.name}"
    return f"{line}  [{changed}]" if changed else line


def _times(run: Run) -> str:
    if run.training_seconds is None or run.seconds_at_work is None:
        return ""
    return f"training time {run.training_seconds:,.1f} s, {run.seconds_at_work:,.1f} s from start to end"


def _settings(run: Run) -> list[str]:
    """Every setting of a run, those that differ from the recipe first and marked."""
    from core.recipes.changes import recipe_of
    from core.recipes.words import settings_beside_the_recipe

    rows = settings_beside_the_recipe(run.config)
    wide = max(len(name) for name, _value, _recipe in rows)
    known = recipe_of(run.config) is not None
    head = f"settings (* differs from recipe {run.config.recipe})" if known else "settings"
    return [head] + [
        f"{'*' if recipe else ' '} {name:{wide}}  {value}{f'  (recipe: {recipe})' if recipe else ''}"
        for name, value, recipe in rows
    ]
