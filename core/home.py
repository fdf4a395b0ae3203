"""Where the lab keeps things: its own folder, the data folder of the class, the checkpoints that ship.

Standard library and platformdirs only.
"""

import os
from functools import lru_cache
from pathlib import Path

import platformdirs


def home() -> Path:
    """Return the folder for runs, prepared data and the store: ``CNN_LAB_HOME``, or the user's data folder."""
    folder = os.environ.get("CNN_LAB_HOME")
    return _resolved(folder) if folder else Path(platformdirs.user_data_dir("cnn-lab", appauthor=False))


def data_folder() -> Path | None:
    """Return the folder named by ``CNN_LAB_DATA`` (layout ``owner--name/*.parquet``), or None where none is named."""
    folder = os.environ.get("CNN_LAB_DATA")
    return _resolved(folder) if folder else None


def checkpoints_folder() -> Path:
    """Return the folder of the checkpoints that ship with the lab."""
    return Path(__file__).resolve().parent.parent / "checkpoints"


@lru_cache(maxsize=8)
def _resolved(folder: str) -> Path:
    """Asked for a thousand times by one page; a process keeps the place that it found first."""
    return Path(folder).expanduser().resolve()
