"""The queue from a terminal: what `python -m core` offers about runs. The work is done elsewhere.

A LabError ends a command with its sentence and status 1; the group in `core.__main__` sees to that.
"""

import faulthandler
import functools
import getpass
import json
import logging
import math
import signal
import sys
from dataclasses import asdict
from types import FrameType

import click

from core.errors import RunError
from core.home import home
from core.runs.executors import LocalExecutor
from core.runs.nursery import WarmExecutor, can_fork
from core.runs.records import Run
from core.runs.store import open_store
from core.runs.supervisor import Supervisor, ensure_supervisor, revive_supervisor, slots_wanted
from core.runs.supervisor import supervise as lead

as_json = click.option("--json", "as_json", is_flag=True, help="Print one JSON object a line.")


@click.group()
def runs() -> None:
    """Look at the queue, add to it, stop and resume."""


@runs.command("list")
@click.option("--owner", help="Only this owner's runs.")
@as_json
def list_runs(owner: str | None, as_json: bool) -> None:
    """List runs, newest first."""
    for run in open_store().list(owner):
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
    for text in (run.note, run.message, run.log):
        if text:
            click.echo(text)
    for done in epochs:
        click.echo(
            f"epoch {done.epoch:3}  train loss {done.train_loss:.4f}  validation loss {done.val_loss:.4f}"
            f"  validation accuracy {done.val_accuracy:.1%}{'  best' if done.is_best else ''}"
        )


@runs.command()
@click.option("--dataset", required=True, help="Name of the data set.")
@click.option("--model", required=True, help="Name of the model.")
@click.option("--recipe", default="modern", show_default=True, help="Name of the recipe.")
@click.option("--epochs", type=int, help="Passes over the training images.")
@click.option("--limit", type=int, help="Number of training images to keep.")
@click.option("--seed", type=int, help="Seed of everything that is drawn.")
@click.option("--owner", help="Whose run it is; your user name where you do not say.")
@click.option("--name", help="What to call it.")
@as_json
def submit(
    dataset: str, model: str, recipe: str, owner: str | None, name: str | None, as_json: bool, **overrides: int | None
) -> None:
    """Add a training to the queue, and see to it that the queue is served."""
    from core.recipes import check_trainable, recipe_config

    given = {key: value for key, value in overrides.items() if value is not None}
    config = recipe_config(recipe, dataset=dataset, model=model, **given)
    check_trainable(config)
    store = open_store()
    run = store.submit(config, owner or getpass.getuser(), name or f"{model} on {dataset}")
    ensure_supervisor(store)
    _say(run, as_json)


@runs.command()
@click.argument("run_id", metavar="RUN")
@as_json
def cancel(run_id: str, as_json: bool) -> None:
    """Stop a run; it keeps its checkpoint and can be resumed."""
    store = open_store()
    run = store.request_stop(run_id)
    if run.live:
        ensure_supervisor(store)
    _say(run, as_json)


@runs.command()
@click.argument("run_id", metavar="RUN")
@as_json
def resume(run_id: str, as_json: bool) -> None:
    """Queue a stopped, interrupted or failed run again."""
    store = open_store()
    run = store.resume(run_id)
    ensure_supervisor(store)
    _say(run, as_json)


@click.command()
def supervise() -> None:
    """Serve the queue until there has been nothing to do for ten minutes."""
    _log_to_standard_error()
    store = open_store()
    executor = WarmExecutor(store.home) if can_fork() else LocalExecutor()
    quiet = executor.prepare if isinstance(executor, WarmExecutor) else None
    supervisor = Supervisor(store, executor, slots=slots_wanted(), when_quiet=quiet)

    def leave(_number: int, _frame: FrameType | None) -> None:
        supervisor.leaving.set()

    signal.signal(signal.SIGTERM, leave)
    signal.signal(signal.SIGINT, leave)
    try:
        if not lead(supervisor):
            click.echo("Another supervisor serves this queue already.", err=True)
    finally:
        if isinstance(executor, WarmExecutor):
            executor.close()


@click.command(hidden=True)
@click.argument("run_id", metavar="RUN")
@click.option("--fence", type=int, required=True)
def worker(run_id: str, fence: int) -> None:
    """Train one run that a supervisor claimed."""
    if not run_worker(run_id, fence):
        sys.exit(1)


@click.command(hidden=True)
def nursery() -> None:
    """Fork workers for the supervisor that holds the other end of standard input."""
    from core.runs.nursery import serve

    serve(sys.stdin.buffer, sys.stdout.buffer)


@click.command()
@click.option("--look-only", is_flag=True, help="Repair nothing.")
@as_json
def doctor(look_only: bool, as_json: bool) -> None:
    """Look over the store and its folders, and repair what can be repaired without loss."""
    from core.runs.doctor import examine

    found = list(examine(home(), repair=not look_only))
    for finding in found:
        click.echo(json.dumps(asdict(finding)) if as_json else f"{finding.verdict:8}  {finding.message}")
    problems = sum(finding.verdict == "problem" for finding in found)
    if problems:
        raise RunError(f"{problems} {'thing needs' if problems == 1 else 'things need'} a person to look at.")


def run_worker(run_id: str, fence: int) -> bool:
    """Train one run in this process, which is a worker; returns whether the store took its last word."""
    from core.runs.worker import work

    faulthandler.enable()  # a crash in native code leaves its place in the worker's last lines
    _log_to_standard_error()
    store = open_store()
    return work(store, run_id, fence, pulse=functools.partial(revive_supervisor, store))


def _say(run: Run, as_json: bool) -> None:
    click.echo(json.dumps(_fields(run)) if as_json else _line(run))


def _fields(run: Run) -> dict[str, object]:
    """A run as JSON: everything but the configuration, of which the four that name it."""
    fields = {key: value for key, value in asdict(run).items() if key != "config"}
    config = run.config
    return {
        **fields,
        "dataset": config.dataset,
        "model": config.model,
        "recipe": config.recipe,
        "epochs": config.epochs,
    }


def _finite(figures: dict[str, float]) -> dict[str, float | None]:
    """Strict JSON has no NaN."""
    return {name: value if math.isfinite(value) else None for name, value in figures.items()}


def _line(run: Run) -> str:
    where = f"place {run.position}" if run.position else f"epoch {run.epochs_done}/{run.config.epochs}"
    return f"{run.id}  {run.status:11}  {where:13}  {run.owner}: {run.name}"


def _log_to_standard_error() -> None:
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")


COMMANDS = (runs, supervise, worker, nursery, doctor)
