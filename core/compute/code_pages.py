"""Pages of machine code, let go of while nobody runs it.

Importing torch runs through 200 MB of its libraries and CUDA's once, to relocate and register, and they count as this
process's memory ever after although most of that code never runs again. What is dropped was never written to: whoever
needs it again reads it from the file, as the system itself would have it where memory is short.
"""

import ctypes
import re
from collections.abc import Iterator
from pathlib import Path

from core.compute.allocator import of_c_library

_DONT_NEED = 4  # madvise's MADV_DONTNEED on Linux
_MAPPING = re.compile(r"(?P<start>[0-9a-f]+)-(?P<end>[0-9a-f]+) (?P<rights>\S{4}) \S+ \S+ (?P<inode>\d+)")
_MAPPINGS = Path("/proc/self/smaps")


def let_go_of_code() -> int:
    """Drop the code that is in memory and return how many bytes it was; 0 where the system does not tell (not Linux).

    It takes some tens of milliseconds, and what is still in use comes back within a few.
    """
    advise = of_c_library("madvise")
    if advise is None or not _MAPPINGS.exists():
        return 0
    advise.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int]
    return sum(held for start, length, held in _code() if advise(start, length, _DONT_NEED) == 0)


def _code() -> Iterator[tuple[int, int, int]]:
    """Start, length and bytes in memory of each file's code of which no page was ever changed."""
    here: re.Match[str] | None = None
    held = 0
    for line in _MAPPINGS.read_text(encoding="utf-8", errors="replace").splitlines():
        if found := _MAPPING.match(line):
            here, held = found, 0
        elif line.startswith("Rss:"):
            held = 1024 * int(line.split()[1])
        elif line.startswith("Anonymous:") and here and held and not int(line.split()[1]):
            start, end = int(here["start"], 16), int(here["end"], 16)
            if here["rights"] == "r-xp" and int(here["inode"]):
                yield start, end - start, held
