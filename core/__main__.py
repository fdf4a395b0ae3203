"""``python -m core …``: the same core, without a screen.

Exit status 0 on success, 2 on bad usage, 1 on failure with one sentence on standard error. Heavy imports happen inside
the commands, so that ``--help`` and the queue answer at once.
"""

import contextlib
import dataclasses
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

from core.data.catalogue import datasets
from core.errors import ConfigError, LabError
from core.home import home
from core.runs.commands import COMMANDS

if TYPE_CHECKING:
    from core.config import TrainingConfig
    from core.evaluation import Evaluation
    from core.runs.session import Session

MODELS = ("simple_nn", "strided_cnn", "lenet", "enhanced_cnn", "fast_cnn", "resnet18")
RECIPES = ("modern", "notebook", "as_written")
_AS_JSON = click.option("--json", "as_json", is_flag=True, help="Print one JSON object a line.")


class _BadSetting(click.ClickException):
    """A setting that is wrong: bad usage."""

    exit_code = 2


class _Commands(click.Group):
    def invoke(self, context: click.Context) -> Any:
        try:
            return super().invoke(context)
        except LabError as error:
            kind = _BadSetting if isinstance(error, ConfigError) else click.ClickException
            raise kind(str(error)) from error


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
def main() -> None:
    """CNN Lab from a terminal: train, judge, compare and classify."""


@main.command()
@click.option("--dataset", required=True, type=click.Choice(list(datasets)), help="Data set to train on.")
@click.option("--model", required=True, type=click.Choice(MODELS), help="Network to train.")
@click.option("--recipe", default="modern", show_default=True, type=click.Choice(RECIPES), help="Hyper-parameters.")
@click.option("--epochs", type=click.IntRange(1, 500), help="Passes over the training images (default: the recipe's).")
@click.option("--limit", type=click.IntRange(min=2), help="Train on at most this many images.")
@click.option("--seed", type=click.IntRange(0, 2**31 - 1), default=0, show_default=True, help="Decides all chance.")
@click.option("--set", "settings", multiple=True, metavar="NAME=VALUE", help="Any other setting, as JSON or text.")
@click.option(
    "--out", type=click.Path(file_okay=False, path_type=Path), help="Folder; one with a state goes on from it."
)
@_AS_JSON
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
    from core.recipes import recipe_config

    chosen: dict[str, Any] = {"seed": seed} | _settings(model, settings)
    chosen |= {name: value for name, value in (("epochs", epochs), ("limit", limit)) if value is not None}
    config = recipe_config(recipe, dataset=dataset, model=model, **chosen)
    folder = out or home() / "trained" / f"{dataset}-{model}-{secrets.token_hex(4)}"
    _train(config, folder, as_json)


def _train(config: "TrainingConfig", folder: Path, as_json: bool) -> None:
    from core.events import EpochDone, Finished, StepDone
    from core.runs.session import Session

    session = Session(config, folder, progress=_note(quiet=as_json))
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
        f"val accuracy {event.val_accuracy:.2%}   {event.seconds:.1f} s"
    )


def _warning(session: "Session") -> str | None:
    """Return where to look when a frozen backbone does no better than guessing."""
    from core.chance_level import no_better_than_guessing

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
        low, high = metrics.test_ci95
        click.echo(
            f"{event.reason}: test accuracy {metrics.test_accuracy:.2%} ({low:.2%} to {high:.2%}), "
            f"n = {metrics.test_n:,}"
        )
        click.echo(path)
    if warning is not None and not as_json:
        click.echo(f"Warning: {warning}")
    if event.reason == "diverged":
        raise LabError(f"The loss stopped being a number at step {event.step}; try a lower learning rate.")


def _settings(model: str, pairs: tuple[str, ...]) -> dict[str, Any]:
    """Sort NAME=VALUE pairs into fields of the config and the model's own arguments."""
    from core.config import augmentation_steps
    from core.models import models

    own = {setting.name for setting in models[model].settings}
    fields: dict[str, Any] = {}
    for pair in pairs:
        name, equals, text = pair.partition("=")
        if not equals:
            raise click.BadParameter(f"'{pair}' is not NAME=VALUE.", param_hint="--set")
        try:
            value = json.loads(text)
        except json.JSONDecodeError:
            value = text
        if name == "augmentation":
            value = augmentation_steps(value)
        value = tuple(value) if isinstance(value, list) else value
        target = fields.setdefault("model_arguments", {}) if name in own else fields
        target[name] = value
    return fields


