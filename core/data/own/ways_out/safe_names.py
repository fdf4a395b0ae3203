"""Names for the files of an export: made of ids, and of what is harmless in the names of classes."""

import re
from collections.abc import Sequence

from core.names import folded

_LONGEST = 40  # characters; four bytes each leave room in every file system
_RESERVED = re.compile(r"con|prn|aux|nul|com\d|lpt\d", re.IGNORECASE)  # by Windows


def class_folders_of(names: Sequence[str]) -> tuple[str, ...]:
    """Return a folder name for each class: its letters, digits, spaces and hyphens, and nothing else; no two alike."""
    taken: set[str] = set()
    found = []
    for name in names:
        plain = re.sub(r"[^\w \-]", "_", name)[:_LONGEST].strip(" ")
        plain = "_" + plain if not plain.strip("_") or _RESERVED.fullmatch(plain) or plain.startswith("-") else plain
        unique, number = plain, 1
        while folded(unique) in taken:
            number += 1
            unique = f"{plain}-{number}"
        taken.add(folded(unique))
        found.append(unique)
    return tuple(found)


def picture_name(place: int, picture_id: str, form: str) -> str:
    """Return a file name that keeps the order of the pictures and tells each by its content."""
    return f"{place:05d}-{picture_id[:12]}.{form}"
