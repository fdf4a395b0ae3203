"""The C library's allocator, told to give memory back.

glibc keeps up to eight arenas a core, each of which grows to the most that one thread ever needed, and raises the size
from which a block is a mapping of its own to that of the largest block freed. A web server whose clicks each run in a
new thread then holds what they needed once: of 2.3 GB after a lesson of thirty, 0.6 GB were free and never returned.

A mapping is filled with zeros by the system, page by page, whenever it is made. With blocks from 1 MB on as mappings a
photo of a phone took 30 % more processor time from its file to the answer, so those that a photo is made of are not.
"""

import ctypes
import functools
from typing import Any

ARENAS = 2
LARGE = 8 * 2**20  # bytes: such a block is a mapping of its own, gone when it is freed
SPARE = 16 * 2**20  # bytes that are free at an arena's end, and not returned at once
_TRIM_THRESHOLD, _MMAP_THRESHOLD, _ARENA_MAX = -1, -3, -8  # the names of mallopt's settings


def keep_little() -> bool:
    """Have this process keep few arenas and give large blocks back at once; returns whether its C library can.

    To be called before threads begin, because an arena that is there stays.
    """
    setting = of_c_library("mallopt")
    if setting is None:
        return False
    return all(
        setting(name, value) == 1
        for name, value in ((_ARENA_MAX, ARENAS), (_MMAP_THRESHOLD, LARGE), (_TRIM_THRESHOLD, SPARE))
    )


def give_back() -> bool:
    """Return free pages to the system; returns whether there were any. It takes some milliseconds."""
    trim = of_c_library("malloc_trim")
    return trim is not None and bool(trim(0) == 1)


@functools.cache
def of_c_library(name: str) -> Any:
    """Return a function of the C library; None where it has none, as on macOS, Windows and Alpine."""
    try:
        return getattr(ctypes.CDLL(None), name)
    except (AttributeError, OSError, TypeError):
        return None
