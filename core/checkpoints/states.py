"""What a training goes on from: named tensors and strict JSON in one folder, whole or not there."""

import dataclasses
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import safetensors
import safetensors.torch
from torch import Tensor

from core.checkpoints.card import SCHEMA
from core.checkpoints.files import read_tensors, write_files
from core.config import TrainingConfig
from core.errors import CheckpointError, ConfigError
from core.strict_json import NotStrictJsonError, read_object, typed


@dataclass(frozen=True, kw_only=True)
class TrainerState:
    """All that a training needs to go on: named tensors, and values that strict JSON can hold."""

    tensors: dict[str, Tensor]
    values: dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class _StateFile:
    """What ``state.json`` holds beside the tensors."""

    schema: int
    config: TrainingConfig
    values: Mapping[str, Any]
    sha256: str


def save_state(folder: Path, state: TrainerState, config: TrainingConfig) -> Path:
    """Write a training's state to ``folder``, whole or not at all; raises CheckpointError where the disk refuses."""
    tensors = safetensors.torch.save(state.tensors)
    about = {
        "schema": SCHEMA,
        "config": dataclasses.asdict(config),
        "values": state.values,
        "sha256": hashlib.sha256(tensors).hexdigest(),
    }
    write_files(folder, {"state.safetensors": tensors, "state.json": json.dumps(about, allow_nan=False).encode()})
    return folder


def load_state(folder: Path) -> tuple[TrainerState, TrainingConfig]:
    """Return the state written by `save_state` and its config; raises CheckpointError where it is damaged."""
    about = _read(folder)
    tensors = read_tensors(folder / "state.safetensors", about.sha256)
    return TrainerState(tensors=tensors, values=dict(about.values)), about.config


def state_config(folder: Path) -> TrainingConfig:
    """Return whose state this is, without its tensors; raises CheckpointError where that cannot be read."""
    return _read(folder).config


def state_split(folder: Path) -> str:
    """Return the fingerprint of the split that this training began with, '' where that was not noted yet.

    Raises CheckpointError where the state cannot be read.
    """
    split = _read(folder).values.get("split", "")
    return split if isinstance(split, str) else ""


def _read(folder: Path) -> _StateFile:
    try:
        about = typed(_StateFile, read_object(folder / "state.json"))
    except OSError as error:
        raise CheckpointError(f"The saved state '{folder.name}' cannot be read: {error.strerror or error}.") from None
    except (NotStrictJsonError, ConfigError) as error:
        why = str(error).removesuffix(".")
        raise CheckpointError(f"The saved state '{folder.name}' cannot be read: {why}.") from None
    if about.schema > SCHEMA:
        raise CheckpointError(f"This state has schema {about.schema}; this lab reads up to {SCHEMA}.")
    return about
