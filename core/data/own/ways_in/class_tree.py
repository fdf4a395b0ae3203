"""Which class a file belongs to, by the folders that it lies in; a name decides only whether a folder is a split's.

The folder directly below the top is the class. What is above the classes is passed over: folders that hold everything,
and a level of folders for splits, whose names are all those of splits and of which one at least holds folders, not
pictures; what another one holds without a folder, as pictures to be told, is of no class. So a class may be called
"train", "steam train", "dev" or "test".
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

from core.data.own.records import check_class_name
from core.data.own.ways_in.found import NotFoundHereError, Skipped, one_to_people
from core.errors import LabError
from core.names import folded
from core.photos.door import shown_name

Parts = tuple[str, ...]

_SPLITS = frozenset(
    ("train", "training", "test", "testing", "dev", "eval", "evaluation", "val", "valid", "validation", "holdout")
)
_OF_THE_SYSTEM = frozenset(("__macosx", "thumbs.db", "desktop.ini", "icon\r", "$recycle.bin"))
_PICTURES = frozenset((".jpg", ".jpeg", ".jfif", ".png", ".webp", ".gif", ".bmp", ".heic", ".heif", ".hif", ".avif"))
_NO_CLASS = "It lies beside the class folders, not in one; put it into the folder of its class."


@dataclass(frozen=True, kw_only=True)
class Sorted:
    """Classes in their order, and of each file that is in one its place among the files given, and the class."""

    classes: tuple[str, ...]
    files: tuple[tuple[int, str], ...]
    skipped: tuple[Skipped, ...]


def sorted_into_classes(paths: Sequence[Parts]) -> Sorted:
    """Sort files, each given by its folders and its name, into classes.

    What the system keeps for itself (.DS_Store, __MACOSX, Thumbs.db) is passed over without a word, and so is whatever
    begins with a dot. Raises NotFoundHereError where no picture lies in a folder.
    """
    places = [place for place, path in enumerate(paths) if not _is_the_systems(path)]
    below = {place: paths[place] for place in places}
    while (fewer := _without_what_is_above(below)) is not None:
        below = fewer
    if not any(len(path) > 1 and _is_picture(path) for path in below.values()):
        raise NotFoundHereError(
            "There are no pictures in folders here. Make a folder for each class, named as the class, and put the "
            "pictures of the class into it."
        )
    names, skipped = _classes(sorted({path[0] for path in below.values() if len(path) > 1}, key=_natural))
    skipped += [Skipped(file=shown_path(path), error=_NO_CLASS) for path in below.values() if len(path) == 1]
    files = [
        (place, names[path[0]]) for place, path in below.items() if len(path) > 1 and names.get(path[0]) is not None
    ]
    return Sorted(
        classes=tuple(dict.fromkeys(name for name in names.values() if name is not None)),
        files=tuple((place, str(name)) for place, name in sorted(files, key=lambda file: _order(below[file[0]]))),
        skipped=tuple(skipped),
    )


def shown_path(path: Parts) -> str:
    """Return the last folder and the name of a file, fit for showing."""
    return "/".join(shown_name(part) for part in path[-2:])


def _is_the_systems(path: Parts) -> bool:
    return any(part.startswith(".") or part.casefold() in _OF_THE_SYSTEM for part in path)


def _is_picture(path: Parts) -> bool:
    return PurePosixPath(path[-1]).suffix.casefold() in _PICTURES


def _without_what_is_above(below: dict[int, Parts]) -> dict[int, Parts] | None:
    """The paths without their first folders, where those are above the classes; None where they are not."""
    firsts = {path[0] for path in below.values() if len(path) > 1}
    hold_pictures = {path[0] for path in below.values() if len(path) == 2 and _is_picture(path)}
    hold_folders = {path[0] for path in below.values() if len(path) > 2 and _is_picture(path)}
    splits = {first.casefold() for first in firsts} <= _SPLITS
    if not hold_folders - hold_pictures or not (splits or len(firsts) == 1):
        return None
    return {place: path[1:] if len(path) > 1 else path for place, path in below.items()}


def _classes(folders: Sequence[str]) -> tuple[dict[str, str | None], list[Skipped]]:
    """The class's name for each folder, None for one that cannot be a class; and what there is to say."""
    names: dict[str, str | None] = {}
    taken: dict[str, str] = {}
    skipped = []
    for folder in folders:
        try:
            name = check_class_name(folder)
        except LabError as error:
            names[folder] = None
            skipped.append(Skipped(file=f"{shown_name(folder)}/", error=str(error)))
            continue
        names[folder] = taken.setdefault(folded(name), name)
        if names[folder] != name:
            skipped.append(Skipped(file=f"{shown_name(folder)}/", error=one_to_people(str(names[folder]))))
    return names, skipped


def _order(path: Parts) -> list[list[tuple[int, str]]]:
    return [_natural(part) for part in path]


def _natural(text: str) -> list[tuple[int, str]]:
    """2 before 10, and no difference between capitals and small letters."""
    return [
        (int(part[:18]), "") if part.isdecimal() else (-1, part) for part in re.split(r"(\d+)", text.casefold()) if part
    ]
