"""Folders and files that are there whole or not at all. Standard library only."""

import errno
import os
import secrets
import shutil
import stat
from collections.abc import Mapping
from pathlib import Path


def write_folder(folder: Path, files: Mapping[str, bytes]) -> None:
    """Write ``files`` beside, flush to the disk, rename: a reader sees the old folder or the new one, never half.

    Raises OSError where the disk refuses; the old folder is then still there.
    """
    beside = folder.parent / f".{folder.name}.{secrets.token_hex(4)}"
    old = folder.parent / f".{folder.name}.{secrets.token_hex(4)}.old"
    try:
        beside.mkdir(parents=True)
        for name, data in files.items():
            _write_file(beside / name, data)
        _sync(beside)
        if folder.exists():
            folder.rename(old)
        beside.rename(folder)
        _sync(folder.parent)
    finally:
        shutil.rmtree(beside, ignore_errors=True)
        shutil.rmtree(old, ignore_errors=True)


def write_file(path: Path, data: bytes) -> None:
    """Write one file as `write_folder` writes many; raises OSError where the disk refuses, and the old one stays."""
    beside = path.parent / f".{path.name}.{secrets.token_hex(4)}"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        _write_file(beside, data)
        beside.replace(path)
        _sync(path.parent)
    finally:
        beside.unlink(missing_ok=True)


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
            return file.read(at_most)  # one that grows meanwhile is cut, and then no longer what its hash says
    finally:
        os.close(descriptor)


def _size(size: int) -> str:
    return f"{size / 2**30:,.0f} GB" if size >= 2**30 else f"{size / 2**20:,.0f} MB"


def _write_file(path: Path, data: bytes) -> None:
    with path.open("wb") as file:
        file.write(data)
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
