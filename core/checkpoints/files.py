"""The files of checkpoints and states: safetensors read with their hash, folders written beside and renamed.

A checkpoint is a folder: ``model.safetensors``, ``card.json`` and, once judged, ``predictions.safetensors``. A state is
a folder too: ``state.safetensors`` and ``state.json``, from which a training goes on. Nothing here ever unpickles.
"""

import hashlib
from collections.abc import Mapping
from pathlib import Path

import safetensors
import safetensors.torch
from torch import Tensor

from core.disk import sentence
from core.errors import CheckpointError
from core.whole_files import read_file, write_folder

MAX_BYTES = 2 * 2**30


def write_files(folder: Path, files: Mapping[str, bytes]) -> None:
    """Write ``files`` into ``folder``, whole or not at all; raises CheckpointError where the disk refuses."""
    try:
        write_folder(folder, files)
    except OSError as error:
        raise CheckpointError(sentence(f"'{folder.name}' could not be written", error)) from error


def read_tensors(path: Path, sha256: str | None, *, at_most: int = MAX_BYTES) -> dict[str, Tensor]:
    """Return the named tensors of a safetensors file.

    Raises CheckpointError where it is missing, a link or no file at all, larger than ``at_most`` bytes, no safetensors,
    or not of the hash ``sha256``.
    """
    try:
        data = read_file(path, at_most=min(at_most, MAX_BYTES))
    except OSError as error:
        raise CheckpointError(
            f"The file '{path.name}' of '{path.parent.name}' is missing or cannot be read ({error.strerror or error})."
        ) from None
    if sha256 is not None and hashlib.sha256(data).hexdigest() != sha256:
        raise CheckpointError(
            f"'{path.name}' of '{path.parent.name}' was altered since it was written: its SHA-256 differs."
        )
    try:
        return safetensors.torch.load(data)
    except (safetensors.SafetensorError, ValueError, KeyError) as error:
        raise CheckpointError(f"'{path.name}' of '{path.parent.name}' is not a safetensors file: {error}.") from None
