"""``train``: one training here and now, with a progress bar."""

import contextlib
import json
import secrets
import signal
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any

import click
from filelock import FileLock, Timeout

from core.command_line.options import MODELS, RECIPES, DatasetName, as_json, named_settings, progress_lines
from core.disk import sentence
from core.errors import LabError
from core.intervals import percent, percent_span

if TYPE_CHECKING:
    from core.config import TrainingConfig
    from core.training.session import Session


@click.command()
@click.option("--dataset", required=True, type=DatasetName(), help="Data set to train on.")
@click.option("--model", required=True, type=click.Choice(MODELS), help="Network to train.")
@click.option("--recipe", default="modern", show_default=True, type=click.Choice(RECIPES), help="Hyper-parameters.")
@click.option("--epochs", type=click.IntRange(1, 500), help="Passes over the training images (default: the recipe's).")
@click.option("--limit", type=click.IntRange(min=2), help="Train on at most this many images.")
@click.option("--seed", type=click.IntRange(0, 2**31 - 1), default=0, show_default=True, help="Decides all chance.")
@click.option("--set", "settings", multiple=True, metavar="NAME=VALUE", help="Any other setting, as JSON or text.")
@click.option(
    "--out", type=click.Path(file_okay=False, path_type=Path), help="Folder; one with a state goes on from it."
)
@as_json
def train(
    dataset: str,
    model: str,
    recipe: str,
    epochs: int | None,
    limit: int | None,
    seed: int,
    settings: tuple[str, ...],
    out: Path | None,
    as_json: bool,
) -> None:
    """Train here and now, with a progress bar. Ctrl-C saves; the same command with --out goes on."""
    from core.checkpoints import trained_folder
    from core.recipes import config_here

    chosen: dict[str, Any] = {"seed": seed} | named_settings(model, settings)
    chosen |= {name: value for name, value in (("epochs", epochs), ("limit", limit)) if value is not None}
    config, instead = config_here(recipe, dataset=dataset, model=model, **chosen)
    if instead:
        click.echo(instead, err=True)
    folder = out or trained_folder() / f"{dataset}-{model}-{secrets.token_hex(4)}"
    with _alone_in(folder):
        _train(config, folder, as_json)


@contextlib.contextmanager
def _alone_in(folder: Path) -> Iterator[None]:
    """Keep other calls of this command out of ``folder``; raises LabError where one is there or the disk refuses."""
    lock = FileLock(folder / ".training.lock", timeout=0)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock.acquire()
    except Timeout:
        raise LabError(f"Another process trains in '{folder}'; wait for it, or choose another folder.") from None
    except OSError as error:
        raise LabError(sentence(f"'{folder}' cannot be written", error)) from None
    try:
        yield
    finally:
        lock.release()


def _train(config: "TrainingConfig", folder: Path, as_json: bool) -> None:
    from core.events import EpochDone, Finished, StepDone
    from core.training.session import Session

    session = Session(config, folder, progress=progress_lines(quiet=as_json))
    _offer(folder)
    if session.fell_back:
        click.echo(session.fell_back, err=True)
    if session.resumed_from:
        click.echo(f"Going on from {session.resumed_from}.", err=True)
    precision = session.trainer.precision_words
    if not as_json:
        click.echo(f"Computing in {precision}.")
    total = session.trainer.steps_per_epoch * config.epochs
    hidden = as_json or not sys.stderr.isatty()
    with (
        _interrupted() as interrupted,
        click.progressbar(length=total, label=config.model, file=sys.stderr, hidden=hidden) as bar,
    ):
        bar.update(session.trainer.progress.step)
        for event in session.events():
            if isinstance(event, StepDone):
                bar.update(1)
            elif isinstance(event, EpochDone):
                click.echo(_epoch_line(event, as_json))
            elif isinstance(event, Finished):
                _finished(session.checkpoint(), event, precision, _warning(session), as_json)
            if interrupted.is_set() and not isinstance(event, Finished):
                session.save()
                raise LabError(f"Stopped and saved; the same command with --out '{folder}' goes on from here.")


def _offer(folder: Path) -> None:
    """See to it that the pages offer what is trained in ``folder``."""
    from core.checkpoints import note_training

    try:
        note_training(folder)
    except OSError as error:
        click.echo(sentence("The pages of the lab will not offer this training", error), err=True)


@contextlib.contextmanager
def _interrupted() -> Iterator[threading.Event]:
    """Turn Ctrl-C into an event that is looked at between two steps, where the state is whole; twice stops at once."""
    asked = threading.Event()

    def note(_number: int, _frame: FrameType | None) -> None:
        if asked.is_set():
            raise KeyboardInterrupt
        asked.set()

    before = signal.signal(signal.SIGINT, note)
    try:
        yield asked
    finally:
        signal.signal(signal.SIGINT, before)


def _epoch_line(event: Any, as_json: bool) -> str:
    if as_json:
        fields = ("epoch", "train_loss", "val_loss", "val_accuracy", "seconds")
        return json.dumps({"event": "epoch"} | {name: _finite(getattr(event, name)) for name in fields})
    return (
        f"epoch {event.epoch:3d}   train loss {event.train_loss:.4f}   val loss {event.val_loss:.4f}   "
        f"val accuracy {percent(event.val_accuracy, 2)}   {event.seconds:.1f} s"
    )


def _warning(session: "Session") -> str | None:
    """Return where to look when a frozen backbone does no better than guessing."""
    from core.judging.curve.chance_level import no_better_than_guessing

    reached = [epoch.val_accuracy for epoch in session.trainer.history]
    return no_better_than_guessing(session.config, reached, finished=True)


def _finite(value: float) -> float | None:
    """JSON has no word for infinity."""
    return value if abs(value) < float("inf") else None


def _finished(checkpoint: Any, event: Any, precision: str, warning: str | None, as_json: bool) -> None:
    path = str(checkpoint.folder) if checkpoint else None
    if as_json:
        said = {"event": "finished", "reason": event.reason, "checkpoint": path, "precision": precision}
        if warning is not None:
            said["warning"] = warning
        click.echo(json.dumps(said))
    elif checkpoint and (metrics := checkpoint.card.metrics):
        from core.judging.claims import doubt_about

        low, high = metrics.test_ci95
        doubt = doubt_about(checkpoint.card)
        what = f"accuracy on {doubt}" if doubt else "test accuracy"
        click.echo(
            f"{event.reason}: {what} {percent(metrics.test_accuracy, 2)} "
            f"({percent_span(low, high, 2)}), n = {metrics.test_n:,}"
        )
        click.echo(f"Classify, Compare and Feature maps offer it as '{checkpoint.card.title}'.")
        click.echo(path)
    if warning is not None and not as_json:
        click.echo(f"Warning: {warning}")
    if event.reason == "diverged":
        raise LabError(f"The loss stopped being a number at step {event.step}; try a lower learning rate.")
