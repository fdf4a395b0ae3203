"""Folders and files that are there whole or not at all. Standard library only."""

import errno
import os
import re
import secrets
import shutil
import stat
from collections.abc import Callable, Mapping
from pathlib import Path

# What is written beside its place: the name, the process that writes it, something at random.
_BESIDE = re.compile(r"\.(?P<name>.+?)\.(?:(?P<process>\d+)\.)?[0-9a-f]{8}(?P<old>\.old)?")


def write_folder(folder: Path, files: Mapping[str, bytes], *, durable: bool = True) -> None:
    """Write ``files`` beside, flush to the disk, rename: a reader sees the old folder or the new one, never half.

    What is not ``durable`` is not flushed: a power cut may spoil it, so that only what is checked when it is read, and
    can be made anew, is written so. Raises OSError where the disk refuses; the old folder is then still there.
    """
    beside = beside_of(folder)
    try:
        beside.mkdir(parents=True)
        for name, data in files.items():
            _write_file(beside / name, data, durable=durable)
        _put_in_place(beside, folder, durable=durable)
    finally:
        shutil.rmtree(beside, ignore_errors=True)


class ArrivingFolder:
    """A folder whose files come part by part, written beside its place until `finish`: nobody sees half of it."""

    def __init__(self, folder: Path) -> None:
        """Raises OSError where the disk refuses, as all that follows does."""
        self.folder = folder
        self._beside = beside_of(folder)
        self._beside.mkdir(parents=True)

    def take(self, name: str, part: bytes) -> None:
        """Take the next part of a file."""
        with (self._beside / name).open("ab") as file:
            file.write(part)

    def finish(self) -> None:
        """Flush what has come to the disk, and put it in its place; an older folder there is replaced."""
        for path in self._beside.iterdir():
            with path.open("rb+") as file:
                os.fsync(file.fileno())
        _put_in_place(self._beside, self.folder, durable=True)

    def discard(self) -> None:
        """Forget what has come."""
        shutil.rmtree(self._beside, ignore_errors=True)


def _put_in_place(beside: Path, folder: Path, *, durable: bool) -> None:
    """Let a folder that is whole take the place that it was written for."""
    old = beside.with_name(f"{beside.name}.old")
    try:
        if durable:
            _sync(beside)
        if folder.exists():
            folder.rename(old)
        beside.rename(folder)
        if durable:
            _sync(folder.parent)
    finally:
        shutil.rmtree(old, ignore_errors=True)


def write_file(path: Path, data: bytes) -> None:
    """Write one file as `write_folder` writes many; raises OSError where the disk refuses, and the old one stays."""
    write_files(path.parent, {path.name: data})


def write_files(folder: Path, files: Mapping[str, bytes]) -> None:
    """Write files into a folder, each as `write_file` does; the folder itself goes to the disk once, behind them.

    Raises OSError where the disk refuses; some of them may then be there, each whole.
    """
    if not files:
        return
    folder.mkdir(parents=True, exist_ok=True)
    for name, data in files.items():
        beside = beside_of(folder / name)
        try:
            _write_file(beside, data)
            beside.replace(folder / name)
        finally:
            beside.unlink(missing_ok=True)
    _sync(folder)


def beside_of(path: Path) -> Path:
    """Return a new name in the same folder, for what will be renamed to ``path`` once it is whole."""
    return path.with_name(f".{path.name}.{os.getpid()}.{secrets.token_hex(4)}")


def leftovers(folder: Path, *, alive: Callable[[int], bool]) -> list[Path]:
    """Return what processes left half-written in ``folder`` when they were killed; ``alive`` says which ones go on."""
    found = [(path, _BESIDE.fullmatch(path.name)) for path in sorted(folder.glob(".*"))]
    return [path for path, named in found if named and not (named["process"] and alive(int(named["process"])))]


def sweep(folder: Path, *, alive: Callable[[int], bool]) -> list[str]:
    """Remove `leftovers` and return their names.

    An older folder goes back to its place where its process died between taking it away and putting the new one there.
    """
    swept = []
    for path in leftovers(folder, alive=alive):
        named = _BESIDE.fullmatch(path.name)
        if named and named["old"] and not os.path.lexists(path.with_name(named["name"])):
            path.rename(path.with_name(named["name"]))
        elif path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)
        swept.append(path.name)
    return swept


def read_file(path: Path, *, at_most: int) -> bytes:
    """Return the bytes of a regular file, of no more than ``at_most``.

    Raises OSError, with a clause for people, where the last part of ``path`` is a link (it could lead anywhere), a pipe
    (it could keep the reader waiting for ever), a device or a folder, and where the file is missing or larger.
    """
    if path.is_symlink():  # asked as well as O_NOFOLLOW, which not every system has
        raise OSError(errno.ELOOP, "it is a link; put the file itself there", str(path))
    flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
    descriptor = os.open(path, flags)
    try:
        about = os.fstat(descriptor)
        if not stat.S_ISREG(about.st_mode):
            raise OSError(errno.EINVAL, "it is not a regular file", str(path))
        if about.st_size > at_most:
            raise OSError(errno.EFBIG, f"it is larger than {_size(at_most)}", str(path))
        with open(descriptor, "rb", closefd=False) as file:
            return file.read(about.st_size)  # one that grows meanwhile is cut, and then no longer what its hash says
    finally:
        os.close(descriptor)


def _size(size: int) -> str:
    return f"{size / 2**30:,.0f} GB" if size >= 2**30 else f"{size / 2**20:,.0f} MB"


def _write_file(path: Path, data: bytes, *, durable: bool = True) -> None:
    with path.open("wb") as file:
        file.write(data)
        if durable:
            file.flush()
            os.fsync(file.fileno())


def _sync(folder: Path) -> None:
    if os.name == "nt":  # Windows cannot open a folder; its rename is durable by itself
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
