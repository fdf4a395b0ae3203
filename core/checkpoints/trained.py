"""Where `python -m core train` has trained: the home's folder ``trained``, and folders of the user's own, by a note.

So that pages can offer what was made in a terminal, wherever it lies. Standard library only.
"""

import hashlib
import re
from collections.abc import Iterator
from pathlib import Path

from core.home import home
from core.whole_files import read_file, write_file

_NOTES = "elsewhere"  # in the folder `trained`: a file a training, its name for the lab, with the path of its folder
_LONGEST_PATH = 4_096  # bytes
_NAME = re.compile(r"[a-z0-9][a-z0-9_-]*")


def trained_folder() -> Path:
    """Return the folder that holds trainings without ``--out``, a folder each."""
    return home() / "trained"


def note_training(folder: Path) -> str:
    """Return the name by which the lab finds the training in ``folder``, and note where it lies if that is elsewhere.

    Raises OSError where the home cannot be written.
    """
    folder = folder.resolve()
    if folder.parent == trained_folder().resolve() and _NAME.fullmatch(folder.name) and folder.name != _NOTES:
        return folder.name
    path = str(folder).encode()
    readable = re.sub(r"[^a-z0-9_-]+", "-", folder.name.lower()).lstrip("_-")[:40]
    name = f"{readable or 'training'}-{hashlib.sha256(path).hexdigest()[:8]}"
    write_file(trained_folder() / _NOTES / name, path)
    return name


def training_folder(name: str) -> Path | None:
    """Return the folder of the training that the lab knows as ``name``; None where there is none."""
    if not _NAME.fullmatch(name):
        return None
    inside = trained_folder() / name
    if name != _NOTES and inside.is_dir():
        return inside
    try:
        elsewhere = Path(read_file(trained_folder() / _NOTES / name, at_most=_LONGEST_PATH).decode())
    except (OSError, UnicodeDecodeError):
        return None
    return elsewhere if elsewhere.is_absolute() and elsewhere.is_dir() else None


def trainings() -> list[str]:
    """Return the names of all trainings whose folder is there, the newest first."""
    return [name for name, _at in sorted(_names(), key=lambda one: (-one[1], one[0])) if training_folder(name)]


def _names() -> Iterator[tuple[str, float]]:
    """Each name, and when its folder was last changed, in seconds since 1970."""
    for path in (*trained_folder().glob("[!.]*"), *(trained_folder() / _NOTES).glob("[!.]*")):
        if path.name != _NOTES:
            try:
                yield path.name, path.stat().st_mtime
            except OSError:  # deleted meanwhile
                continue