@main.command()
@click.argument("checkpoint")
@click.option("--dataset", type=click.Choice(list(datasets)), help="Another data set with the same classes.")
@_AS_JSON
def evaluate(checkpoint: str, dataset: str | None, as_json: bool) -> None:
    """Judge CHECKPOINT (a shipped name, a run's id, a folder) on the test split."""
    from core.checkpoints import find
    from core.devices import best_device
    from core.evaluation import evaluate_checkpoint

    evaluation = evaluate_checkpoint(
        find(checkpoint), dataset=dataset, device=best_device().type, progress=_note(quiet=as_json)
    )
    click.echo(json.dumps(_evaluation_fields(evaluation)) if as_json else evaluation.summary)


def _evaluation_fields(evaluation: "Evaluation") -> dict[str, Any]:
    return {
        "accuracy": evaluation.accuracy,
        "n": evaluation.n,
        "ci95": list(evaluation.ci95),
        "loss": evaluation.loss,
        "unseen": evaluation.unseen,
    }


@main.command()
@click.argument("a")
@click.argument("b")
@_AS_JSON
def compare(a: str, b: str, as_json: bool) -> None:
    """Judge checkpoints A and B on the same test images."""
    from core.checkpoints import find
    from core.comparison import compare as compare_evaluations
    from core.comparison import same_test_images
    from core.devices import best_device
    from core.evaluation import evaluate_checkpoint

    first, second = find(a), find(b)
    if first.card.classes != second.card.classes:
        raise LabError(f"'{a}' and '{b}' know different classes; compare two models of one data set.")
    tell = _note(quiet=as_json)
    device = best_device().type
    result = compare_evaluations(
        evaluate_checkpoint(first, device=device, progress=tell),
        evaluate_checkpoint(second, device=device, progress=tell),
        same_images=same_test_images(first.card, second.card),
    )
    if not as_json:
        click.echo(result.verdict)
        return
    fields = {
        "a": _evaluation_fields(result.a),
        "b": _evaluation_fields(result.b),
        "difference": result.difference,
        "ci95": list(result.ci95),
        "p_value": result.p_value,
    }
    click.echo(json.dumps(fields))


@main.command()
@click.argument("checkpoint")
@click.argument("photos", nargs=-1, required=True)
@click.option("--top", default=5, show_default=True, type=click.IntRange(1, 100), help="How many classes to name.")
@_AS_JSON
def classify(checkpoint: str, photos: tuple[str, ...], top: int, as_json: bool) -> None:
    """Classify each PHOTO; one that cannot be read gets a sentence, and the others go on (status 1 in the end)."""
    from core.checkpoints import find
    from core.classification import classify_paths

    failed = 0
    for result in classify_paths(find(checkpoint), photos, top=top):
        failed += result.error is not None
        if as_json:
            click.echo(json.dumps(dataclasses.asdict(result)))
        elif result.error is not None:
            click.echo(f"{result.photo}: {result.error}")
        else:
            ranking = ", ".join(f"{entry.label} {entry.probability:.1%}" for entry in result.top)
            click.echo(f"{result.photo}: {ranking}")
    if failed:
        raise LabError(f"{failed} of {len(photos)} photos could not be classified; each has its reason on its line.")


@main.command()
@click.argument("names", nargs=-1)
def fetch(names: tuple[str, ...]) -> None:
    """Download and prepare data sets (all, or NAMES) and the weights 'imagenet', for a class without network."""
    from core.data import load
    from core.pretrained import fetch_imagenet

    known = (*datasets, "imagenet")
    for name in names:
        if name not in known:
            raise click.BadParameter(f"There is no '{name}'; there is {', '.join(known)}.", param_hint="NAMES")
    failures = []
    for name in names or known:
        try:
            if name == "imagenet":
                click.echo(f"imagenet: {fetch_imagenet()}")
            else:
                data = load(name, progress=_note(quiet=False))
                click.echo(f"{name}: {len(data.labels):,} images ready")
        except LabError as error:
            failures.append(name)
            click.echo(f"{name}: {error}", err=True)
    if failures:
        raise LabError(f"{len(failures)} of {len(names or known)} could not be fetched: {', '.join(failures)}.")


class _note:  # noqa: N801  (called like a function)
    """Tell progress on standard error, a line whenever another tenth is done."""

    def __init__(self, *, quiet: bool) -> None:
        self.quiet, self.last = quiet, -1

    def __call__(self, text: str, fraction: float) -> None:
        tenth = int(fraction * 10)
        if not self.quiet and tenth != self.last:
            click.echo(text, err=True)
        self.last = tenth


for _command in COMMANDS:
    main.add_command(_command)

if __name__ == "__main__":
    main()
