"""How long a run's network was trained: the whole run, of which the card of a best epoch knows the first part only."""

import dataclasses
from typing import TYPE_CHECKING

from core.errors import LabError
from core.home import home
from core.runs.store.store import STORE_NAME, open_store

if TYPE_CHECKING:
    from core.checkpoints import Checkpoint


def with_whole_time(checkpoint: "Checkpoint") -> "Checkpoint":
    """Return a run's network with the seconds of all its epochs on its card, as pages show them; any other as it is."""
    folder = checkpoint.folder.resolve().parent
    if folder.parent != (home() / "runs").resolve() or not (home() / STORE_NAME).is_file():
        return checkpoint
    try:
        seconds = open_store().get(folder.name).training_seconds
    except LabError:
        return checkpoint
    if seconds is None:
        return checkpoint
    return dataclasses.replace(checkpoint, card=dataclasses.replace(checkpoint.card, seconds=seconds))
