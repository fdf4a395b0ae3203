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
from collections.abc import Callable, Iterator, Sequence
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
from core.strict_json import LONGEST, parse, read_object, typed
from core.whole_files import read_file, sweep, write_folder

KEEP_BYTES = 2 * 2**30  # what all kept features may take together; the ones used last stay
LEAVE_FREE = 2**30  # features are not written where less than this would be left: runs pause at 500 MB
WAIT_SECONDS = 0.5
_A_SECOND = 1_000_000_000  # nanoseconds; some disks keep no finer time
_VALUES, _ABOUT, _PICTURES = "features.npy", "about.json", "pictures.json"
_SEARCHED = 16  # kept features, used last, among which earlier versions of an own set are looked for

Progress = Callable[[str, float], None]


def folder() -> Path:
    """Return the folder that holds every kept feature file of this lab home."""
    return home() / "features"


@dataclasses.dataclass(frozen=True, kw_only=True)
class Kept:
    """Features float32 (N, width), the ``seconds`` of a look at all their images, and those that were spent now."""

    values: Tensor
    seconds: float
    spent: float = 0.0


@dataclasses.dataclass(frozen=True, kw_only=True)
class _About:
    """What ``about.json`` says of kept features: ``family`` is alike where all but the images is ("": not said)."""

    sha256: str
    seconds: float
    shape: tuple[int, ...]
    family: str = ""


class LookCounter:
    """Counts images over all passes of one look at ``what`` (in words), and tells how far they are.

    ``waited`` is how many seconds whoever was told kept it waiting, such as for the turns of others.
    """

    def __init__(self, progress: Progress | None, what: str, total: int) -> None:
        self.progress = progress or (lambda _text, _fraction: None)
        self.what, self.total, self.done = what, total, 0
        self.waited = 0.0

    def tell(self) -> None:
        began = time.perf_counter()
        self.progress(
            f"The frozen backbone looks at {self.what}: {self.done:,} of {self.total:,}", self.done / self.total
        )
        self.waited += time.perf_counter() - began

    def wait(self) -> None:
        self.progress("Waiting for another training that looks at the same images", 0.0)


def open_or_make(
    decides: dict[str, Any],
    indices: Tensor,
    look: Callable[[Tensor], npt.NDArray[np.float32]],
    counter: LookCounter,
    *,
    width: int,
    data: str,
    pictures: Sequence[str] = (),
) -> Kept:
    """Open what `look` returned before under the same key, or call it and keep the result where the disk allows.

    It is float32 (images, ``width``): a row for each of the ``indices`` that it is given. ``data`` is the data set's
    fingerprint. ``pictures`` names what each of ``indices`` shows: a picture that was looked at before, in whatever
    version of its set, is not looked at again.
    """
    family = _hash_of(decides)
    key = _hash_of(decides | {"data": data, "images": hashlib.sha256(indices.numpy().tobytes()).hexdigest()})
    place = folder() / key
    with contextlib.ExitStack() as held:
        with contextlib.suppress(OSError):  # a disk that refuses even this: worked out without being kept
            place.parent.mkdir(parents=True, exist_ok=True)
            held.enter_context(_locked(place.with_suffix(".lock"), counter))
        found = _open(place, (len(indices), width))
        if found is not None:
            counter.done += len(indices)
            return found
        made = _look_at_new(indices, pictures, look, counter, family, width)
        with contextlib.suppress(OSError):  # the disk is full: this training goes on from memory
            _write(place, made, family, pictures)
            _evict(spare=key)
            kept = _open(place, (len(indices), width))
            if kept is not None:
                return dataclasses.replace(kept, spent=made.spent)
        return made


def _hash_of(decides: dict[str, Any]) -> str:
    return hashlib.sha256(json.dumps(decides, sort_keys=True).encode()).hexdigest()[:32]


def _look_at_new(
    indices: Tensor,
    pictures: Sequence[str],
    look: Callable[[Tensor], npt.NDArray[np.float32]],
    counter: LookCounter,
    family: str,
    width: int,
) -> Kept:
    """Look at the images whose pictures no kept features of this family hold, and take the others from those."""
    started, waited = time.perf_counter(), counter.waited
    known, each = _known(set(pictures), family, width) if pictures else ({}, 0.0)
    new = [row for row in range(len(indices)) if not known or pictures[row] not in known]
    counter.done += len(indices) - len(new)
    values = np.empty((len(indices), width), np.float32)
    if new:
        values[new] = look(indices[new])
    for row in set(range(len(indices))).difference(new):
        values[row] = known[pictures[row]]
    spent = time.perf_counter() - started - (counter.waited - waited)
    each = spent / len(new) if new else each
    return Kept(values=torch.from_numpy(values), seconds=each * len(indices), spent=spent)


def _known(wanted: set[str], family: str, width: int) -> tuple[dict[str, npt.NDArray[np.float32]], float]:
    """The features of the wanted pictures that kept ones of this family hold, and the seconds that one look took."""
    known: dict[str, npt.NDArray[np.float32]] = {}
    each = 0.0
    for place in sorted(_folders(), key=_last_used, reverse=True)[:_SEARCHED]:
        with contextlib.suppress(OSError, ValueError):
            if typed(_About, read_object(place / _ABOUT)).family != family or not (place / _PICTURES).exists():
                continue
            pictures = typed(tuple[str, ...], parse(read_file(place / _PICTURES, at_most=LONGEST)))
            if wanted.isdisjoint(pictures):
                continue
            found = _open(place, (len(pictures), width))
            if found is not None:
                wanted = wanted.difference(pictures)
                known = dict(zip(pictures, found.values.numpy(), strict=True)) | known
                each = each or found.seconds / len(pictures)
    return known, each


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


def _open(place: Path, shape: tuple[int, int]) -> Kept | None:
    """Memory-map kept features; None where there are none, or where a single byte is not as it was written."""
    try:
        about = typed(_About, read_object(place / _ABOUT))
        with (place / _VALUES).open("rb") as file:
            if hashlib.file_digest(file, "sha256").hexdigest() != about.sha256:
                return None
        values = np.load(place / _VALUES, mmap_mode="c")  # copy on write: torch wants an array that may be written
        if values.shape != shape or values.dtype != np.float32:
            return None
        _note_use(place)
    except (OSError, ValueError):
        return None
    return Kept(values=torch.from_numpy(values), seconds=about.seconds)


def _note_use(place: Path) -> None:
    """Let these be the last to be evicted: their mark is later than every other, wherever the clock has been set."""
    with contextlib.suppress(OSError):
        latest = max(time.time_ns(), _A_SECOND + max(map(_last_used, _folders()), default=0))
        os.utime(place / _ABOUT, ns=(latest, latest))


def _write(place: Path, made: Kept, family: str, pictures: Sequence[str]) -> None:
    """Write features whole or not at all; raises OSError where the disk refuses or would be almost full."""
    values = made.values.numpy()
    if shutil.disk_usage(place.parent).free - values.nbytes < LEAVE_FREE:
        raise OSError(f"less than {LEAVE_FREE:,} bytes would be left")
    file = BytesIO()
    np.save(file, values)
    data = file.getvalue()
    about = {
        "sha256": hashlib.sha256(data).hexdigest(),
        "seconds": made.seconds,
        "shape": values.shape,
        "family": family,
    }
    files = {_VALUES: data, _ABOUT: json.dumps(about).encode()}
    if pictures:
        files[_PICTURES] = json.dumps(pictures).encode()
    write_folder(place, files, durable=False)  # every byte is checked when they are opened


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
