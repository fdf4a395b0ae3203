"""Arrays that took long to work out, kept in the lab's home: written whole, opened by their hash, the oldest evicted.

They can always be worked out again, so a file that is damaged, evicted or cannot be written costs time and nothing
else.
"""

import contextlib
import hashlib
import io
import json
import os
import zipfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import psutil
from filelock import FileLock, Timeout

from core.disk import LOW_DISK, free_space
from core.home import home
from core.whole_files import read_file, sweep, write_file

KEEP_BYTES = 256 * 2**20  # what all of them may take together
LARGEST = 64 * 2**20
WAIT_SECONDS = 0.5

Arrays = dict[str, npt.NDArray[Any]]


def folder() -> Path:
    """Return the folder that holds them."""
    return home() / "explained"


def key_of(decides: Mapping[str, Any]) -> str:
    """Return the name of what these facts decide."""
    return hashlib.sha256(json.dumps(decides, sort_keys=True).encode()).hexdigest()[:32]


def read(key: str) -> Arrays | None:
    """Return what is kept under a key; None where nothing is, or where it is damaged."""
    path = folder() / f"{key}.npz"
    try:
        with np.load(io.BytesIO(read_file(path, at_most=LARGEST)), allow_pickle=False) as found:
            arrays = {name: found[name] for name in found.files}  # a zip: each array has a checksum
        os.utime(path)
    except (OSError, ValueError, EOFError, KeyError, zipfile.BadZipFile):
        return None
    return arrays


def write(key: str, arrays: Arrays) -> None:
    """Keep arrays under a key where the disk allows it, and evict what was used longest ago."""
    file = io.BytesIO()
    np.savez_compressed(file, **arrays)  # type: ignore[arg-type]
    data = file.getvalue()
    with contextlib.suppress(OSError):
        folder().mkdir(parents=True, exist_ok=True)
        if len(data) <= LARGEST and free_space(folder()) - len(data) > LOW_DISK:
            write_file(folder() / f"{key}.npz", data)
        _evict(spare=f"{key}.npz")


@contextlib.contextmanager
def alone(key: str, waiting: Callable[[], None]) -> Iterator[None]:
    """Hold back others who would work the same out; ``waiting`` is called while somebody else does."""
    with contextlib.ExitStack() as held:
        with contextlib.suppress(OSError):  # a disk that refuses even this: worked out without being kept
            folder().mkdir(parents=True, exist_ok=True)
            lock = FileLock(folder() / f"{key}.lock")
            while True:
                try:
                    lock.acquire(timeout=WAIT_SECONDS)
                    break
                except Timeout:
                    waiting()
            held.callback(lock.release)
        yield


def _evict(*, spare: str) -> None:
    files = sorted(folder().glob("[!.]*.npz"), key=lambda path: -path.stat().st_mtime_ns)
    total = 0
    for path in files:
        total += path.stat().st_size
        if total > KEEP_BYTES and path.name != spare:
            path.unlink(missing_ok=True)
            path.with_suffix(".lock").unlink(missing_ok=True)
    sweep(folder(), alive=psutil.pid_exists)
