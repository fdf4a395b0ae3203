"""The program ``python -m core``: all commands, and how a failure ends.

Exit status 0 on success, 2 on bad usage, 1 on failure with one sentence on standard error. Heavy imports happen inside
the commands, so that ``--help`` and the queue answer at once.
"""

from typing import Any

import click

from core.command_line.backup import backup, restore
from core.command_line.classify import classify
from core.command_line.data import data
from core.command_line.experiment import experiment
from core.command_line.export import export
from core.command_line.fetch import fetch
from core.command_line.judge import compare, evaluate
from core.command_line.queue import cluster_watch, doctor, nursery, stand_in, supervise, worker
from core.command_line.runs import runs
from core.command_line.train import train
from core.disk import refusal, sentence
from core.errors import ConfigError, LabError


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
        except OSError as error:  # a disk that refuses where nobody thought of it
            if refusal(error) is None:
                raise
            raise click.ClickException(sentence("This could not be done", error)) from error


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
def main() -> None:
    """CNN Lab from a terminal: train, judge, compare and classify."""


_COMMANDS = (
    train,
    evaluate,
    compare,
    classify,
    export,
    fetch,
    data,
    runs,
    experiment,
    supervise,
    worker,
    nursery,
    stand_in,
    cluster_watch,
    doctor,
    backup,
    restore,
)
for _command in _COMMANDS:
    main.add_command(_command)
