"""What a training goes on from: named tensors and strict JSON in one folder, whole or not there."""

import dataclasses
import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import safetensors
import safetensors.torch
from torch import Tensor

from core.checkpoints.card import SCHEMA, refuse_constant
from core.checkpoints.files import read_tensors, write_files
from core.config import TrainingConfig
from core.errors import CheckpointError, ConfigError


@dataclass(frozen=True, kw_only=True)
class TrainerState:
    """All that a training needs to go on: named tensors, and values that strict JSON can hold."""

    tensors: dict[str, Tensor]
    values: dict[str, Any]


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
    try:
        about = json.loads((folder / "state.json").read_text(encoding="utf-8"), parse_constant=refuse_constant)
        if about["schema"] > SCHEMA:
            raise CheckpointError(f"This state has schema {about['schema']}; this lab reads up to {SCHEMA}.")
        config = TrainingConfig.from_fields(about["config"])
        tensors = read_tensors(folder / "state.safetensors", about["sha256"])
        return TrainerState(tensors=tensors, values=about["values"]), config
    except (OSError, ValueError, KeyError, TypeError, ConfigError) as error:
        raise CheckpointError(f"The saved state '{folder.name}' cannot be read: {error}.") from None
