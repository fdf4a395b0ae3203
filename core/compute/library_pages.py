"""Pages of libraries, let go of while nobody needs them.

Importing torch runs through 200 MB of its libraries' code and CUDA's once, and reads 90 MB of their tables, to relocate
and register; they count as this process's memory ever after although most of it is never looked at again. What is
dropped was never written to: whoever needs it again reads it from the file, as the system itself would have it where
memory is short.
"""

import ctypes
import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from core.compute.allocator import of_c_library

_DONT_NEED = 4  # madvise's MADV_DONTNEED on Linux
_MAPPING = re.compile(r"(?P<start>[0-9a-f]+)-(?P<end>[0-9a-f]+) (?P<rights>\S{4}) \S+ \S+ (?P<inode>\d+) +(?P<file>.*)")
_MAPPINGS = Path("/proc/self/smaps")
_CODE, _TABLES = "r-xp", "r--p"


class _Mapping(NamedTuple):
    """A part of a file in memory: where, how many bytes, whose, and with which rights."""

    start: int
    length: int
    inode: int
    rights: str


class LibraryPages:
    """The libraries of this process; their tables are let go of from the second time on that they are found unchanged.

    A library that is being loaded has parts that look like tables for a moment and are then written to.
    """

    def __init__(self) -> None:
        self._before: frozenset[_Mapping] = frozenset()

    def let_go(self) -> int:
        """Drop what is in memory and return how many bytes it was; 0 where the system does not tell (not Linux).

        It takes some tens of milliseconds, and what is still in use comes back within a few.
        """
        advise = of_c_library("madvise")
        if advise is None or not _MAPPINGS.exists():
            return 0
        advise.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int]
        found = dict(_unchanged())
        known, self._before = self._before, frozenset(found)
        return sum(
            held
            for each, held in found.items()
            if held and (each.rights == _CODE or each in known) and advise(each.start, each.length, _DONT_NEED) == 0
        )


def _unchanged() -> Iterator[tuple[_Mapping, int]]:
    """The code and tables of files of which no page was ever changed, each with its bytes in memory."""
    here: re.Match[str] | None = None
    held = changed = 0  # KiB; a changed page may have been swapped out, and is then not in memory
    with _MAPPINGS.open(encoding="utf-8", errors="replace") as lines:
        for line in lines:
            if found := _MAPPING.match(line):
                here, held, changed = found, 0, 0
            elif line.startswith("Rss:"):
                held = int(line.split()[1])
            elif line.startswith(("Anonymous:", "Swap:")):
                changed += int(line.split()[1])
            elif line.startswith("VmFlags:") and here and not changed:
                start, end, inode = int(here["start"], 16), int(here["end"], 16), int(here["inode"])
                if ".so" in here["file"] and here["rights"] in (_CODE, _TABLES):
                    yield _Mapping(start, end - start, inode, here["rights"]), 1024 * held
