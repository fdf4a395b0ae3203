"""The folder that a training lives in: whose it is, what is kept there, and what it goes on from.

A folder belongs to one configuration. ``state-<step>-<epoch>`` are the last two states, ``best-<epoch>`` is the best
model so far, ``final`` that model with its verdict. Order is by steps and epochs, never by the clock.
"""

import contextlib
import dataclasses
import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import psutil

from core.checkpoints import CARD, Checkpoint, newest_in, read, state_config, state_split
from core.config import TrainingConfig
from core.disk import sentence
from core.errors import CheckpointError, ConfigError
from core.recipes.changes import written_out
from core.whole_files import sweep

STATES_KEPT = 2
FINAL = "final"
_STATE = re.compile(r"state-\d{8}-\d{4}")
_SET_ASIDE = ".unreadable-"
_NAMED = 4  # differences that a sentence names


class TrainingFolder:
    """The files of one training in ``path``; everything there belongs to ``config``."""

    def __init__(self, path: Path, config: TrainingConfig) -> None:
        """Make the folder, or see whose it is, and clear away what a killed process left half-written there.

        Raises ConfigError, with what differs, where another configuration lives there, and CheckpointError where the
        disk refuses.
        """
        self.path, self.config = path, config
        try:
            path.mkdir(parents=True, exist_ok=True)
            sweep(path, alive=psutil.pid_exists)
        except OSError as error:
            raise CheckpointError(sentence(f"'{path.name}' cannot be written", error)) from error
        if os.path.lexists(path / CARD):
            raise ConfigError(f"'{path.name}' is a checkpoint; choose another folder to train in.")
        for owner in self._owners():
            if written_out(owner) != written_out(config):
                raise ConfigError(
                    f"'{path.name}' holds another training: {differences(written_out(owner), written_out(config))}. "
                    "Choose another folder, or the settings that it began with."
                )

    def states(self) -> list[Path]:
        """Return the states, oldest first."""
        return sorted(path for path in self.path.glob("state-*") if _STATE.fullmatch(path.name))

    def state(self, *, step: int, epoch: int) -> Path:
        """Return where the state after ``step`` steps and ``epoch`` whole epochs is kept."""
        return self.path / f"state-{step:08d}-{epoch:04d}"

    def set_aside(self, state: Path) -> None:
        """Take a state that cannot be read out of the row, so that it is not taken for the newest one again."""
        aside = state.with_name(_SET_ASIDE + state.name)
        with contextlib.suppress(OSError):  # a disk that refuses this refuses new states as well, and that is said
            shutil.rmtree(aside, ignore_errors=True)
            state.replace(aside)

    def prune_states(self) -> None:
        """Keep the last two states, and nothing that was set aside: the newest one can be read."""
        for old in (*self.states()[:-STATES_KEPT], *self.path.glob(f"{_SET_ASIDE}*")):
            shutil.rmtree(old, ignore_errors=True)

    def best(self, epoch: int) -> Path:
        """Return where the model of ``epoch`` is kept while it is the best."""
        return self.path / f"best-{epoch:04d}"

    def prune_best(self, kept: Path) -> None:
        """Remove every best model but ``kept``."""
        for old in self.path.glob("best-*"):
            if old != kept:
                shutil.rmtree(old, ignore_errors=True)

    @property
    def final(self) -> Path:
        """Where the judged model is kept."""
        return self.path / FINAL

    def newest_best(self) -> Checkpoint | None:
        """Return the best model so far that can be read, or None where there is none."""
        for folder in sorted(self.path.glob("best-*"), reverse=True):
            with contextlib.suppress(CheckpointError):
                return read(folder)
        return None

    def newest(self) -> Checkpoint | None:
        """Return the final checkpoint, or else the best so far, or None before the first epoch."""
        return newest_in(self.path)

    def split(self) -> str | None:
        """Return the fingerprint of the split that the training here began with, None where nothing has begun.

        It is '' where only a state from before that was noted can be read.
        """
        for state in reversed(self.states()):
            with contextlib.suppress(CheckpointError):
                return state_split(state)
        for folder in (*self.path.glob("best-*"), self.final):
            with contextlib.suppress(CheckpointError):
                return read(folder).card.split_fingerprint
        return None

    def _owners(self) -> Iterator[TrainingConfig]:
        """The configuration of everything here that can be read."""
        for folder in (self.final, *self.path.glob("best-*"), *self.states()):
            with contextlib.suppress(CheckpointError):
                yield state_config(folder) if _STATE.fullmatch(folder.name) else read(folder).card.config


def differences(there: TrainingConfig, here: TrainingConfig) -> str:
    """Return what two configurations differ in, for a sentence: "epochs 1 instead of 8"."""
    fields = [field.name for field in dataclasses.fields(here)]
    odd = [name for name in fields if getattr(there, name) != getattr(here, name)]
    named = [f"{name} {_short(getattr(there, name))} instead of {_short(getattr(here, name))}" for name in odd]
    more = f", and {len(odd) - _NAMED} more" if len(odd) > _NAMED else ""
    return ", ".join(named[:_NAMED]) + more


def _short(value: object) -> str:
    text = str(value)
    return text if len(text) <= 40 else f"{text[:37]}…"
