"""Folders and files that are there whole or not at all. Standard library only."""

import os
import secrets
import shutil
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
