"""What a frozen backbone said, on disk: written whole, opened by its hash, evicted when it takes too much room.

Features can always be worked out again, so a file that is damaged, evicted or cannot be written costs time and nothing
else.
"""

import contextlib
import dataclasses
import hashlib
import json
import os
import shutil
import time
from collections.abc import Callable, Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import psutil
import torch
from filelock import FileLock, Timeout
from torch import Tensor

from core.home import home
from core.models.resnet18 import FEATURES
from core.strict_json import read_object, typed
from core.whole_files import sweep, write_folder

KEEP_BYTES = 2 * 2**30  # what all kept features may take together; the ones used last stay
LEAVE_FREE = 2**30  # features are not written where less than this would be left: runs pause at 500 MB
WAIT_SECONDS = 0.5
_A_SECOND = 1_000_000_000  # nanoseconds; some disks keep no finer time
_VALUES, _ABOUT = "features.npy", "about.json"

Progress = Callable[[str, float], None]


def folder() -> Path:
    """Return the folder that holds every kept feature file of this lab home."""
    return home() / "features"


@dataclasses.dataclass(frozen=True, kw_only=True)
class Kept:
    """Features float32 (N, 512), the seconds that they took, and whether that was now."""

    values: Tensor
    seconds: float
    fresh: bool


@dataclasses.dataclass(frozen=True, kw_only=True)
class _About:
    """What ``about.json`` says of kept features."""

    sha256: str
    seconds: float
    shape: tuple[int, ...]


class LookCounter:
    """Counts images over all passes of one `look_once`, and tells how far they are."""

    def __init__(self, progress: Progress, total: int, views: int) -> None:
        self.progress, self.total, self.done = progress, total, 0
        self.looks = "once" if views == 1 else f"once (at {views} versions of those to train on)"

    def tell(self) -> None:
        self.progress(
            f"The frozen backbone looks at every image {self.looks}: {self.done:,} of {self.total:,}",
            self.done / self.total,
        )

    def wait(self) -> None:
        self.progress("Waiting for another training that looks at the same images", 0.0)


def open_or_make(
    decides: dict[str, Any], indices: Tensor, look: Callable[[], npt.NDArray[np.float32]], counter: LookCounter
) -> Kept:
    """Open what `look` returned before under the same key, or call it and keep the result where the disk allows."""
    which = hashlib.sha256(indices.numpy().tobytes()).hexdigest()
    key = hashlib.sha256(json.dumps(decides | {"images": which}, sort_keys=True).encode()).hexdigest()[:32]
    place = folder() / key
    with contextlib.ExitStack() as held:
        with contextlib.suppress(OSError):  # a disk that refuses even this: worked out without being kept
            place.parent.mkdir(parents=True, exist_ok=True)
            held.enter_context(_locked(place.with_suffix(".lock"), counter))
        found = _open(place, len(indices))
        if found is not None:
            counter.done += len(indices)
            return found
        started = time.perf_counter()
        values = look()
        seconds = time.perf_counter() - started
        with contextlib.suppress(OSError):  # the disk is full: this training goes on from memory
            _write(place, values, seconds)
            _evict(spare=key)
            kept = _open(place, len(indices))
            if kept is not None:
                return dataclasses.replace(kept, fresh=True)
        return Kept(values=torch.from_numpy(values), seconds=seconds, fresh=True)


@contextlib.contextmanager
def _locked(path: Path, counter: LookCounter) -> Iterator[None]:
    """Wait for whoever works out the same features, and keep telling, so that a request to stop is heard."""
    lock = FileLock(path)
    while True:
        try:
            lock.acquire(timeout=WAIT_SECONDS)
            break
        except Timeout:
            counter.wait()
    try:
        yield
    finally:
        lock.release()


def _open(place: Path, count: int) -> Kept | None:
    """Memory-map kept features; None where there are none, or where a single byte is not as it was written."""
    try:
        about = typed(_About, read_object(place / _ABOUT))
        with (place / _VALUES).open("rb") as file:
            if hashlib.file_digest(file, "sha256").hexdigest() != about.sha256:
                return None
        values = np.load(place / _VALUES, mmap_mode="c")  # copy on write: torch wants an array that may be written
        if values.shape != (count, FEATURES) or values.dtype != np.float32:
            return None
        _note_use(place)
    except (OSError, ValueError):
        return None
    return Kept(values=torch.from_numpy(values), seconds=about.seconds, fresh=False)


def _note_use(place: Path) -> None:
    """Let these be the last to be evicted: their mark is later than every other, wherever the clock has been set."""
    with contextlib.suppress(OSError):
        latest = max(time.time_ns(), _A_SECOND + max(map(_last_used, _folders()), default=0))
        os.utime(place / _ABOUT, ns=(latest, latest))


def _write(place: Path, values: npt.NDArray[np.float32], seconds: float) -> None:
    """Write features whole or not at all; raises OSError where the disk refuses or would be almost full."""
    if shutil.disk_usage(place.parent).free - values.nbytes < LEAVE_FREE:
        raise OSError(f"less than {LEAVE_FREE:,} bytes would be left")
    file = BytesIO()
    np.save(file, values)
    data = file.getvalue()
    about = {"sha256": hashlib.sha256(data).hexdigest(), "seconds": seconds, "shape": values.shape}
    write_folder(place, {_VALUES: data, _ABOUT: json.dumps(about).encode()})


def _evict(*, spare: str) -> None:
    """Remove what was used longest ago until the rest fits, and what a process that was killed left half-written."""
    total = 0
    for path in sorted(_folders(), key=_last_used, reverse=True):
        total += _size(path)
        if total > KEEP_BYTES and path.name != spare:
            shutil.rmtree(path, ignore_errors=True)
            path.with_suffix(".lock").unlink(missing_ok=True)
    sweep(folder(), alive=psutil.pid_exists)


def _folders() -> list[Path]:
    return [path for path in folder().glob("[!.]*") if path.is_dir()]


def _last_used(path: Path) -> int:
    try:
        return (path / _ABOUT).stat().st_mtime_ns
    except OSError:
        return 0


def _size(path: Path) -> int:
    try:
        return sum(file.stat().st_size for file in path.iterdir())
    except OSError:  # another process has just removed it
        return 0
